//! What a person sees while it runs: each event as it is committed and, on a terminal, a line for
//! each attempt that is under way.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use leviathan_core::authority::authorised;
use leviathan_core::event::Event;
use leviathan_core::fact::Fact;
use leviathan_core::ids::AttemptId;
use leviathan_core::state::State;
use leviathan_log::{Log, LogError};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::story::{digest, lines};
use crate::output::{Format, Output};
use crate::text::plain;

/// How often the log is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Prints what happens from now on, until it is ended.
pub(super) struct Live {
    end: oneshot::Sender<()>,
    following: JoinHandle<()>,
}

impl Live {
    /// Starts after what the log holds already.
    pub(super) async fn start(log: Arc<Log>, output: Output) -> Result<Self, LogError> {
        let next = log.view().await?.position.seq.map_or(0, |seq| seq + 1);
        let mut follower =
            Follower { log, next, output, bars: MultiProgress::new(), running: BTreeMap::new() };
        let (end, mut ended) = oneshot::channel();
        let following = tokio::spawn(async move {
            loop {
                // A log that can't be read stops the programs, which say so.
                let _ = follower.catch_up().await;
                tokio::select! {
                    _ = &mut ended => break,
                    () = tokio::time::sleep(LOOK_EVERY) => {}
                }
            }
            let _ = follower.catch_up().await;
            follower.clear();
        });
        Ok(Self { end, following })
    }

    /// Prints what is still to be printed.
    pub(super) async fn end(self) {
        let _ = self.end.send(());
        let _ = self.following.await;
    }
}

struct Follower {
    log: Arc<Log>,
    next: u64,
    output: Output,
    bars: MultiProgress,
    running: BTreeMap<AttemptId, ProgressBar>,
}

impl Follower {
    async fn catch_up(&mut self) -> Result<(), LogError> {
        let view = self.log.view().await?;
        let Some(last) = view.position.seq else { return Ok(()) };
        while self.next <= last {
            let commit = self.log.read(self.next).await?;
            self.show(&commit.events, &view.state);
            self.next += 1;
        }
        Ok(())
    }

    fn show(&mut self, events: &[Event], state: &State) {
        let output = self.output;
        match output.format {
            Format::Json => {
                for event in events {
                    output.try_json_line(event);
                }
            }
            Format::Table => {
                let told = events.iter().flat_map(|event| lines(event, state)).collect();
                self.bars.suspend(|| {
                    for line in digest(told) {
                        output.line(plain(&line));
                    }
                });
                for event in events {
                    self.follow_attempt(event, state);
                }
            }
        }
    }

    /// Keeps one moving line for each attempt that is under way.
    fn follow_attempt(&mut self, event: &Event, state: &State) {
        let Some(fact) = authorised(event) else { return };
        let Some(id) = fact.attempt().cloned() else { return };
        match &fact {
            Fact::AttemptCreated(created) => {
                let bar = self.bars.add(ProgressBar::new_spinner());
                if let Ok(style) = ProgressStyle::with_template("  {spinner} {msg} {elapsed}") {
                    bar.set_style(style);
                }
                bar.enable_steady_tick(Duration::from_millis(120));
                bar.set_message(plain(&format!("{} starting", created.task_id)));
                self.running.insert(id, bar);
            }
            Fact::AttemptProgress(progress) => {
                if let Some(bar) = self.running.get(&id) {
                    let task = state.attempts.get(&id).map(|attempt| attempt.task.to_string());
                    let task = task.unwrap_or_default();
                    bar.set_message(plain(&format!("{task} {}", progress.phase.as_str())));
                }
            }
            Fact::AttemptSucceeded(_)
            | Fact::AttemptFailed(_)
            | Fact::AttemptTimedOut(_)
            | Fact::AttemptCancelled(_)
            | Fact::PublishRefused(_) => {
                if let Some(bar) = self.running.remove(&id) {
                    bar.finish_and_clear();
                }
            }
            _ => {}
        }
    }

    fn clear(&mut self) {
        for bar in std::mem::take(&mut self.running).into_values() {
            bar.finish_and_clear();
        }
    }
}
