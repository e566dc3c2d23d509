//! One policy out of the built-in one, the organisation's file and the target's.

use std::collections::BTreeMap;

use super::written::{At, Number, Scope, Written};
use super::{FORBIDDEN, builtin};
use crate::fact::FileProblem;
use crate::paths::Patterns;
use crate::policy::{Guardrails, Limits, Policy, ScopePolicy, Tool};

/// Names that mean the same scope; where a file has only one of them, both are there.
const SAME: &[(&str, &str)] = &[("tests", "test"), ("deps", "dependencies")];

type Notes = Vec<FileProblem>;

/// The policy with what the file says in place of what was there. What is forbidden only grows.
pub(super) fn replace(mut policy: Policy, written: &Written, notes: &mut Notes) -> Policy {
    policy.enabled = written.enabled.unwrap_or(policy.enabled);
    policy.write_back = written.write_back.unwrap_or(policy.write_back);
    policy.forbidden_paths = union(policy.forbidden_paths, &written.forbidden);
    policy.invariants.extend(written.invariants.iter().cloned());
    for (number, at) in &written.numbers {
        set(&mut policy, *number, at.value);
    }
    if written.scopes.is_empty() {
        if !written.everywhere.is_empty() {
            let everywhere: Vec<String> = values(&written.everywhere);
            for scope in policy.scopes.values_mut() {
                scope.allowed_paths.clone_from(&everywhere);
            }
        }
        return policy;
    }
    let before = std::mem::take(&mut policy.scopes);
    for (name, scope) in with_same_names(&written.scopes) {
        let Some(tool) = scope.tool.clone().or_else(|| builtin::tool_of(&name)) else {
            let problem = format!("scope {name} names no tool, so its tasks do not run");
            notes.push(note(written, scope.line, problem, "`run: PROGRAM ARGUMENTS`"));
            continue;
        };
        let allowed_paths = match (&scope.allowed, before.get(&name)) {
            (Some(allowed), _) => within(allowed, &written.everywhere, &name, written, notes),
            (None, _) if !written.everywhere.is_empty() => values(&written.everywhere),
            (None, Some(before)) => before.allowed_paths.clone(),
            (None, None) => {
                let problem = format!("scope {name} allows no paths, so its tasks do not run");
                notes.push(note(written, scope.line, problem, "`allowed_paths: [PATTERN]`"));
                continue;
            }
        };
        let max_files = scope.max_files;
        policy.scopes.insert(name, ScopePolicy { allowed_paths, tool, max_files });
    }
    policy
}

/// Lifts built-in bans that the organisation names.
pub(super) fn unlock(policy: &mut Policy, written: &Written, notes: &mut Notes) {
    for pattern in &written.unlock {
        if FORBIDDEN.contains(&pattern.value.as_str()) {
            policy.forbidden_paths.retain(|forbidden| {
                *forbidden != pattern.value || written.forbidden.contains(forbidden)
            });
        } else {
            let problem = format!("`unlock`: {:?} is not forbidden by default", pattern.value);
            let expected = format!("one of {}", FORBIDDEN.join(" "));
            notes.push(note(written, pattern.line, problem, &expected));
        }
    }
}

/// Says that a target can't lift them.
pub(super) fn keep_locked(written: &Written, notes: &mut Notes) {
    if let Some(first) = written.unlock.first() {
        let problem = "`unlock` has no effect in a target's policy".to_owned();
        notes.push(note(written, first.line, problem, "it in the organisation's policy"));
    }
}

/// The organisation's policy, narrowed by the target's file.
pub(super) fn narrow(
    mut policy: Policy,
    organisation: &Written,
    target: &Written,
    notes: &mut Notes,
) -> Policy {
    keep_locked(target, notes);
    policy.enabled &= target.enabled.unwrap_or(true);
    policy.write_back &= target.write_back.unwrap_or(true);
    policy.forbidden_paths = union(policy.forbidden_paths, &target.forbidden);
    policy.invariants.extend(target.invariants.iter().cloned());
    for (number, at) in &target.numbers {
        let limit = get(&policy, *number);
        // A longer wait is the stricter one; everything else is stricter when it is less.
        let stricter = match number {
            Number::BackoffSeconds => at.value.max(limit),
            _ => at.value.min(limit),
        };
        if stricter != at.value {
            let problem = format!("{} is not allowed here; {limit} is in force", at.value);
            let expected = "a value that the organisation's policy allows";
            notes.push(note(target, at.line, problem, expected));
        }
        set(&mut policy, *number, stricter);
    }
    if target.scopes.is_empty() {
        for (name, scope) in &mut policy.scopes {
            if !target.everywhere.is_empty() {
                scope.allowed_paths = narrowed(&target.everywhere, scope, name, target, notes);
            }
        }
        return policy;
    }
    let mut scopes = BTreeMap::new();
    for (name, wish) in with_same_names(&target.scopes) {
        let Some(scope) = policy.scopes.get(&name) else {
            let problem = format!("scope {name} is not in the organisation's policy; left out");
            notes.push(note(target, wish.line, problem, "a scope that it names"));
            continue;
        };
        let named = with_same_names(&organisation.scopes);
        let fixed = named.get(&name).is_some_and(|scope| scope.tool.is_some());
        let everywhere = Some(&target.everywhere).filter(|everywhere| !everywhere.is_empty());
        let allowed = match wish.allowed.as_ref().or(everywhere) {
            Some(wishes) => narrowed(wishes, scope, &name, target, notes),
            None => scope.allowed_paths.clone(),
        };
        let tool = tool(&name, scope, &wish, fixed, target, notes);
        let max_files = [scope.max_files, wish.max_files].into_iter().flatten().min();
        scopes.insert(name, ScopePolicy { allowed_paths: allowed, tool, max_files });
    }
    policy.scopes = scopes;
    policy
}

/// The target's tool, unless the organisation named one.
fn tool(
    name: &str,
    scope: &ScopePolicy,
    wish: &Scope,
    fixed: bool,
    target: &Written,
    notes: &mut Notes,
) -> Tool {
    match &wish.tool {
        Some(tool) if !fixed || *tool == scope.tool => tool.clone(),
        Some(_) => {
            let problem = format!("scope {name}: the organisation's policy names its tool");
            notes.push(note(target, wish.line, problem, "no tool of its own"));
            scope.tool.clone()
        }
        None => scope.tool.clone(),
    }
}

/// Of the wished paths those that the scope covers.
fn narrowed(
    wishes: &[At<String>],
    scope: &ScopePolicy,
    name: &str,
    target: &Written,
    notes: &mut Notes,
) -> Vec<String> {
    let limit: Vec<At<String>> =
        scope.allowed_paths.iter().map(|value| At { value: value.clone(), line: 0 }).collect();
    covered(wishes, &limit, name, target, notes)
}

/// Of these paths those that hold for all scopes too, where the file says such.
fn within(
    paths: &[At<String>],
    everywhere: &[At<String>],
    name: &str,
    written: &Written,
    notes: &mut Notes,
) -> Vec<String> {
    if everywhere.is_empty() {
        return values(paths);
    }
    covered(paths, everywhere, name, written, notes)
}

fn covered(
    paths: &[At<String>],
    limit: &[At<String>],
    name: &str,
    written: &Written,
    notes: &mut Notes,
) -> Vec<String> {
    // Each pattern of a file was tried when it was read; should all of them together be too much,
    // nothing is covered.
    let patterns = Patterns::new(&values(limit)).ok();
    let mut kept = Vec::new();
    for path in paths {
        if patterns.as_ref().is_some_and(|patterns| patterns.covers_glob(&path.value)) {
            kept.push(path.value.clone());
            continue;
        }
        let problem =
            format!("scope {name}: {:?} goes beyond what is allowed; left out", path.value);
        let allowed: Vec<&str> = limit.iter().map(|at| at.value.as_str()).collect();
        let expected = format!("paths within {}", allowed.join(" "));
        notes.push(note(written, path.line, problem, &expected));
    }
    kept
}

fn with_same_names(scopes: &BTreeMap<String, Scope>) -> BTreeMap<String, Scope> {
    let mut scopes = scopes.clone();
    for (one, other) in SAME {
        for (from, to) in [(one, other), (other, one)] {
            if let Some(scope) = scopes.get(*from).cloned() {
                scopes.entry((*to).to_owned()).or_insert(scope);
            }
        }
    }
    scopes
}

fn values(paths: &[At<String>]) -> Vec<String> {
    paths.iter().map(|path| path.value.clone()).collect()
}

fn union(mut all: Vec<String>, more: &[String]) -> Vec<String> {
    for pattern in more {
        if !all.contains(pattern) {
            all.push(pattern.clone());
        }
    }
    all
}

fn note(written: &Written, line: u32, problem: String, expected: &str) -> FileProblem {
    FileProblem {
        file: written.file.clone(),
        line,
        task_id: None,
        problem,
        expected: expected.to_owned(),
    }
}

fn get(policy: &Policy, number: Number) -> u64 {
    let Guardrails { max_open_prs, max_running_attempts, .. } = policy.guardrails;
    let Guardrails { max_attempts_per_task, attempt_timeout_minutes, backoff_seconds, .. } =
        policy.guardrails;
    let Limits { max_files, max_file_bytes, max_diff_bytes } = policy.limits;
    match number {
        Number::MaxOpenPrs => max_open_prs.into(),
        Number::MaxRunningAttempts => max_running_attempts.into(),
        Number::MaxAttemptsPerTask => max_attempts_per_task.into(),
        Number::AttemptTimeoutMinutes => attempt_timeout_minutes.into(),
        Number::BackoffSeconds => backoff_seconds.into(),
        Number::MaxFiles => max_files.into(),
        Number::MaxFileBytes => max_file_bytes,
        Number::MaxDiffBytes => max_diff_bytes,
    }
}

fn set(policy: &mut Policy, number: Number, value: u64) {
    let small = u32::try_from(value).unwrap_or(u32::MAX);
    match number {
        Number::MaxOpenPrs => policy.guardrails.max_open_prs = small,
        Number::MaxRunningAttempts => policy.guardrails.max_running_attempts = small,
        Number::MaxAttemptsPerTask => policy.guardrails.max_attempts_per_task = small,
        Number::AttemptTimeoutMinutes => policy.guardrails.attempt_timeout_minutes = small,
        Number::BackoffSeconds => policy.guardrails.backoff_seconds = small,
        Number::MaxFiles => policy.limits.max_files = small,
        Number::MaxFileBytes => policy.limits.max_file_bytes = value,
        Number::MaxDiffBytes => policy.limits.max_diff_bytes = value,
    }
}
