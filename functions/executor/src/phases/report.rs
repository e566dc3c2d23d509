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
use crate::run::say;

/// The attempt's token; only here, never an argument, never printed.
pub const TOKEN_VARIABLE: &str = "LEVIATHAN_ATTEMPT_TOKEN";

/// Which pod this is: the first one to claim an attempt holds it.
pub const POD_VARIABLE: &str = "LEVIATHAN_POD_UID";

/// How long before the attempt is over report says itself that nothing more came.
const LAST_WORD: Duration = Duration::from_secs(5);

/// Claims, watches, reports.
pub fn run(folder: &JobFolder) -> ExitCode {
    let (Ok(token), Ok(pod_uid)) = (std::env::var(TOKEN_VARIABLE), std::env::var(POD_VARIABLE))
    else {
        say(format!("report needs the variables {TOKEN_VARIABLE} and {POD_VARIABLE}"));
        return ExitCode::from(2);
    };
    if let Err(error) = std::fs::create_dir_all(folder.report()) {
        say(format!("{} cannot be made: {error}", folder.report().display()));
        return ExitCode::FAILURE;
    }
    if folder.report().join("done").exists() {
        say("this attempt was reported before");
        return ExitCode::SUCCESS;
    }
    let api = Api::new(&folder.job.api_url, token, folder.job.not_after);
    match claim(folder, &api, &pod_uid) {
        Ok(true) => {}
        Ok(false) => return ExitCode::SUCCESS,
        Err(reason) => {
            say(reason);
            return ExitCode::FAILURE;
        }
    }
    match watch::until_the_end(folder, &api) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            say(reason);
            ExitCode::FAILURE
        }
    }
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
