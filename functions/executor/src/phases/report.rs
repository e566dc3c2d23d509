//! report: claims the attempt, watches the other phases, and tells the api. It alone holds the
//! attempt's token; it runs nothing from the workspace and opens regular files only.
//!
//! It ends with 0 when the api knows how the attempt ended or when the attempt belongs to somebody
//! else; what it has told is marked in `report/`, so that a restart does not tell it again.

mod api;
mod bundle;
mod logs;
mod outcome;
mod watch;

use std::process::ExitCode;
use std::time::Duration;

use jiff::Timestamp;
use leviathan_core::fact::{AttemptStarted, Fact};

use self::api::{Api, Delivery};
use self::bundle::Bundle;
use crate::files;
use crate::job::JobFolder;
use crate::pod;
use crate::run::say;

/// The attempt's token; only here, never an argument, never printed.
pub const TOKEN_VARIABLE: &str = "LEVIATHAN_ATTEMPT_TOKEN";

/// A file that holds the token instead: a pod's Secret is one.
pub const TOKEN_FILE_VARIABLE: &str = "LEVIATHAN_ATTEMPT_TOKEN_FILE";

/// The largest file that is read as a token, in bytes.
const MAX_TOKEN_BYTES: u64 = 16 * 1024;

/// Which pod this is: the first one to claim an attempt holds it.
pub const POD_VARIABLE: &str = "LEVIATHAN_POD_UID";

/// How long before the attempt is over report says itself that nothing more came.
const LAST_WORD: Duration = Duration::from_secs(5);

/// Claims, watches, reports.
pub fn run(folder: &JobFolder) -> ExitCode {
    let stop = if folder.pod { pod::stop_at_sigterm() } else { pod::Stop::never() };
    let (token, pod_uid) = match token().and_then(|token| Ok((token, pod_uid()?))) {
        Ok(both) => both,
        Err(reason) => {
            say(reason);
            return ExitCode::from(2);
        }
    };
    if let Err(error) = std::fs::create_dir_all(folder.report()) {
        say(format!("{} cannot be made: {error}", folder.report().display()));
        return ExitCode::FAILURE;
    }
    if pod::is_reported(folder) {
        say("this attempt was reported before");
        stop.wait_in_pod(folder);
        return ExitCode::SUCCESS;
    }
    let api = Api::new(&folder.job.api_url, token, folder.job.not_after);
    let told = claim(folder, &api, &pod_uid).and_then(|ours| match ours {
        true => watch::until_the_end(folder, &api, &stop),
        false => Ok(()),
    });
    if let Err(reason) = told {
        say(reason);
        return ExitCode::FAILURE;
    }
    stop.wait_in_pod(folder);
    ExitCode::SUCCESS
}

/// The attempt's token, from a variable or a file.
fn token() -> Result<String, String> {
    if let Ok(token) = std::env::var(TOKEN_VARIABLE) {
        return Ok(token);
    }
    let Some(file) = std::env::var_os(TOKEN_FILE_VARIABLE) else {
        return Err(lacking());
    };
    let bytes = files::read_regular(file.as_ref(), MAX_TOKEN_BYTES)
        .map_err(|fault| format!("the attempt's token cannot be read: {fault}"))?;
    let token = String::from_utf8(bytes)
        .map_err(|_not_shown| "the attempt's token is not text".to_owned())?;
    Ok(token.trim().to_owned())
}

/// Which pod this is.
fn pod_uid() -> Result<String, String> {
    std::env::var(POD_VARIABLE).map_err(|_unset| lacking())
}

fn lacking() -> String {
    format!(
        "report needs the variables {TOKEN_VARIABLE} (or {TOKEN_FILE_VARIABLE}) and {POD_VARIABLE}"
    )
}

/// Says `attempt.started`; false when the attempt is not this pod's to run.
fn claim(folder: &JobFolder, api: &Api, pod_uid: &str) -> Result<bool, String> {
    let job = &folder.job;
    let mut bundle = Bundle::new(&job.target, &job.attempt);
    bundle.add(Fact::AttemptStarted(AttemptStarted {
        attempt_id: job.attempt.clone(),
        pod_uid: pod_uid.to_owned(),
        status: "running".to_owned(),
    }));
    match api.deliver(&bundle) {
        Delivery::Accepted => {}
        Delivery::NotOurs(detail) => {
            say(format!("attempt {} is not this pod's to run: {detail}", job.attempt));
            if folder.pod {
                // The phases wait for it: they end without work.
                files::write_whole(&folder.report().join("refused"), b"")
                    .map_err(|error| format!("the refusal could not be noted: {error}"))?;
            }
            return Ok(false);
        }
        Delivery::Failed(reason) => {
            return Err(format!("attempt {} could not be claimed: {reason}", job.attempt));
        }
    }
    let note = serde_json::json!({ "pod_uid": pod_uid, "claimed_at": Timestamp::now() });
    // The cluster starts prepare when it sees this file.
    files::write_whole(&folder.report().join("claimed"), note.to_string().as_bytes())
        .map_err(|error| format!("the claim could not be noted: {error}"))?;
    say(format!("attempt {} is claimed", job.attempt));
    Ok(true)
}
