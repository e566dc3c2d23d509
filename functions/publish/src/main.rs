//! Publish as a Lambda program, woken by its queue: configuration, clients made once, each message by
//! itself.
//!
//! A message is done with once what came of it stands in the log, a failure too. A failed publication
//! is asked for again by the tick, which finds it overdue (5 minutes after the last news of it): so
//! an hour without GitHub uses up neither the queue's deliveries nor, in a few seconds, the
//! attempt's tries. Only what could not be recorded, and what is no message, comes back by the queue
//! and ends among its dead letters.

use std::process::ExitCode;
use std::sync::Arc;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use leviathan_aws::{S3Store, Secrets, Surroundings, message};
use leviathan_core::ports::{Message, ObjectStore};
use leviathan_github::{Access, Auth, GitHub, GitHubOptions};
use leviathan_log::artifacts::Artifacts;
use leviathan_log::{Log, Writer};
use leviathan_publish::config::PublishConfig;
use leviathan_publish::{Publish, publish};
use leviathan_runtime::clock::{SystemClock, SystemEntropy};
use leviathan_runtime::lambda::batch::each_record;
use leviathan_runtime::lambda::{configuration, not_started, served};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let config = match configuration(PublishConfig::read) {
        Ok(config) => config,
        Err(faults) => return not_started(&faults).await,
    };
    let context = match Box::pin(start(config)).await {
        Ok(context) => Arc::new(context),
        Err(problem) => return not_started(&problem).await,
    };
    served(lambda_runtime::run(service_fn(move |event| {
        Box::pin(batch(Arc::clone(&context), event))
    })))
    .await
}

async fn start(config: PublishConfig) -> Result<Publish, Error> {
    let around = Surroundings::with_region().await?;
    let secrets = Secrets::open_in(&around, config.secrets_refresh)?;
    let key = secrets.get(&config.github_app_key).await?;
    let store = |place| S3Store::open_in(&around, place).map(Arc::new);
    let data: Arc<dyn ObjectStore> = store(config.data)?;
    let writer =
        Writer { program: "publish".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() };
    let log = Log::new(store(config.log)?, Arc::new(SystemClock), Arc::new(SystemEntropy), writer)
        .with_data(Arc::clone(&data));
    let auth = Auth::App { app_id: config.github_app_id, private_key_pem: key.expose().into() };
    let mut options = GitHubOptions::new(auth, Access::Publish, Arc::new(SystemClock));
    options.api_url = config.github_api_url;
    Ok(Publish {
        log: Arc::new(log),
        forge: Arc::new(GitHub::new(options)?),
        artifacts: Artifacts::new(data),
    })
}

async fn batch(
    context: Arc<Publish>,
    event: LambdaEvent<SqsEvent>,
) -> Result<SqsBatchResponse, Error> {
    let deadline = event.context.deadline();
    let done = each_record(&event.payload, deadline, async |body| one(&context, body).await);
    Ok(done.await?)
}

async fn one(context: &Publish, body: &str) -> Result<(), Error> {
    match message(body)? {
        Message::Publish { epoch, attempt } => {
            let published = Box::pin(publish(context, &attempt, epoch)).await?;
            tracing::info!(attempt_id = %attempt, ?published, "a message was dealt with");
            Ok(())
        }
        other => Err(format!("{other:?} is for dispatch: its queue's URL is another's").into()),
    }
}
