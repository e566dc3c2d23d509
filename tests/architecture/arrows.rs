//! Who may depend on whom: functions → local, confine, runtime → log → core. Deployed functions
//! never link this machine's stand-ins, and one machine never links AWS or Kubernetes.

use std::collections::BTreeMap;
use std::process::Command;

use crate::tree::{dependencies, members, metadata, root};

/// Our crates that each of our crates may name. What is not here may name none.
const ARROWS: &[(&str, &[&str])] = &[
    ("leviathan-core", &[]),
    ("leviathan-confine", &[]),
    ("leviathan-aws", &["leviathan-core"]),
    ("leviathan-github", &["leviathan-core"]),
    ("leviathan-kube", &["leviathan-core"]),
    ("leviathan-runtime", &["leviathan-core"]),
    ("leviathan-log", &["leviathan-core"]),
    (
        "leviathan-local",
        &["leviathan-core", "leviathan-log", "leviathan-confine", "leviathan-runtime"],
    ),
    ("leviathan-api", &["leviathan-core", "leviathan-log", "leviathan-runtime", "leviathan-aws"]),
    (
        "leviathan-tick",
        &[
            "leviathan-core",
            "leviathan-log",
            "leviathan-runtime",
            "leviathan-aws",
            "leviathan-github",
        ],
    ),
    ("leviathan-dispatch", &["leviathan-core", "leviathan-log", "leviathan-runtime"]),
    (
        "leviathan-publish",
        &[
            "leviathan-core",
            "leviathan-log",
            "leviathan-runtime",
            "leviathan-aws",
            "leviathan-github",
        ],
    ),
    (
        "leviathan-pr-ingest",
        &[
            "leviathan-core",
            "leviathan-log",
            "leviathan-github",
            "leviathan-aws",
            "leviathan-runtime",
        ],
    ),
    ("leviathan-executor", &["leviathan-core", "leviathan-confine"]),
];

/// Programs that put everything together.
const MAY_NAME_ALL: &[&str] = &["leviathanctl", "leviathan-tests"];

fn wrong_arrows(named: &BTreeMap<String, Vec<String>>) -> Vec<String> {
    let mut wrong = Vec::new();
    for (name, dependencies) in named {
        if MAY_NAME_ALL.contains(&name.as_str()) {
            continue;
        }
        let allowed = ARROWS.iter().find(|(crate_name, _)| crate_name == name);
        let allowed = allowed.map_or(&[][..], |(_, allowed)| allowed);
        for dependency in dependencies {
            let ours = dependency.starts_with("leviathan");
            if ours && !allowed.contains(&dependency.as_str()) {
                wrong.push(format!("{name} -> {dependency}"));
            }
        }
    }
    wrong
}

#[test]
fn arrows_between_our_crates_point_one_way() {
    let metadata = metadata();
    let named: BTreeMap<String, Vec<String>> = members(&metadata)
        .into_iter()
        .map(|(name, package)| (name, dependencies(&package)))
        .collect();
    for (name, _) in ARROWS {
        assert!(named.contains_key(*name), "{name} is in the table and not in the workspace");
    }
    assert_eq!(wrong_arrows(&named), Vec::<String>::new());
}

#[test]
fn a_wrong_arrow_is_found() {
    let named = BTreeMap::from([
        ("leviathan-core".to_owned(), vec!["leviathan-log".to_owned()]),
        ("leviathan-new".to_owned(), vec!["leviathan-core".to_owned(), "serde".to_owned()]),
        ("leviathan-tick".to_owned(), vec!["leviathan-local".to_owned()]),
    ]);
    let wrong = wrong_arrows(&named);
    assert_eq!(
        wrong,
        [
            "leviathan-core -> leviathan-log",
            "leviathan-new -> leviathan-core",
            "leviathan-tick -> leviathan-local",
        ]
    );
}

/// Every crate that a program links with these features, by `cargo tree`.
fn linked(package: &str, features: &str) -> Vec<String> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--locked", "--edges=normal", "--prefix=none"])
        .args(["--format={lib}", "--package", package, "--features", features])
        .current_dir(root())
        .output()
        .expect("cargo tree runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().map(|line| line.trim_end_matches(" (*)").to_owned()).collect()
}

/// A crate, the features that it is built with, and what it never links.
type Never = (&'static str, &'static str, &'static [&'static str]);

/// As libraries, which `leviathanctl dev` puts together.
const LIBRARIES: &[Never] = &[
    ("leviathanctl", "", &["aws_", "kube", "k8s_openapi", "lambda_"]),
    ("leviathan-api", "", &["aws_", "lambda_", "kube", "leviathan_local", "leviathan_confine"]),
    ("leviathan-tick", "", &["aws_", "lambda_", "kube", "leviathan_local", "leviathan_confine"]),
    (
        "leviathan-dispatch",
        "",
        &["aws_", "lambda_", "kube", "leviathan_local", "leviathan_confine"],
    ),
    ("leviathan-publish", "", &["aws_", "lambda_", "kube", "leviathan_local", "leviathan_confine"]),
    ("leviathan-pr-ingest", "", &["aws_", "kube", "hyper", "leviathan_local", "leviathan_confine"]),
    ("leviathan-github", "", &["aws_s", "aws_config", "kube", "chrono", "leviathan_log"]),
    ("leviathan-core", "", &["tokio", "rand", "rustix", "reqwest", "hyper"]),
];

/// As programs that are deployed: what this machine has in their place is never in them, and each
/// has of AWS what it uses.
const DEPLOYED: &[Never] = &[
    (
        "leviathan-executor",
        "tls",
        &["aws_", "lambda_", "kube", "tokio", "axum", "leviathan_log", "leviathan_local"],
    ),
    (
        "leviathan-api",
        "lambda",
        &["kube", "k8s_openapi", "leviathan_local", "leviathan_confine", "aws_sdk_kms"],
    ),
    (
        "leviathan-pr-ingest",
        "lambda",
        &[
            "kube",
            "k8s_openapi",
            "leviathan_local",
            "leviathan_confine",
            "aws_sdk_kms",
            "aws_sdk_sqs",
        ],
    ),
    ("leviathan-tick", "lambda", &["kube", "k8s_openapi", "leviathan_local", "leviathan_confine"]),
    (
        "leviathan-publish",
        "lambda",
        &["kube", "k8s_openapi", "leviathan_local", "leviathan_confine", "aws_sdk_kms"],
    ),
];

#[test]
fn each_program_links_only_what_it_needs() {
    for (package, features, prefixes) in LIBRARIES.iter().chain(DEPLOYED) {
        let linked = linked(package, features);
        assert!(linked.len() > 5, "cargo tree told too little of {package}");
        for prefix in *prefixes {
            let found: Vec<&String> =
                linked.iter().filter(|name| name.starts_with(prefix)).collect();
            assert!(found.is_empty(), "{package} must not link {prefix}*: {found:?}");
        }
    }
}

#[test]
fn what_a_deployed_program_does_link_is_seen() {
    let linked = linked("leviathan-api", "lambda");
    for name in ["aws_sdk_s3", "aws_sdk_sqs", "lambda_runtime", "leviathan_aws"] {
        assert!(linked.iter().any(|linked| linked == name), "{name}");
    }
}
