//! The API as a Lambda program behind its function URL: configuration, clients made once, and who
//! may call, read again while it runs.

mod door;

use std::process::ExitCode;
use std::sync::Arc;

use axum::{Router, middleware};
use lambda_http::Error;
use leviathan_api::config::ApiConfig;
use leviathan_api::{App, Limits, Ports};
use leviathan_aws::{S3Store, Secrets, SqsQueue, Surroundings};
use leviathan_core::ports::ObjectStore;
use leviathan_log::artifacts::Artifacts;
use leviathan_log::{Log, Writer};
use leviathan_runtime::clock::{SystemClock, SystemEntropy};
use leviathan_runtime::lambda::{configuration, not_started, served};

use crate::door::{Door, Names, renewed};

/// Lambda takes requests and answers up to 6 MB; bytes are in base64 there, a third more.
const LIMITS: Limits = Limits { bundle: 6 * 1024 * 1024, artifact: 4 * 1024 * 1024 };

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let config = match configuration(ApiConfig::read) {
        Ok(config) => config,
        Err(faults) => return not_started(&faults).await,
    };
    match Box::pin(start(config)).await {
        Ok(router) => served(lambda_http::run(router)).await,
        Err(problem) => not_started(&problem).await,
    }
}

/// Everything that all requests share. Asks for the secrets, and for nothing else.
async fn start(config: ApiConfig) -> Result<Router, Error> {
    let around = Surroundings::with_region().await?;
    let store = |place| S3Store::open_in(&around, place).map(Arc::new);
    let data: Arc<dyn ObjectStore> = store(config.data)?;
    let writer =
        Writer { program: "api".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() };
    let log = Log::new(store(config.log)?, Arc::new(SystemClock), Arc::new(SystemEntropy), writer)
        .with_data(Arc::clone(&data))
        .showing();
    let names = Names {
        attempt_key: config.attempt_key,
        operator_token: config.operator_token,
        legacy_token: config.legacy_token,
    };
    let secrets = Secrets::open_in(&around, config.secrets_refresh)?;
    let held = names.read(&secrets).await?;
    let ports = Ports {
        log: Arc::new(log),
        artifacts: Artifacts::new(data),
        queue: Arc::new(SqsQueue::open_in(&around, config.queues)?),
        clock: Arc::new(SystemClock),
    };
    let app = Arc::new(App::new(ports, names.tokens(&held)?, LIMITS));
    let door = Arc::new(Door::new(Arc::clone(&app), secrets, names, held));
    Ok(leviathan_api::router(app).layer(middleware::from_fn_with_state(door, renewed)))
}
