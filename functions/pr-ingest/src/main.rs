//! The receiver of webhooks as a Lambda program behind a function URL of its own: configuration,
//! clients made once, and the secrets as they are now.

use std::process::ExitCode;
use std::sync::Arc;

use lambda_http::{Body, Error, Request, Response, service_fn};
use leviathan_aws::{S3Store, SecretError, SecretName, Secrets, Surroundings};
use leviathan_github::Secret;
use leviathan_log::{Log, Writer};
use leviathan_pr_ingest::config::PrIngestConfig;
use leviathan_pr_ingest::{Delivery, PrIngest};
use leviathan_runtime::clock::{SystemClock, SystemEntropy};
use leviathan_runtime::lambda::{configuration, not_started, served};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let config = match configuration(PrIngestConfig::read) {
        Ok(config) => config,
        Err(faults) => return not_started(&faults).await,
    };
    let receiver = match Box::pin(start(config)).await {
        Ok(receiver) => Arc::new(receiver),
        Err(problem) => return not_started(&problem).await,
    };
    served(lambda_http::run(service_fn(move |request: Request| {
        let receiver = Arc::clone(&receiver);
        async move { receiver.take(request).await }
    })))
    .await
}

/// What all deliveries share.
struct Receiver {
    log: Arc<Log>,
    secrets: Secrets,
    names: Vec<SecretName>,
}

async fn start(config: PrIngestConfig) -> Result<Receiver, Error> {
    let around = Surroundings::with_region().await?;
    let store = |place| S3Store::open_in(&around, place).map(Arc::new);
    let writer =
        Writer { program: "pr-ingest".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() };
    let log = Log::new(store(config.log)?, Arc::new(SystemClock), Arc::new(SystemEntropy), writer)
        .with_data(store(config.data)?);
    let secrets = Secrets::open_in(&around, config.secrets_refresh)?;
    let receiver = Receiver { log: Arc::new(log), secrets, names: config.webhook_secrets };
    // A secret that is missing is told at the start, and not at the first delivery.
    receiver.held().await?;
    Ok(receiver)
}

impl Receiver {
    async fn take(&self, request: Request) -> Result<Response<Body>, Error> {
        let secrets = self.held().await?;
        let ingest = PrIngest { log: Arc::clone(&self.log), secrets };
        let (parts, body) = request.into_parts();
        let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let delivery = Delivery {
            event: header("x-github-event"),
            signature: header("x-hub-signature-256"),
            id: header("x-github-delivery"),
            // As it came: over other bytes the signature is another.
            body: body.as_ref(),
        };
        let answer = ingest.handle(delivery).await;
        let response = Response::builder()
            .status(answer.status)
            .header("content-type", "application/json")
            .body(Body::from(serde_json::to_string(&answer)?))?;
        Ok(response)
    }

    async fn held(&self) -> Result<Vec<Secret>, SecretError> {
        let mut held = Vec::new();
        for name in &self.names {
            held.push(Secret::from(self.secrets.get(name).await?.expose()));
        }
        Ok(held)
    }
}
