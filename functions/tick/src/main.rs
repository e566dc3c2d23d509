//! The tick as a Lambda program, woken by EventBridge Scheduler: configuration, clients made once, one
//! pass for each event. Whatever the event says, it is a wake-up and nothing else. Two at once are
//! harmless (one commit wins, the other decides again), and the template allows one.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use lambda_runtime::{Error, LambdaEvent, service_fn};
use leviathan_aws::{KmsSigner, S3Store, SecretName, Secrets, SqsQueue, Surroundings};
use leviathan_core::ports::{ObjectStore, Signer};
use leviathan_github::{Access, Auth, GitHub, GitHubOptions};
use leviathan_log::artifacts::Artifacts;
use leviathan_log::seal::VerifierKey;
use leviathan_log::{Log, Writer};
use leviathan_runtime::clock::{SystemClock, SystemEntropy};
use leviathan_runtime::lambda::{configuration, not_started, served};
use leviathan_tick::config::TickConfig;
use leviathan_tick::{Seal, TextFile, Tick};
use serde_json::{Value, json};
use tokio::sync::Mutex as AsyncMutex;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let config = match configuration(TickConfig::read) {
        Ok(config) => config,
        Err(faults) => return not_started(&faults).await,
    };
    let woken = match Box::pin(start(config)).await {
        Ok(woken) => Arc::new(AsyncMutex::new(woken)),
        Err(problem) => return not_started(&problem).await,
    };
    served(lambda_runtime::run(service_fn(move |_: LambdaEvent<Value>| {
        let woken = Arc::clone(&woken);
        Box::pin(async move { woken.lock().await.pass().await })
    })))
    .await
}

/// What one process keeps between passes.
struct Woken {
    tick: Tick,
    secrets: Secrets,
    organisation_policy: Option<SecretName>,
}

async fn start(config: TickConfig) -> Result<Woken, Error> {
    let around = Surroundings::with_region().await?;
    let secrets = Secrets::open_in(&around, config.secrets_refresh)?;
    let signer = KmsSigner::open_in(&around, &config.checkpoint_key, &config.log_name);
    let key = async { secrets.get(&config.github_app_key).await.map_err(Error::from) };
    let (key, signer) = tokio::try_join!(key, async { signer.await.map_err(Error::from) })?;
    let store = |place| S3Store::open_in(&around, place).map(Arc::new);
    let data: Arc<dyn ObjectStore> = store(config.data)?;
    let writer =
        Writer { program: "tick".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() };
    let log = Log::new(store(config.log)?, Arc::new(SystemClock), Arc::new(SystemEntropy), writer)
        .with_data(Arc::clone(&data))
        .with_checkpoints_by(VerifierKey::new(signer.name(), &signer.public_key())?)
        .keeping_snapshots();
    let auth = Auth::App { app_id: config.github_app_id, private_key_pem: key.expose().into() };
    let mut options = GitHubOptions::new(auth, Access::Read, Arc::new(SystemClock));
    options.api_url = config.github_api_url;
    let second = config.checkpoint_copy.map(store).transpose()?;
    let second = second.map(|store| store as Arc<dyn ObjectStore>);
    let tick = Tick {
        log: Arc::new(log),
        forge: Arc::new(GitHub::new(options)?),
        queue: Arc::new(SqsQueue::open_in(&around, config.queues)?),
        artifacts: Artifacts::new(data),
        clock: Arc::new(SystemClock),
        organisation_policy: None,
        stand_ins: BTreeMap::new(),
        read: Mutex::default(),
        seal: Some(Seal { signer: Arc::new(signer), second }),
    };
    Ok(Woken { tick, secrets, organisation_policy: config.organisation_policy })
}

impl Woken {
    async fn pass(&mut self) -> Result<Value, Error> {
        self.take_up_policy().await?;
        let pass = Box::pin(self.tick.run(false)).await?;
        let checkpoint = pass.upkeep.checkpoint.map(|checkpoint| checkpoint.size);
        let (picked, troubles) = (pass.report.picked.len(), pass.troubles.len());
        tracing::info!(picked, troubles, checkpoint, appended = pass.appended, "a pass was made");
        Ok(json!({ "picked": picked, "troubles": troubles, "checkpoint": checkpoint }))
    }

    /// The organisation's policy as it stands now. After a change every target is read again. Without
    /// it nothing is decided: a target's policy alone may allow more.
    async fn take_up_policy(&mut self) -> Result<(), Error> {
        let Some(name) = &self.organisation_policy else { return Ok(()) };
        let text = self.secrets.get(name).await?;
        let now = TextFile { name: name.to_string(), text: text.expose().to_owned() };
        if self.tick.organisation_policy.as_ref() != Some(&now) {
            self.tick.organisation_policy = Some(now);
            self.tick.read.lock().unwrap_or_else(PoisonError::into_inner).clear();
        }
        Ok(())
    }
}
