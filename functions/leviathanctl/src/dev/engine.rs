//! The programs, wired to this machine's ports, and the one loop that wakes them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use leviathan_api::{App, Limits, Ports, Tokens};
use leviathan_core::attempt_token::TokenKey;
use leviathan_core::decide::{Decision, operator as orders};
use leviathan_core::event::Principal;
use leviathan_core::ids::{AttemptId, TargetId};
use leviathan_core::ports::{Cluster, Forge, Message, ObjectStore, Queue};
use leviathan_core::state::{AttemptStatus, State};
use leviathan_dispatch::Dispatch;
use leviathan_local::FileSigner;
use leviathan_local::cluster::{Launcher, LocalCluster};
use leviathan_local::folder_store::FolderStore;
use leviathan_local::forge::LocalForge;
use leviathan_local::queue::channel_queue;
use leviathan_log::artifacts::Artifacts;
use leviathan_log::{Log, Transaction};
use leviathan_publish::{Publish, Published, publish};
use leviathan_runtime::clock::SystemClock;
use leviathan_tick::{Seal, StandIn, TextFile, Tick};
use tokio::sync::mpsc::UnboundedReceiver;

use super::secrets::read_or_make;
use super::trust::Trust;
use super::wrapper::PortWrapper;
use crate::commands::session::operator;
use crate::error::CommandError;
use crate::output::Output;
use crate::state_folder::StateFolder;

mod mirrored;
mod snapshots;

/// How often the scheduling pass runs when nothing happens.
const TICK_EVERY: Duration = Duration::from_secs(2);

/// How often the log is looked at for news that deserve a pass at once.
const LOOK_EVERY: Duration = Duration::from_millis(150);

/// After so many passes in a row that could not read a target, `--until-idle` gives up.
const TROUBLED_PASSES: u32 = 3;

/// What a run is asked for.
pub struct Setup {
    /// Where its state lies.
    pub state: StateFolder,
    /// The address of the local api.
    pub listen: String,
    /// The organisation's policy.
    pub organisation_policy: Option<TextFile>,
    /// Files that stand in for a target's own.
    pub stand_ins: BTreeMap<TargetId, StandIn>,
    /// The operator's token for the local api; `None`: one of its own, in the state folder.
    pub operator_token: Option<String>,
    /// Commands may run without asking.
    pub trusted: bool,
    /// Keep workspaces.
    pub keep_workspaces: bool,
    /// The second place of trust for checkpoints (DECISIONS 15).
    pub checkpoint_copy: Option<PathBuf>,
}

/// The programs, wired.
pub struct Engine {
    /// The log.
    pub log: Arc<Log>,
    /// Artifacts.
    pub artifacts: Artifacts,
    /// What isolates commands on this machine.
    pub isolation: String,
    /// Base URL of the local api.
    pub api_url: String,
    cluster: Arc<LocalCluster>,
    tick: Tick,
    dispatch: Dispatch,
    publish: Publish,
    trust: Arc<Trust>,
    messages: UnboundedReceiver<Message>,
    state: StateFolder,
    publish_again: Vec<(Instant, Message)>,
}

/// Why the loop ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Nothing is left that needs no person.
    Idle,
    /// Interrupted.
    Stopped,
}

impl Engine {
    /// Opens the state, ends what an earlier run left behind, starts the api.
    pub async fn start(
        setup: Setup,
        forge: LocalForge,
        wrapper: &dyn PortWrapper,
        output: Output,
    ) -> Result<Self, CommandError> {
        let state = &setup.state;
        make_folder(state)?;
        let open = state.open_with("dev", wrapper)?;
        let key = read_or_make(&state.attempt_key())?;
        let operator_token = match setup.operator_token {
            Some(token) => token,
            None => read_or_make(&state.operator_token())?,
        };
        let key = TokenKey::new(key.as_bytes())
            .map_err(|error| CommandError::failed(error.to_string(), "remove attempt-key"))?;
        let (queue, messages) = channel_queue();
        let queue: Arc<dyn Queue> = wrapper.queue(Arc::new(queue));
        let cluster = Arc::new(open_cluster(state, setup.keep_workspaces)?);
        let isolation = cluster.isolation();
        let mirrored = mirrored::MirroredCluster::new(Arc::clone(&cluster), forge.clone());
        let jobs: Arc<dyn Cluster> = wrapper.cluster(Arc::new(mirrored));
        let forge: Arc<dyn Forge> = wrapper.forge(Arc::new(forge));
        let ports = Ports {
            log: Arc::clone(&open.log),
            artifacts: open.artifacts.clone(),
            queue: Arc::clone(&queue),
            clock: Arc::new(SystemClock),
        };
        let tokens = Tokens::new(key.clone(), &operator_token, None);
        let app = Arc::new(App::new(ports, tokens, Limits::default()));
        let api_url = serve(app, &setup.listen).await?;
        let trust = Arc::new(Trust::new(setup.state.trust(), setup.trusted, output));
        let tick = Tick {
            log: Arc::clone(&open.log),
            forge: Arc::clone(&forge),
            queue,
            artifacts: open.artifacts.clone(),
            clock: Arc::new(SystemClock),
            organisation_policy: setup.organisation_policy,
            stand_ins: setup.stand_ins,
            read: Mutex::default(),
            seal: Some(seal(state, setup.checkpoint_copy.as_deref())?),
        };
        let dispatch = Dispatch {
            log: Arc::clone(&open.log),
            cluster: jobs,
            artifacts: open.artifacts.clone(),
            clock: Arc::new(SystemClock),
            mint_token: Box::new(move |attempt: &AttemptId, epoch, not_after| {
                key.mint(attempt, epoch, not_after)
            }),
            api_url: api_url.clone(),
        };
        let publish =
            Publish { log: Arc::clone(&open.log), forge, artifacts: open.artifacts.clone() };
        Ok(Self {
            log: open.log,
            artifacts: open.artifacts,
            isolation,
            api_url,
            cluster,
            tick,
            dispatch,
            publish,
            trust,
            messages,
            state: setup.state,
            publish_again: Vec::new(),
        })
    }

    /// Runs until `stop` resolves or, with `until_idle`, until nothing is left that needs no
    /// person. `on_idle` is called each time that it falls idle.
    pub async fn run(
        &mut self,
        until_idle: bool,
        stop: impl Future<Output = ()>,
        mut on_idle: impl FnMut(&State),
    ) -> Result<Ended, CommandError> {
        let mut stop = std::pin::pin!(stop);
        let mut first = true;
        let mut was_idle = false;
        let mut troubled = 0;
        loop {
            let turn = tokio::select! {
                turn = self.turn(first) => turn?,
                () = &mut stop => return self.stop().await,
            };
            first = false;
            troubled = if turn.troubles.is_empty() { 0 } else { troubled + 1 };
            if until_idle && troubled >= TROUBLED_PASSES {
                return Err(unreadable(&turn.troubles));
            }
            if turn.idle && !was_idle {
                on_idle(&turn.state);
            }
            was_idle = turn.idle;
            if turn.idle && until_idle {
                return Ok(Ended::Idle);
            }
            let woken = tokio::select! {
                woken = self.wait(turn.seq) => woken,
                () = &mut stop => return self.stop().await,
            };
            woken?;
        }
    }

    /// Everything that is to do now: messages, then a pass, then a look at the Jobs.
    async fn turn(&mut self, first: bool) -> Result<Turn, CommandError> {
        still_there(&self.state)?;
        let mut worked = self.handle_messages().await?;
        worked |= self.dispatch.reconcile().await.map_err(from_dispatch)?;
        let before = self.log.view().await?.state.events;
        let pass = self.tick.run(first).await.map_err(|error| match error {
            leviathan_tick::TickError::Log(error) => CommandError::from(error),
        })?;
        worked |= pass.appended;
        if pass.upkeep.snapshot.is_some() {
            snapshots::drop_old(&self.state).await;
        }
        worked |= self.handle_messages().await?;
        let view = self.log.view().await?;
        let waits = view.state.live_attempts().next().is_some()
            || pass.report.next_change.is_some()
            || !self.messages.is_empty()
            || !self.publish_again.is_empty();
        let moved = moved_on(before, view.state.events, pass.report.heartbeat);
        Ok(Turn {
            idle: !worked && !waits && !moved && pass.troubles.is_empty(),
            seq: view.position.seq,
            troubles: pass.troubles,
            state: view.state.clone(),
        })
    }

    /// Until a message comes, the log moves on, or the next pass is due.
    async fn wait(&mut self, seen: Option<u64>) -> Result<(), CommandError> {
        let due = Instant::now() + TICK_EVERY;
        while Instant::now() < due && self.messages.is_empty() {
            tokio::time::sleep(LOOK_EVERY).await;
            if self.log.view().await?.position.seq != seen {
                break;
            }
        }
        Ok(())
    }

    /// Deals with every message that is there. Whether there was one.
    async fn handle_messages(&mut self) -> Result<bool, CommandError> {
        let mut any = false;
        let now = Instant::now();
        let (due, later) =
            std::mem::take(&mut self.publish_again).into_iter().partition(|(at, _)| *at <= now);
        self.publish_again = later;
        let due: Vec<(Instant, Message)> = due;
        for (_, message) in due {
            any = true;
            self.handle(message).await?;
        }
        while let Ok(message) = self.messages.try_recv() {
            any = true;
            self.handle(message).await?;
        }
        Ok(any)
    }

    async fn handle(&mut self, message: Message) -> Result<(), CommandError> {
        match &message {
            Message::Publish { epoch, attempt } => {
                let published = publish(&self.publish, attempt, *epoch).await;
                let published =
                    published.map_err(|error| CommandError::failed(error.to_string(), ""))?;
                if let Published::Failed { .. } = published {
                    self.publish_later(attempt, message.clone()).await?;
                }
            }
            Message::Dispatch { attempt, .. } => {
                self.ensure_trust(attempt).await?;
                self.dispatch.handle(&message).await.map_err(from_dispatch)?;
            }
            Message::Stop { .. } => {
                self.dispatch.handle(&message).await.map_err(from_dispatch)?;
            }
        }
        Ok(())
    }

    /// Exponential: 1 s after the first failure, 16 s after the last but one.
    async fn publish_later(
        &mut self,
        attempt: &AttemptId,
        message: Message,
    ) -> Result<(), CommandError> {
        let view = self.log.view().await?;
        let Some(attempt) = view.state.attempts.get(attempt) else { return Ok(()) };
        if !attempt.status.is_terminal() {
            let wait = 1 << attempt.publish_failures.saturating_sub(1).min(6);
            self.publish_again.push((Instant::now() + Duration::from_secs(wait), message));
        }
        Ok(())
    }

    async fn ensure_trust(&self, attempt: &AttemptId) -> Result<(), CommandError> {
        let view = self.log.view().await?;
        let Some(attempt) = view.state.attempts.get(attempt) else { return Ok(()) };
        let Some(target) = view.state.targets.get(&attempt.target) else { return Ok(()) };
        let Some(synced) = &target.synced else { return Ok(()) };
        let (id, files) = (attempt.target.clone(), synced.files.clone());
        let trust = Arc::clone(&self.trust);
        // A person may take their time: not on a thread that others need.
        let asked = tokio::task::spawn_blocking(move || {
            trust.ensure(&id, &files.policy_digest, &files.policy)
        });
        asked.await.unwrap_or_else(|error| {
            Err(CommandError::failed(format!("asking failed: {error}"), "start again"))
        })
    }

    async fn stop(&self) -> Result<Ended, CommandError> {
        let called_off = self.call_off().await;
        self.end_jobs().await?;
        called_off?;
        Ok(Ended::Stopped)
    }

    /// Records that a person stopped what runs, before it is ended: that counts against no task,
    /// and the next run need not wait before it tries again.
    async fn call_off(&self) -> Result<(), CommandError> {
        let transaction = Transaction::of("stop", Principal::operator(operator()));
        let decide = |state: &State| {
            let running = state.live_attempts().filter(|(_, attempt)| {
                matches!(attempt.status, AttemptStatus::Submitted | AttemptStatus::Running)
            });
            let reason = "the run was stopped; the next one tries again";
            let cancelled =
                running.flat_map(|(id, _)| orders::cancel(state, None, id, reason).events);
            Decision::new(cancelled.collect(), ())
        };
        self.log.transact(&transaction, move |state, _| decide(state)).await?;
        Ok(())
    }

    /// Ends every phase that still runs; their attempts are tried again by the next run.
    pub async fn end_jobs(&self) -> Result<(), CommandError> {
        self.cluster.end_all().await.map_err(|error| {
            CommandError::failed(error.to_string(), "end the named processes by hand")
        })
    }
}

struct Turn {
    idle: bool,
    seq: Option<u64>,
    troubles: Vec<(TargetId, String)>,
    state: State,
}

/// What came in during a pass, such as an attempt's end, may be for the next one to decide. The
/// pass's own heartbeat is not: it is there because nothing happens.
fn moved_on(events_before: u64, events_after: u64, heartbeat: bool) -> bool {
    events_after != events_before.saturating_add(u64::from(heartbeat))
}

/// Without its log nothing can be decided, and a Job that lost its folder would be waited for until
/// its time is over.
fn still_there(state: &StateFolder) -> Result<(), CommandError> {
    if state.log().is_dir() {
        return Ok(());
    }
    Err(CommandError::failed(
        format!("the state folder {} was removed while it was in use", state.root().display()),
        "the same command again starts with an empty log; branches and pull requests of the lost \
         one stay in the repository and are a person's to delete",
    ))
}

/// The key is made at first use. The second place is for logs that others rely on.
fn seal(state: &StateFolder, copy: Option<&Path>) -> Result<Seal, CommandError> {
    let signer = FileSigner::open_or_make(&state.log_key())
        .map_err(|error| CommandError::failed(error.to_string(), "check the state folder"))?;
    let second = copy.map(|folder| {
        FolderStore::open(folder).map_err(|error| {
            CommandError::failed(
                format!("checkpoints can't be copied to {}: {error}", folder.display()),
                "name a folder that can be written with --checkpoint-copy",
            )
        })
    });
    let second = second.transpose()?.map(|store| Arc::new(store) as Arc<dyn ObjectStore>);
    Ok(Seal { signer: Arc::new(signer), second })
}

fn make_folder(state: &StateFolder) -> Result<(), CommandError> {
    std::fs::create_dir_all(state.root()).map_err(|error| {
        CommandError::failed(
            format!("the state folder {} can't be made: {error}", state.root().display()),
            "check its permissions, or name another one with --state",
        )
    })
}

/// Opens the state's cluster, which only one process can have at a time.
pub fn open_cluster(
    state: &StateFolder,
    keep_workspaces: bool,
) -> Result<LocalCluster, CommandError> {
    let program = std::env::current_exe().map_err(|error| {
        CommandError::failed(
            format!("this program's own file can't be found: {error}"),
            "start it by its path",
        )
    })?;
    let prefix = vec!["executor".to_owned()];
    let mut launcher = Launcher::new(program, prefix, state.root().to_owned());
    launcher.keep_folders = keep_workspaces;
    LocalCluster::open(launcher).map_err(|error| {
        CommandError::failed(
            format!("the Jobs' folder {} can't be opened: {error}", state.jobs().display()),
            "end the other `leviathanctl dev` that runs on this state, or name another state \
             folder with --state",
        )
    })
}

async fn serve(app: Arc<App>, listen: &str) -> Result<String, CommandError> {
    let failed = |error: std::io::Error| {
        CommandError::failed(
            format!("the local api can't listen on {listen}: {error}"),
            "name another address with --listen; port 0 takes a free one",
        )
    };
    let listener = tokio::net::TcpListener::bind(listen).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, leviathan_api::router(app)).await {
            tracing::error!("the local api ended: {error}");
        }
    });
    Ok(format!("http://{address}"))
}

fn from_dispatch(error: leviathan_dispatch::DispatchError) -> CommandError {
    match error {
        leviathan_dispatch::DispatchError::Log(error) => error.into(),
        other => CommandError::failed(other.to_string(), "the same command again goes on"),
    }
}

fn unreadable(troubles: &[(TargetId, String)]) -> CommandError {
    let named: Vec<String> = troubles.iter().map(|(id, why)| format!("{id}: {why}")).collect();
    CommandError::failed(
        format!("a target can't be read: {}", named.join("; ")),
        "check the repository; the same command again goes on",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heartbeat_alone_is_no_news() {
        let table =
            [(7, 7, false, false), (7, 8, false, true), (7, 8, true, false), (7, 9, true, true)];
        for (before, after, heartbeat, expected) in table {
            assert_eq!(moved_on(before, after, heartbeat), expected, "{before} to {after}");
        }
    }

    #[test]
    fn a_state_folder_that_vanishes_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let state = StateFolder::at(folder.path());
        std::fs::create_dir(state.log()).unwrap();
        assert!(still_there(&state).is_ok());
        std::fs::remove_dir(state.log()).unwrap();
        let error = still_there(&state).unwrap_err();
        assert!(error.what.contains("was removed while it was in use"), "{}", error.what);
    }
}
