//! What every Lambda program does around its work: it starts whole or not at all, and says why.
//!
//! ```text
//! configuration(ApiConfig::read)  ─▶ clients, made once ─▶ served(lambda_runtime::run(handler))
//!          └──────────────┴─▶ not_started(problem): an init error, exit code 1
//! ```

pub mod batch;

use std::ffi::OsString;
use std::fmt::Display;
use std::process::ExitCode;
use std::str::FromStr as _;

use http::Request;
use lambda_runtime::Error;
use lambda_runtime_api_client::{Client, body::Body};
use serde_json::json;

use crate::config::{ConfigError, LOG, Need};
use crate::telemetry::{self, Filter};

/// What Lambda shows of an init error: the most characters.
const SHOWN: usize = 8_000;

/// Reads a program's configuration from this process's environment, and starts its log lines first:
/// what is wrong is a log line too.
pub fn configuration<C>(
    read: impl FnOnce(Vec<(OsString, OsString)>) -> Result<C, ConfigError>,
) -> Result<C, ConfigError> {
    let wished = std::env::var(LOG.name).ok().filter(|text| !text.is_empty());
    let filter = wished.as_deref().map(Filter::from_str).and_then(Result::ok);
    if let Some(filter) = filter.or_else(default_filter) {
        telemetry::init_function(&filter);
    }
    read(std::env::vars_os().collect())
}

fn default_filter() -> Option<Filter> {
    match LOG.need {
        Need::Default(filter) => filter.parse().ok(),
        Need::Required | Need::Optional => None,
    }
}

/// The program can't start: tells Lambda, which shows it to whoever deploys or invokes, and the log.
pub async fn not_started(problem: &(impl Display + ?Sized)) -> ExitCode {
    tracing::error!("the function does not start: {problem}");
    if let Err(error) = report(problem).await {
        tracing::error!("Lambda could not be told: {error}");
    }
    ExitCode::FAILURE
}

/// The Runtime API's `init/error`.
async fn report(problem: &(impl Display + ?Sized)) -> Result<(), Error> {
    let message: String = problem.to_string().chars().take(SHOWN).collect();
    let body = json!({ "errorType": "Leviathan.NotStarted", "errorMessage": message });
    let request = Request::post("/2018-06-01/runtime/init/error")
        .header("lambda-runtime-function-error-type", "Leviathan.NotStarted")
        .body(Body::from(body.to_string()))?;
    let answer = Client::builder().build()?.call(request).await?;
    if answer.status().is_success() {
        return Ok(());
    }
    Err(format!("the Runtime API answered {}", answer.status()).into())
}

/// Serves until Lambda ends the process; that it comes back means that the Runtime API is gone.
pub async fn served(run: impl Future<Output = Result<(), Error>>) -> ExitCode {
    match run.await {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            tracing::error!("the Runtime API can't be reached: {problem}");
            ExitCode::FAILURE
        }
    }
}
