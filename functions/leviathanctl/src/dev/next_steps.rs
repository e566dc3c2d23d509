//! What a person can do when nothing is left to do without one.

use std::sync::Arc;

use leviathan_core::fact::TaskStatus;
use leviathan_core::state::{State, Target};
use leviathan_local::forge::{LocalForge, is_url};
use leviathan_runtime::clock::SystemClock;

use super::story::short;
use crate::output::Output;
use crate::state_folder::StateFolder;
use crate::text::plain;

/// Prints where things stand and what to do next.
pub(super) fn print(state: &State, folder: &StateFolder, sample: bool, output: Output) {
    let me = program();
    let say = |text: String| output.line(plain(&text.replace("leviathanctl", &me)));
    output.line("");
    output.line("Nothing is left to do without a person. What you can do:");
    for target in state.targets.values() {
        for (number, pull_request) in target.open_pull_requests() {
            let opened = &pull_request.opened;
            say(format!("  pull request {number} of {}: {}", target.name, opened.title));
            say(format!(
                "    look:   git -C {} show {}",
                shell_words::quote(&place(target, folder)),
                short(opened.commit_sha.as_str()),
            ));
            say(format!("            leviathanctl pr show {number}"));
            say(format!("    merge:  leviathanctl pr merge {number}"));
            say(format!("    refuse: leviathanctl pr close {number}"));
        }
        blocked(target, &say);
    }
    say(format!("  state:     {}", folder.root().display()));
    say("             leviathanctl tasks list, attempts list, events tail, log verify".to_owned());
    if sample {
        say("  yours:     leviathanctl dev --target PATH_OR_URL".to_owned());
        say("             (leviathanctl init PATH proposes the files; try PATH needs none)"
            .to_owned());
    }
    say("  go on:     the same command again, after a merge for example".to_owned());
    say("  undo:      leviathanctl dev clean".to_owned());
}

/// Where the branches of a target are on this machine.
fn place(target: &Target, folder: &StateFolder) -> String {
    let location = &target.repository;
    if !is_url(location) {
        return location.clone();
    }
    let forge = LocalForge::new(folder.forge(), Arc::new(SystemClock));
    forge.mirror(location).display().to_string()
}

fn blocked(target: &Target, say: &impl Fn(String)) {
    let blocked = target.tasks.iter().filter(|(_, task)| task.status == TaskStatus::Blocked);
    for (id, task) in blocked {
        let reason = task.blocked_reason.as_deref().unwrap_or("a person has to look");
        say(format!("  task {id} is blocked: {reason}"));
    }
    if let Some(problem) = &target.problem {
        say(format!("  {}: {}", target.name, problem.problem));
    }
}

/// This program as the person called it, so that the commands can be copied.
fn program() -> String {
    let called = std::env::args().next().unwrap_or_default();
    if called.contains('/') {
        shell_words::quote(&called).into_owned()
    } else {
        "leviathanctl".to_owned()
    }
}
