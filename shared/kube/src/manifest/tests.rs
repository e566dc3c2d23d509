//! The rendered Job and Secret against golden files, and the rules that hold for every Job.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::core::v1::Container;
use leviathan_core::policy::{Guardrails, Limits, Policy, ScopePolicy, Tool};
use leviathan_core::task::{Priority, TaskDefinition};

use super::*;
use crate::settings::Resources;

/// The Job that all tests of this crate are about.
pub(crate) fn sample() -> Job {
    let scope =
        ScopePolicy { allowed_paths: vec!["docs/".to_owned()], tool: Tool::Docs, max_files: None };
    Job {
        attempt: "write-the-docs-k2vq7x3m5a".parse().unwrap(),
        epoch: 3,
        number: 2,
        target: "shop".parse().unwrap(),
        repository: "https://github.com/example/shop".to_owned(),
        base: "0123456789abcdef0123456789abcdef01234567".parse().unwrap(),
        task: TaskDefinition {
            id: "write the docs".parse().unwrap(),
            title: "Write the docs".to_owned(),
            description: None,
            scope: "docs".to_owned(),
            priority: Priority::Medium,
            allowed_paths: vec!["docs/".to_owned()],
            acceptance_criteria: vec!["They are there".to_owned()],
            dependencies: Vec::new(),
            estimated_size: "unknown".to_owned(),
            labels: Vec::new(),
        },
        policy: Policy {
            enabled: true,
            scopes: BTreeMap::from([("docs".to_owned(), scope)]),
            forbidden_paths: vec![".github/**".to_owned()],
            invariants: Vec::new(),
            guardrails: Guardrails::default(),
            limits: Limits::default(),
            write_back: true,
        },
        not_after: "2026-03-01T12:15:00Z".parse().unwrap(),
        api_url: "https://api.example".to_owned(),
    }
}

pub(crate) fn settings() -> JobSettings {
    JobSettings::new(format!("registry.example/leviathan/executor@sha256:{}", "5a".repeat(32)))
}

fn now() -> Timestamp {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

fn whole() -> JobSettings {
    JobSettings {
        report: Resources::new("0.1", "256Mi", "2Gi"),
        image_pull_secrets: vec!["registry".to_owned()],
        node_selector: BTreeMap::from([("pool".to_owned(), "agents".to_owned())]),
        runtime_class: Some("gvisor".to_owned()),
        priority_class: Some("low".to_owned()),
        ..settings()
    }
}

/// Compares with the golden file; `LEVIATHAN_UPDATE_GOLDEN=1` writes it first.
fn golden(name: &str, rendered: &impl serde::Serialize) {
    let text = serde_saphyr::to_string(rendered).unwrap();
    let path = format!("{}/src/manifest/golden/{name}.yaml", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("LEVIATHAN_UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(text == expected, "{path} differs; look at what is rendered now:\n{text}");
}

#[test]
fn the_job_is_the_golden_one() {
    golden("job", &job(&sample(), &settings(), now()).unwrap());
    golden("job-with-all-settings", &job(&sample(), &whole(), now()).unwrap());
}

#[test]
fn the_secret_is_the_golden_one() {
    let secrets = JobSecrets { attempt_token: "attempt-token-of-the-test".to_owned() };
    let uid = "1b4e28ba-2fa1-11d2-883f-0016d3cca427";
    golden("secret", &secret(&sample(), &secrets, &settings(), uid).unwrap());
}

fn all_containers(job: &KubernetesJob) -> Vec<Container> {
    let pod = job.spec.as_ref().unwrap().template.spec.clone().unwrap();
    let mut all = pod.init_containers.unwrap();
    all.extend(pod.containers);
    all
}

/// volume → the containers that may write it, in the order in which they begin.
fn writers(job: &KubernetesJob) -> BTreeMap<String, Vec<String>> {
    let mut writers: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for container in all_containers(job) {
        for mount in container.volume_mounts.unwrap() {
            let of = writers.entry(mount.name).or_default();
            if mount.read_only != Some(true) {
                of.push(container.name.clone());
            }
        }
    }
    writers
}

#[test]
fn no_phase_can_write_what_a_later_one_trusts() {
    let job = job(&sample(), &settings(), now()).unwrap();
    let writers = writers(&job);
    let untrusted = ["work", "check"];
    // What a volume's only writer is; the workspace and home are what work is there to change.
    for (volume, writer) in [
        ("base", "prepare"),
        ("gate", "gate"),
        ("check", "check"),
        ("report", "report"),
        ("phase-prepare", "prepare"),
        ("phase-work", "work"),
        ("phase-gate", "gate"),
        ("phase-check", "check"),
        ("phase-end", "end"),
    ] {
        assert_eq!(writers[volume], [writer], "{volume}");
    }
    for (volume, writers) in &writers {
        let shared =
            writers.iter().any(|writer| untrusted.contains(&writer.as_str())) && writers.len() > 1;
        assert!(
            !shared || matches!(volume.as_str(), "workspace" | "home"),
            "{volume}: {writers:?}"
        );
    }
    let trusted_after_work = ["end", "report", "check"];
    for container in all_containers(&job) {
        let sees_workspace =
            container.volume_mounts.unwrap().iter().any(|mount| mount.name == "workspace");
        let may = !trusted_after_work.contains(&container.name.as_str());
        assert_eq!(sees_workspace, may, "{}", container.name);
    }
}

#[test]
fn report_alone_sees_the_token_and_nobody_as_a_variable() {
    for container in all_containers(&job(&sample(), &settings(), now()).unwrap()) {
        let mounts = container.volume_mounts.unwrap();
        let token = mounts.iter().any(|mount| mount.name == "token");
        assert_eq!(token, container.name == "report", "{}", container.name);
        for variable in container.env.unwrap() {
            let from = variable.value_from.unwrap_or_default();
            assert!(from.secret_key_ref.is_none(), "{}", variable.name);
        }
        assert!(container.env_from.is_none());
    }
}

#[test]
fn every_container_has_given_up_what_it_can() {
    for container in all_containers(&job(&sample(), &whole(), now()).unwrap()) {
        let security = container.security_context.unwrap();
        assert_eq!(security.allow_privilege_escalation, Some(false));
        assert_eq!(security.read_only_root_filesystem, Some(true));
        assert_eq!(security.capabilities.unwrap().drop.unwrap(), ["ALL"]);
        let limits = container.resources.unwrap().limits.unwrap();
        let names: BTreeSet<&str> = limits.keys().map(String::as_str).collect();
        assert_eq!(names, BTreeSet::from(["ephemeral-storage", "memory"]), "{}", container.name);
    }
}

#[test]
fn report_is_a_side_car_and_the_phases_follow_in_order() {
    let containers = all_containers(&job(&sample(), &settings(), now()).unwrap());
    let names: Vec<&str> = containers.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["report", "prepare", "work", "gate", "check", "end"]);
    let side_cars: Vec<&str> = containers
        .iter()
        .filter(|one| one.restart_policy.as_deref() == Some("Always"))
        .map(|one| one.name.as_str())
        .collect();
    assert_eq!(side_cars, ["report"]);
}

#[test]
fn the_deadline_is_a_little_after_the_attempts_own() {
    let of = |now: &str| {
        let job = job(&sample(), &settings(), now.parse().unwrap()).unwrap();
        job.spec.unwrap().active_deadline_seconds.unwrap()
    };
    assert_eq!(of("2026-03-01T12:00:00Z"), 15 * 60 + 10);
    // Long over: the cluster ends it as soon as it can.
    assert_eq!(of("2027-01-01T00:00:00Z"), 10);
}

#[test]
fn another_job_has_another_digest_and_another_secret() {
    let (one, mut other) = (sample(), sample());
    other.api_url = "https://other.example".to_owned();
    let [one, other] = [one, other].map(|wanted| job(&wanted, &settings(), now()).unwrap());
    let digest = |job: &KubernetesJob| {
        job.metadata.annotations.as_ref().unwrap()[names::DIGEST_ANNOTATION].clone()
    };
    assert_ne!(digest(&one), digest(&other));
    assert_ne!(one.spec, other.spec, "the Secret's name is the digest's");
    assert_eq!(one.metadata.name, other.metadata.name);
}
