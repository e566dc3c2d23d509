//! `leviathanctl attempts logs`: what the phases and the invariants printed.

use leviathan_core::fact::{ArtifactCreated, Phase};
use leviathan_core::ids::{AttemptId, Digest};
use serde::Serialize;

use super::details::Details;
use crate::cli::{AttemptLogsArgs, Global};
use crate::commands::aged::Named;
use crate::commands::select;
use crate::commands::session::Session;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::{Format, Output};
use crate::text::{count, one_line, printed};

#[derive(Serialize)]
struct Logs<'a> {
    attempt_id: &'a AttemptId,
    logs: Vec<Log<'a>>,
}

#[derive(Serialize)]
struct Log<'a> {
    name: &'a str,
    /// `log`: a phase's; `check`: an invariant's own.
    artifact_type: &'a str,
    sha256: &'a Digest,
    size_bytes: u64,
    /// What is not UTF-8 is replaced.
    text: String,
}

pub(super) fn run(
    arguments: &AttemptLogsArgs,
    global: &Global,
    output: Output,
) -> Result<Exit, CommandError> {
    let session = Session::to_read(global, output)?;
    let view = session.view_with(&Named::Attempt(&arguments.attempt))?;
    let (id, attempt) = select::attempt(&view.state, &arguments.attempt)?;
    let details = Details::read(&session, id, attempt)?;
    let wanted = newest_of_each(&details.artifacts, arguments.phase.as_deref());
    if wanted.is_empty() {
        return Err(nothing(id, arguments.phase.as_deref(), attempt.status.is_terminal()));
    }
    if output.format == Format::Json {
        let logs = wanted.into_iter().map(|artifact| read(&session, artifact));
        let logs = logs.collect::<Result<_, _>>()?;
        output.json(&Logs { attempt_id: id, logs });
        return Ok(Exit::Done);
    }
    let several = wanted.len() > 1;
    for artifact in wanted {
        let name = one_line(&artifact.name);
        let bytes = session.artifact(&name, &artifact.sha256)?;
        if several {
            let size = count(artifact.size_bytes, "byte", "bytes");
            output.line(format!("==> {name} ({size}) <=="));
        }
        let text = printed(&bytes);
        if !text.is_empty() {
            output.line(text.strip_suffix('\n').unwrap_or(&text));
        }
    }
    Ok(Exit::Done)
}

fn read<'a>(session: &Session, artifact: &'a ArtifactCreated) -> Result<Log<'a>, CommandError> {
    let bytes = session.artifact(&artifact.name, &artifact.sha256)?;
    Ok(Log {
        name: &artifact.name,
        artifact_type: &artifact.artifact_type,
        sha256: &artifact.sha256,
        size_bytes: artifact.size_bytes,
        text: String::from_utf8_lossy(&bytes).into_owned(),
    })
}

/// A log that was stored again holds what the earlier one held.
fn newest_of_each<'a>(
    artifacts: &'a [ArtifactCreated],
    phase: Option<&str>,
) -> Vec<&'a ArtifactCreated> {
    let mut found: Vec<&ArtifactCreated> = Vec::new();
    for artifact in artifacts.iter().filter(|artifact| is_wanted(artifact, phase)) {
        match found.iter_mut().find(|earlier| earlier.name == artifact.name) {
            Some(earlier) => *earlier = artifact,
            None => found.push(artifact),
        }
    }
    found
}

fn is_wanted(artifact: &ArtifactCreated, phase: Option<&str>) -> bool {
    match (artifact.artifact_type.as_str(), phase) {
        ("log" | "check", None) => true,
        ("log", Some(phase)) => artifact.name == format!("{phase}.log"),
        ("check", Some(phase)) => phase == Phase::Check.as_str(),
        _ => false,
    }
}

fn nothing(id: &AttemptId, phase: Option<&str>, ended: bool) -> CommandError {
    let what = match phase {
        Some(phase) => format!("attempt {id} has no log of phase {phase}"),
        None => format!("attempt {id} has no log"),
    };
    let next = if ended {
        "the phase did not run; `leviathanctl attempts show` says how the attempt ended"
    } else {
        "a phase's log comes at its end; look again then"
    };
    CommandError::not_found(what, next)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn artifact(kind: &str, name: &str, content: &str) -> ArtifactCreated {
        ArtifactCreated {
            artifact_id: String::new(),
            attempt_id: "a-1".parse().unwrap(),
            sha256: Digest::of(content.as_bytes()),
            artifact_type: kind.to_owned(),
            size_bytes: 1,
            storage_path: String::new(),
            name: name.to_owned(),
        }
    }

    #[test]
    fn a_phase_names_its_log_and_check_those_of_the_invariants_too() {
        let artifacts = [
            artifact("log", "work.log", "1"),
            artifact("diff", "diff", "2"),
            artifact("log", "check.log", "3"),
            artifact("check", "check-1.log", "4"),
            artifact("log", "work.log", "5"),
        ];
        let names = |phase| -> Vec<_> {
            let found = newest_of_each(&artifacts, phase);
            found.into_iter().map(|artifact| artifact.name.as_str()).collect()
        };
        assert_eq!(names(None), ["work.log", "check.log", "check-1.log"]);
        assert_eq!(names(Some("check")), ["check.log", "check-1.log"]);
        assert_eq!(names(Some("gate")), Vec::<&str>::new());
        let newest = newest_of_each(&artifacts, Some("work"));
        assert_eq!(newest[0].sha256, Digest::of(b"5"));
    }
}
