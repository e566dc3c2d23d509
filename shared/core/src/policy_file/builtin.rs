//! What holds where no file says otherwise.

use std::collections::BTreeMap;

use crate::policy::{Guardrails, Limits, Policy, ScopePolicy, Tool};

/// Forbidden whatever a task allows, unless the organisation's policy unlocks a pattern by its name:
/// what decides what is run or who must agree, what changes how git reads files, and Leviathan's own
/// files (its entry in the backlog is written by publish, past the gate).
pub const FORBIDDEN: &[&str] = &[
    ".leviathan/**",
    "**/.git/**",
    "**/.git",
    "**/.gitattributes",
    "**/.gitmodules",
    "CODEOWNERS",
    "docs/CODEOWNERS",
    ".github/**",
    ".gitlab/**",
    ".gitlab-ci.yml",
    ".gitlab-ci.yaml",
    ".circleci/**",
    ".buildkite/**",
    ".woodpecker/**",
    ".woodpecker.yml",
    ".woodpecker.yaml",
    ".drone.yml",
    ".drone.yaml",
    ".drone.star",
    ".drone.jsonnet",
    ".forgejo/**",
    ".gitea/**",
    ".travis.yml",
    ".travis.yaml",
    ".appveyor.yml",
    "appveyor.yml",
    ".cirrus.yml",
    ".cirrus.star",
    ".semaphore/**",
    ".teamcity/**",
    ".tekton/**",
    ".harness/**",
    ".builds/**",
    ".build.yml",
    ".azure-pipelines/**",
    "azure-pipelines.yml",
    "azure-pipelines.yaml",
    "bitbucket-pipelines.yml",
    "bitbucket-pipelines.yaml",
    "buildspec.yml",
    "buildspec.yaml",
    "cloudbuild.yaml",
    "cloudbuild.yml",
    "codefresh.yml",
    "**/Jenkinsfile",
    "**/Jenkinsfile.*",
    ".pre-commit-config.yaml",
    ".husky/**",
    ".mergify.yml",
    ".ci/**",
];

/// The policy without any file.
pub(super) fn policy() -> Policy {
    Policy {
        enabled: true,
        scopes: scopes(),
        forbidden_paths: texts(FORBIDDEN),
        invariants: Vec::new(),
        guardrails: Guardrails::default(),
        limits: Limits::default(),
        write_back: true,
    }
}

fn scopes() -> BTreeMap<String, ScopePolicy> {
    let docs = ("docs", &["docs/**", "README.md", "*.md"] as &[&str], Tool::Docs);
    let tests = ("tests", &["tests/**"] as &[&str], Tool::Tests);
    let test = ("test", &["tests/**"] as &[&str], Tool::Tests);
    let scope = |(name, paths, tool): (&str, &[&str], Tool)| {
        (name.to_owned(), ScopePolicy { allowed_paths: texts(paths), tool, max_files: None })
    };
    [docs, tests, test].map(scope).into()
}

/// The built-in tool of a scope by this name.
pub(super) fn tool_of(scope: &str) -> Option<Tool> {
    match scope {
        "docs" => Some(Tool::Docs),
        "tests" | "test" => Some(Tool::Tests),
        _ => None,
    }
}

fn texts(patterns: &[&str]) -> Vec<String> {
    patterns.iter().map(|&pattern| pattern.to_owned()).collect()
}
