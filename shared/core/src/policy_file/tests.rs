//! Each documented shape, and how two files meet.

use super::{FORBIDDEN, PolicyOutcome, PolicySource, effective};
use crate::paths::Patterns;
use crate::policy::{Guardrails, Policy, Tool};

fn outcome(organisation: Option<&str>, target: Option<&str>) -> PolicyOutcome {
    let source = |file, text| PolicySource { file, text };
    let organisation = organisation.map(|text| source("organisation.yaml", text));
    effective(organisation, target.map(|text| source("policy.yaml", text))).unwrap()
}

fn target(text: &str) -> PolicyOutcome {
    outcome(None, Some(text))
}

fn quiet(text: &str) -> Policy {
    let outcome = target(text);
    assert_eq!(outcome.notes, [], "{text}");
    outcome.policy
}

fn refusal(text: &str) -> String {
    effective(None, Some(PolicySource { file: "policy.yaml", text })).unwrap_err().to_string()
}

fn paths<'p>(policy: &'p Policy, scope: &str) -> Vec<&'p str> {
    policy
        .scopes
        .get(scope)
        .map(|scope| scope.allowed_paths.iter().map(String::as_str).collect())
        .unwrap_or_default()
}

fn scopes(policy: &Policy) -> Vec<&str> {
    policy.scopes.keys().map(String::as_str).collect()
}

fn argv(tool: &Tool) -> Vec<&str> {
    match tool {
        Tool::Command(command) => command.argv.iter().map(String::as_str).collect(),
        Tool::Docs | Tool::Tests => Vec::new(),
    }
}

#[test]
fn without_a_file_docs_and_tests_may_run_and_no_command() {
    for policy in
        [outcome(None, None).policy, quiet(""), quiet("# nothing\n"), quiet("version: 2\n")]
    {
        assert_eq!(scopes(&policy), ["docs", "test", "tests"]);
        assert_eq!(paths(&policy, "docs"), ["docs/**", "README.md", "*.md"]);
        assert_eq!(paths(&policy, "test"), ["tests/**"]);
        assert!(policy.commands().is_empty() && policy.enabled && policy.write_back);
        assert_eq!(policy.guardrails, Guardrails::default());
    }
}

#[test]
fn built_in_bans_hold_for_ci_owners_and_our_own_files() {
    let forbidden = outcome(None, None).policy.forbidden_paths;
    let patterns = Patterns::ignoring_case(&forbidden).unwrap();
    for path in [
        ".github/workflows/ci.yml",
        ".GitHub/x",
        ".gitlab-ci.yml",
        ".circleci/config.yml",
        "Jenkinsfile",
        "build/Jenkinsfile",
        "azure-pipelines.yml",
        ".travis.yml",
        ".drone.yml",
        ".buildkite/pipeline.yml",
        "bitbucket-pipelines.yml",
        ".woodpecker/a.yml",
        "CODEOWNERS",
        "docs/CODEOWNERS",
        ".github/CODEOWNERS",
        ".gitlab/CODEOWNERS",
        ".leviathan/backlog.yaml",
        ".gitattributes",
        "a/b/.gitattributes",
        ".gitmodules",
        ".git/config",
        "a/.git/hooks/x",
    ] {
        assert!(patterns.matches(path).is_some(), "{path}");
    }
    for path in ["src/main.rs", "README.md", "docs/a.md", ".gitignore", "github/a"] {
        assert_eq!(patterns.matches(path), None, "{path}");
    }
}

#[test]
fn our_own_shape_is_read_whole() {
    let policy = quiet(
        "version: 2\nenabled: yes\nscopes:\n  docs: {allowed_paths: [docs/**], tool: docs, max_files: 3}\n  deps:\n    allowed_paths: [Cargo.lock]\n    run: cargo update --package 'a b'\n    env: [CARGO_HOME]\n    files: [/opt/rust]\n    time_limit_seconds: 90\n  made:\n    allowed_paths: [src/made/**]\n    shell: make && make fmt\n  listed: {allowed_paths: [x], run: [prog, '&&', a b]}\nforbidden_paths: [src/made/keep/**]\ninvariants:\n- {name: tests, run: cargo test, env: [HOME_DIR], time_limit_seconds: 30}\n- {name: fmt, shell: 'a | b'}\n- cargo clippy\nguardrails: {max_open_prs: 5, max_running_attempts: 2, max_attempts_per_task: 4, attempt_timeout_minutes: 20, backoff_seconds: 0}\nlimits: {max_files: 7, max_file_bytes: 8, max_diff_bytes: 9}\nwrite_back: false\n",
    );
    assert_eq!(scopes(&policy), ["dependencies", "deps", "docs", "listed", "made"]);
    let scope = |name: &str| policy.scopes.get(name).unwrap();
    assert_eq!((scope("docs").tool.clone(), scope("docs").max_files), (Tool::Docs, Some(3)));
    assert_eq!(argv(&scope("deps").tool), ["cargo", "update", "--package", "a b"]);
    assert_eq!(scope("dependencies"), scope("deps"));
    assert_eq!(argv(&scope("made").tool), ["sh", "-c", "make && make fmt"]);
    assert_eq!(argv(&scope("listed").tool), ["prog", "&&", "a b"]);
    let Tool::Command(command) = &scope("deps").tool else { panic!("no command") };
    assert_eq!(
        (command.env.as_slice(), command.files.as_slice()),
        (["CARGO_HOME".to_owned()].as_slice(), ["/opt/rust".to_owned()].as_slice())
    );
    assert_eq!(command.time_limit_seconds, 90);
    let invariants: Vec<_> = policy
        .invariants
        .iter()
        .map(|one| (one.name.as_str(), one.command.argv.join(" "), one.command.time_limit_seconds))
        .collect();
    assert_eq!(
        invariants,
        [
            ("tests", "cargo test".to_owned(), 30),
            ("fmt", "sh -c a | b".to_owned(), 600),
            ("cargo clippy", "cargo clippy".to_owned(), 600)
        ]
    );
    let guardrails = &policy.guardrails;
    assert_eq!(
        [
            guardrails.max_open_prs,
            guardrails.max_running_attempts,
            guardrails.max_attempts_per_task,
            guardrails.attempt_timeout_minutes,
            guardrails.backoff_seconds
        ],
        [5, 2, 4, 20, 0]
    );
    assert_eq!(
        (policy.limits.max_files, policy.limits.max_file_bytes, policy.limits.max_diff_bytes),
        (7, 8, 9)
    );
    assert!(policy.enabled && !policy.write_back);
    assert_eq!(policy.forbidden_paths.last().map(String::as_str), Some("src/made/keep/**"));
    assert_eq!(policy.forbidden_paths.len(), FORBIDDEN.len() + 1);
}

#[test]
fn the_first_shape_maps_scopes_to_globs() {
    let outcome = target(
        "version: \"1\"\nallowed_paths:\n  docs: [handbook/**, '*.md']\n  tests: [spec/**]\n  core: [lib/**/*.py]\nforbidden_paths: ['**/*.key', 'migrations/*.sql']\nscope_constraints:\n  docs: {description: d, allowed_operations: [create], max_files_per_task: 10, requires_tests: false}\nsafety_rules: {max_attempts_per_task: 3, backoff_seconds: 61, max_concurrent_attempts: 1, max_tasks_per_day: 10}\nfile_size_limits: {max_file_size_kb: {'*.py': 20, '*.md': 5}}\ncode_style: {python: x}\n",
    );
    let policy = &outcome.policy;
    assert_eq!(scopes(policy), ["docs", "test", "tests"]);
    assert_eq!(paths(policy, "docs"), ["handbook/**", "*.md"]);
    assert_eq!(policy.scopes.get("docs").and_then(|scope| scope.max_files), Some(10));
    assert_eq!(
        (policy.guardrails.max_attempts_per_task, policy.guardrails.backoff_seconds),
        (3, 61)
    );
    assert_eq!(policy.limits.max_file_bytes, 20 * 1024);
    let patterns = Patterns::new(&policy.forbidden_paths).unwrap();
    assert!(
        patterns.matches("a/b.key").is_some() && patterns.matches("migrations/1.sql").is_some()
    );
    let said: Vec<_> = outcome.notes.iter().map(ToString::to_string).collect();
    for (line, word) in [
        (5, "scope core names no tool"),
        (8, "`allowed_operations` has no effect"),
        (8, "`requires_tests`"),
        (9, "`max_tasks_per_day`"),
        (10, "20 KB"),
        (11, "`code_style`"),
    ] {
        let found = said
            .iter()
            .any(|note| note.starts_with(&format!("policy.yaml:{line}: ")) && note.contains(word));
        assert!(found, "{word}: {said:#?}");
    }
}

#[test]
fn the_second_shape_has_invariants_that_only_people_read() {
    let outcome = target(
        "version: 1\nscope_paths:\n  docs: [docs/**]\ninvariants:\n- path: src/**\n  description: stays small\nforbidden: [secret/**]\n",
    );
    assert_eq!(paths(&outcome.policy, "docs"), ["docs/**"]);
    assert!(outcome.policy.invariants.is_empty());
    assert_eq!(outcome.notes.iter().map(|note| note.line).collect::<Vec<_>>(), [5]);
    assert!(outcome.policy.forbidden_paths.contains(&"secret/**".to_owned()));
}

#[test]
fn the_third_shape_checks_through_a_shell() {
    let outcome = target(
        "scopes:\n  docs:\n    allowed_paths: [docs/**]\n    forbidden_patterns: [docs/secret/**]\ninvariants:\n- name: clean\n  check: test -z \"$(git status -s)\"\n",
    );
    let command = &outcome.policy.invariants.first().unwrap().command;
    assert_eq!(command.argv, ["sh", "-c", "test -z \"$(git status -s)\""]);
    assert!(outcome.policy.forbidden_paths.contains(&"docs/secret/**".to_owned()));
    assert_eq!(outcome.notes.len(), 1);
}

#[test]
fn the_fourth_shape_sets_guardrails() {
    let outcome = target(
        "target: {name: a, owner: b, repo: c}\nautonomy: {enabled: false}\nguardrails:\n  allowed_path_prefixes: [docs/, guides]\n  max_open_prs: 4\n  circuit_breaker: {enabled: true}\n  timeout: {attempt_timeout_minutes: 30}\nscheduling: {priority: high}\nauto_merge: {enabled: true}\n",
    );
    let policy = &outcome.policy;
    assert!(!policy.enabled);
    assert_eq!(
        (policy.guardrails.max_open_prs, policy.guardrails.attempt_timeout_minutes),
        (4, 30)
    );
    assert_eq!(paths(policy, "docs"), ["docs/", "guides", "guides/**"]);
    assert_eq!(outcome.notes.iter().map(|note| note.line).collect::<Vec<_>>(), [6, 8, 9]);
}

#[test]
fn the_fifth_shape_is_two_flat_lists() {
    let policy = quiet(
        "allowed_paths: [.config/*, services, lib/*.py]\nforbidden_paths: [secrets/*, .env, '*.pem']\n",
    );
    for scope in ["docs", "tests"] {
        assert_eq!(paths(&policy, scope), [".config/**", "services", "services/**", "lib/*.py"]);
    }
    let patterns = Patterns::new(&policy.forbidden_paths).unwrap();
    for path in ["secrets/a/b", ".env", ".env/x", "a/b.pem", "b.pem"] {
        assert!(patterns.matches(path).is_some(), "{path}");
    }
    assert_eq!(paths(&quiet("allowed_paths: []\n"), "tests"), ["tests/**"]);
}

#[test]
fn a_wrong_value_refuses_the_file_and_says_where() {
    for (text, line, said) in [
        ("- a\n", 1, "expected a mapping"),
        ("enabled: maybe\n", 1, "expected true or false"),
        ("scopes: [a]\n", 1, "`scopes` is a list"),
        ("scopes:\n  docs: x\n", 2, "`docs` is \"x\"; expected a mapping"),
        ("scopes:\n  docs:\n    allowed_paths: {a: b}\n", 3, "`allowed_paths` is a mapping"),
        ("scopes:\n  docs:\n    allowed_paths:\n    - '[a'\n", 4, "is not a glob"),
        ("scopes:\n  docs:\n    allowed_paths: [/etc/**]\n", 3, "is absolute"),
        ("scopes:\n  a: {tool: magic}\n", 2, "docs or tests"),
        ("scopes:\n  a: {tool: docs, run: x}\n", 2, "`tool` and a command"),
        ("scopes:\n  a: {run: x, shell: y}\n", 2, "run and shell"),
        ("scopes:\n  a:\n    run: \"x 'y\"\n", 3, "never closed"),
        ("scopes:\n  a:\n    run: x && y\n", 3, "`shell:` instead"),
        ("scopes:\n  a:\n    run: []\n", 3, "a program and its arguments"),
        ("scopes:\n  a:\n    run: x\n    env: ['A=1']\n", 4, "without a value"),
        ("scopes:\n  a:\n    run: x\n    files: [~/a, b]\n", 4, "no place on the machine"),
        ("scopes:\n  a:\n    run: x\n    files: [/a/../b]\n", 4, "without `..`"),
        ("scopes:\n  a:\n    run: x\n    time_limit_seconds: 0\n", 4, "from 1 to"),
        ("guardrails: {max_open_prs: 0}\n", 1, "from 1 to"),
        ("guardrails:\n  timeout: {attempt_timeout_minutes: 4}\n", 2, "from 5 to"),
        ("limits: {max_files: -1}\n", 1, "from 1 to"),
        ("limits: {max_diff_bytes: 99999999999}\n", 1, "to 1000000000"),
        ("invariants: {a: b}\n", 1, "expected a list"),
        ("invariants:\n- name: a\n", 2, "holds no command"),
        ("file_size_limits: {max_file_size_kb: {'*': x}}\n", 1, "expected kilobytes"),
        ("enabled: true\nenabled: false\n", 2, "stands here again, after line 1"),
        ("enabled: [\n", 2, "not YAML"),
    ] {
        let problem = refusal(text);
        assert!(problem.contains(said), "{text}: {problem}");
        assert!(problem.starts_with(&format!("policy.yaml:{line}: ")), "{text}: {problem}");
    }
}

#[test]
fn a_key_that_nobody_knows_is_noted_with_its_line() {
    let outcome = target(
        "enabled: true\nsopes: {}\nscopes:\n  docs:\n    alowed_paths: [x]\nguardrails:\n  max_prs: 1\n",
    );
    let said: Vec<_> =
        outcome.notes.iter().map(|note| (note.line, note.problem.as_str())).collect();
    assert_eq!(
        said,
        [
            (2, "`sopes` in the file is not known and has no effect"),
            (5, "`alowed_paths` in docs is not known and has no effect"),
            (7, "`max_prs` in guardrails is not known and has no effect"),
        ]
    );
    assert_eq!(paths(&outcome.policy, "docs"), ["docs/**", "README.md", "*.md"]);
}

#[test]
fn a_target_can_only_narrow_the_organisation() {
    let organisation = "scopes:\n  docs: {allowed_paths: [docs/**, '*.md'], max_files: 5}\n  deps: {allowed_paths: [Cargo.lock], run: cargo update}\nforbidden_paths: [a/**]\ninvariants: [make check]\nguardrails: {max_open_prs: 2, backoff_seconds: 60, attempt_timeout_minutes: 30}\nwrite_back: true\n";
    let target = "enabled: false\nscopes:\n  docs:\n    allowed_paths:\n    - docs/guide/**\n    - src/**\n    max_files: 9\n  deps: {run: evil}\n  core: {allowed_paths: [src/**], run: agent}\nforbidden_paths: [b/**]\ninvariants: [make test]\nguardrails: {max_open_prs: 9, backoff_seconds: 10, attempt_timeout_minutes: 10}\nwrite_back: false\nunlock: ['.github/**']\n";
    let outcome = outcome(Some(organisation), Some(target));
    let policy = &outcome.policy;
    assert_eq!(scopes(policy), ["dependencies", "deps", "docs"]);
    assert_eq!(paths(policy, "docs"), ["docs/guide/**"]);
    assert_eq!(paths(policy, "deps"), ["Cargo.lock"]);
    assert_eq!(policy.scopes.get("docs").and_then(|scope| scope.max_files), Some(5));
    assert_eq!(argv(&policy.scopes.get("deps").unwrap().tool), ["cargo", "update"]);
    assert!(!policy.enabled && !policy.write_back);
    assert!(
        ["a/**", "b/**", ".github/**"]
            .iter()
            .all(|path| policy.forbidden_paths.iter().any(|own| own == path))
    );
    let names: Vec<_> = policy.invariants.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["make check", "make test"]);
    let guardrails = &policy.guardrails;
    assert_eq!(
        (guardrails.max_open_prs, guardrails.backoff_seconds, guardrails.attempt_timeout_minutes),
        (2, 60, 10)
    );
    let lines: std::collections::BTreeSet<u32> =
        outcome.notes.iter().map(|note| note.line).collect();
    assert_eq!(lines.into_iter().collect::<Vec<_>>(), [6, 8, 9, 12, 14]);
    assert!(outcome.notes.iter().all(|note| note.file == "policy.yaml"));
}

#[test]
fn a_silent_target_leaves_the_organisations_policy_as_it_is() {
    let organisation = "scopes: {deps: {allowed_paths: [Cargo.lock], run: cargo update}}\nlimits: {max_files: 3}\n";
    let alone = outcome(Some(organisation), None);
    assert_eq!(outcome(Some(organisation), Some("")), alone);
    assert_eq!(alone.policy.limits.max_files, 3);
    assert_eq!(scopes(&alone.policy), ["dependencies", "deps"]);
}

#[test]
fn only_the_organisation_unlocks_and_only_by_name() {
    let policy = outcome(Some("unlock: ['.github/**']\n"), None).policy;
    assert!(!policy.forbidden_paths.contains(&".github/**".to_owned()));
    assert_eq!(policy.forbidden_paths.len(), FORBIDDEN.len() - 1);
    let near = outcome(Some("unlock: ['.github/workflows/**', '**']\n"), None);
    assert_eq!(near.policy.forbidden_paths.len(), FORBIDDEN.len());
    assert_eq!(near.notes.len(), 2);
    let own = target("unlock: ['.github/**']\n");
    assert_eq!(own.policy.forbidden_paths.len(), FORBIDDEN.len());
    assert_eq!(own.notes.len(), 1);
    let both = outcome(Some("unlock: ['.github/**']\n"), Some("forbidden_paths: ['.github/**']\n"));
    assert!(both.policy.forbidden_paths.contains(&".github/**".to_owned()));
}

#[test]
fn a_target_brings_its_tool_where_the_organisation_names_none() {
    let organisation = "scopes: {docs: {allowed_paths: [docs/**]}}\n";
    let outcome = outcome(Some(organisation), Some("scopes: {docs: {run: write-docs}}\n"));
    assert_eq!(argv(&outcome.policy.scopes.get("docs").unwrap().tool), ["write-docs"]);
    assert_eq!(paths(&outcome.policy, "docs"), ["docs/**"]);
}

#[test]
fn globs_that_are_too_much_refuse_the_file() {
    let globs: Vec<String> = (0..900).map(|n| format!("{n}{}/**", "x".repeat(80))).collect();
    let problem = refusal(&format!("forbidden_paths: [{}]\n", globs.join(", ")));
    assert!(problem.contains("at most 65,536 bytes") && problem.len() < 2_000, "{problem}");
}

#[test]
fn a_command_that_holds_a_key_is_refused_without_repeating_it() {
    let key = format!("ghp{}{}", "_", "Zk4nQ8wLr2TyVb6XsJd0PmHc5FgAe9UoIiB1");
    for command in [format!("run: [tool, --token, {key}]"), format!("shell: \"TOKEN={key} tool\"")]
    {
        let text = format!(
            "version: 2\nscopes:\n  deps:\n    allowed_paths: [Cargo.lock]\n    {command}\n"
        );
        let said = refusal(&text);
        assert!(said.contains("holds a secret (github_token)"), "{said}");
        assert!(!said.contains(&key), "{said}");
    }
}
