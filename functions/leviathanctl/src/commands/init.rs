//! `leviathanctl init`: proposes a target's three files from what stands at its root, and writes
//! those that are missing after a yes. Nothing is overwritten, nothing is committed.

mod files;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use leviathan_core::starter::{self, Facts};
use leviathan_local::forge::{Found, LocalForge, is_url};
use leviathan_runtime::clock::SystemClock;
use serde::Serialize;

use self::files::State;
use super::confirm::confirm;
use super::runtime;
use crate::cli::InitArgs;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::{Format, Output};
use crate::text::{count, one_line, plain};

#[derive(Serialize)]
struct Answer {
    repository: PathBuf,
    default_branch: String,
    files: Vec<ProposedFile>,
    dry_run: bool,
}

#[derive(Serialize)]
struct ProposedFile {
    /// In the repository.
    path: &'static str,
    /// `proposed`, `written`, `exists`
    state: State,
    content: String,
}

pub(crate) fn run(arguments: &InitArgs, output: Output) -> Result<Exit, CommandError> {
    let (top, default_branch) = find(arguments)?;
    let mut answer = propose(top, default_branch, arguments.dry_run)?;
    let json = output.format == Format::Json;
    if !json {
        show(&answer, output);
    }
    let missing = answer.files.iter().filter(|file| file.state == State::Proposed).count();
    if missing > 0 && !arguments.dry_run {
        let number = count(u64::try_from(missing).unwrap_or_default(), "file", "files");
        let place = one_line(&answer.repository.display().to_string());
        confirm(&format!("Write {number} into {place}?"), arguments.yes)?;
        for file in answer.files.iter_mut().filter(|file| file.state == State::Proposed) {
            file.state = files::write_new(&answer.repository, file.path, &file.content)?;
        }
    }
    if json {
        output.json(&answer);
    } else {
        next_steps(&answer, output);
    }
    Ok(Exit::Done)
}

/// The working tree and its default branch.
fn find(arguments: &InitArgs) -> Result<(PathBuf, String), CommandError> {
    let typed = arguments.path.to_str().unwrap_or_default();
    let usage = |what: String, next: &str| CommandError::new(Exit::Usage, what, next);
    if typed.is_empty() {
        return Err(usage(
            format!("the path {} is not UTF-8", arguments.path.display()),
            "give the repository's folder by another path",
        ));
    }
    if is_url(typed) {
        return Err(usage(
            format!("{} is a URL: files are proposed for a folder", one_line(typed)),
            "clone it, then run this on the clone",
        ));
    }
    // The forge keeps a view of the repository while it looks; there is no state folder yet.
    let folder = tempfile::tempdir().map_err(|error| {
        CommandError::failed(format!("no temporary folder can be made: {error}"), "make room")
    })?;
    let forge = LocalForge::new(folder.path(), Arc::new(SystemClock));
    let found = runtime()?.block_on(forge.find(typed, None));
    let Found { default_branch, working_tree, location } =
        found.map_err(|error| CommandError::not_found(error.to_string(), ""))?;
    match working_tree {
        Some(top) => Ok((top, default_branch)),
        None => Err(usage(
            format!("{} is bare: it has no folder to write files into", one_line(&location)),
            "clone it, then run this on the clone",
        )),
    }
}

fn propose(top: PathBuf, default_branch: String, dry_run: bool) -> Result<Answer, CommandError> {
    let at_root = at_root(&top)?;
    let name = top.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let facts = Facts { name: &name, default_branch: &default_branch, at_root: &at_root };
    let starter = starter::propose(&facts);
    let contents = [
        (".leviathan/backlog.yaml", starter.backlog),
        (".leviathan/policy.yaml", starter.policy),
        (".leviathan/contract.yaml", starter.contract),
    ];
    let mut files = Vec::new();
    for (path, content) in contents {
        files.push(ProposedFile { path, state: files::look(&top, path)?, content });
    }
    Ok(Answer { repository: top, default_branch, files, dry_run })
}

/// Names only: nothing of the repository is read.
fn at_root(top: &Path) -> Result<BTreeSet<String>, CommandError> {
    let entries = std::fs::read_dir(top).map_err(|error| {
        CommandError::failed(
            format!("{} can't be listed: {error}", top.display()),
            "check its permissions",
        )
    })?;
    Ok(entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect())
}

fn show(answer: &Answer, output: Output) {
    for file in &answer.files {
        match file.state {
            State::Exists => output.line(format!("{}: exists, stays as it is", file.path)),
            State::Proposed | State::Written => {
                output.line(format!("{}:", file.path));
                for line in file.content.lines() {
                    output.line(plain(&format!("    {line}")).trim_end());
                }
            }
        }
        output.line("");
    }
}

fn next_steps(answer: &Answer, output: Output) {
    let written = answer.files.iter().any(|file| file.state == State::Written);
    if answer.dry_run {
        output.line("Nothing was written.");
        return;
    }
    if written {
        output.line("Written, not committed: what counts is the default branch. Next:");
    } else {
        output.line("All three files are there already: nothing was written. Next:");
    }
    let place = answer.repository.to_string_lossy();
    let place = shell_words::quote(&place);
    let say = |text: String| output.line(one_line(&text));
    say(format!("look at them and change what does not fit: {place}/.leviathan"));
    say(format!("git -C {place} add .leviathan && git -C {place} commit -m 'Add .leviathan'"));
    say(format!("leviathanctl dev --target {place}"));
}
