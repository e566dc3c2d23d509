//! Group commit: transactions of one process that wait at the same time share a commit, a part
//! each (DECISIONS 3).
//!
//! Whoever waits is in the queue; one of them at a time is at the desk, and serves all. Its caller
//! may go away at any moment (a client hangs up, and its handler is dropped), so everything that
//! others depend on lies on the desk and not in the caller's future: who waits, and a commit whose
//! append was begun. The next who comes to the desk sends the same commit again, under the same
//! nonce, before anything else: the log takes it once.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use leviathan_core::graph::Window;

use crate::access::Access;
use crate::append::{Appended, append};
use crate::cold_start::ColdStart;
use crate::commit::{StoredCommit, Writer};
use crate::error::LogError;
use crate::pace::Pace;
use crate::position::Position;
use crate::round::{Deciding, Ready, Round};
use crate::tail::{Tail, View};
use crate::transact::elapsed;
use crate::waiting::Waiting;

/// After so many lost races in a row a transaction gives up; nothing was appended then.
const MOST_RACES: u32 = 256;

/// Transactions that nobody at the desk has seen yet, in the order in which they came.
#[derive(Default)]
pub(crate) struct Queue(Mutex<VecDeque<Waiting>>);

impl Queue {
    /// One more.
    pub(crate) fn add(&self, waiting: Waiting) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push_back(waiting);
    }

    fn take(&self) -> VecDeque<Waiting> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The end of the log, and all who are being served.
#[derive(Default)]
pub(crate) struct Desk {
    tail: Tail,
    group: VecDeque<Waiting>,
    /// A commit whose append is under way, or was when its sender went away.
    under_way: Option<UnderWay>,
    /// The group can't be one commit: each of them makes its own.
    alone: bool,
    /// Several were served together the last time.
    crowded: bool,
}

struct UnderWay {
    ready: Box<Ready>,
    sent: bool,
}

/// How an append ended.
enum Sent {
    /// Everybody in it has their answer.
    Ended,
    /// Another writer was first; the append that lost took so long.
    Lost { took: Duration },
}

impl Desk {
    /// The end of the log, after what an earlier one at the desk left under way.
    pub(crate) async fn tail(&mut self, access: &Access) -> Result<&mut Tail, LogError> {
        self.finish(access).await?;
        Ok(&mut self.tail)
    }

    /// From now on keeps what snapshots are made of.
    pub(crate) fn keep_snapshots(&mut self, every: u64) {
        self.tail.keep_snapshots(every);
    }

    /// From now on keeps what is only shown, within this window.
    pub(crate) fn show(&mut self, window: Window) {
        self.tail.show(window);
    }

    /// The snapshot of this view was written, or never can be.
    pub(crate) fn snapshot_settled(&mut self, view: &View) {
        self.tail.snapshot_settled(view);
    }

    /// As far as this process has read.
    pub(crate) fn position(&self) -> &Position {
        &self.tail.view().position
    }

    /// How the first read went.
    pub(crate) fn cold_start(&self) -> &ColdStart {
        &self.tail.cold_start
    }

    /// Serves those who wait, until one commit is appended or nobody waits any more. Whoever has
    /// come meanwhile, or found no place, is left for the next call.
    pub(crate) async fn serve(&mut self, access: &Access, writer: &Writer, queue: &Queue) {
        if let Err(problem) = self.try_to_serve(access, writer, queue).await {
            for waiting in self.group.drain(..) {
                waiting.end(Err(problem.clone()));
            }
        }
        self.alone &= !self.group.is_empty();
    }

    /// An error means that nothing was appended for anybody in the group.
    async fn try_to_serve(
        &mut self,
        access: &Access,
        writer: &Writer,
        queue: &Queue,
    ) -> Result<(), LogError> {
        if let Some(Sent::Ended) = self.finish(access).await? {
            return Ok(());
        }
        self.group.extend(queue.take());
        if !self.tail.is_fresh(access.clock.now()) {
            self.look(access).await?;
        }
        while self.tail.let_others_go_first(access).await {
            self.group.extend(queue.take());
            self.look(access).await?;
        }
        if self.crowded {
            // Who was served just now may want more: together they need one commit, not two.
            tokio::task::yield_now().await;
        }
        self.group.extend(queue.take());
        self.crowded = self.group.len() > 1;
        loop {
            match self.decide(access, writer).await? {
                Round::Nothing if self.group.is_empty() => return Ok(()),
                Round::Nothing => self.look(access).await?,
                Round::Unfit if self.group.is_empty() => return Ok(()),
                Round::Unfit => {}
                Round::UnfitTogether => self.alone = true,
                Round::Append(ready) => {
                    self.under_way = Some(UnderWay { ready, sent: false });
                    let Some(Sent::Lost { took }) = self.finish(access).await? else {
                        return Ok(());
                    };
                    self.after_a_lost_race(access, took).await?;
                    self.group.extend(queue.take());
                }
            }
        }
    }

    /// Reads on to the end. Everybody in the group waits since before.
    async fn look(&mut self, access: &Access) -> Result<(), LogError> {
        self.tail.catch_up(access).await?;
        self.at_end(true);
        Ok(())
    }

    fn at_end(&mut self, is: bool) {
        self.group.iter_mut().for_each(|waiting| waiting.at_end = is);
    }

    async fn decide(&mut self, access: &Access, writer: &Writer) -> Result<Round, LogError> {
        self.tail.refuse_newer_log(access)?;
        self.tail.refuse_closed(&access.rules)?;
        let now = self.tail.now(access).await?;
        let nonce = self.tail.nonce(access);
        let (view, alone) = (self.tail.view().as_ref(), self.alone);
        let rules = &access.rules;
        Deciding { view, writer, nonce, now, alone, rules }.run(&mut self.group)
    }

    /// Sends the commit that is under way, if one is. The commit stays on the desk until it is
    /// known what became of it, whoever waits for that.
    async fn finish(&mut self, access: &Access) -> Result<Option<Sent>, LogError> {
        let Some(under_way) = &mut self.under_way else { return Ok(None) };
        let decided = &under_way.ready.decided;
        if under_way.sent && decided.iter().all(|decided| decided.waiting.is_gone()) {
            // Nobody wants to know. If it was stored, it is read as another's would be.
            self.under_way = None;
            return Ok(None);
        }
        let sent_before = std::mem::replace(&mut under_way.sent, true);
        let began = access.clock.now();
        let appended = append(access, &under_way.ready.stored, sent_before).await;
        let took = elapsed(began, access.clock.now());
        let Some(UnderWay { mut ready, .. }) = self.under_way.take() else { return Ok(None) };
        let problem = match appended {
            Ok(Appended::Committed { times }) => {
                let ahead = ready.ahead.take();
                match self.tail.take_own(access, &ready.stored, ahead, times, took) {
                    Ok(()) => {
                        // That it could be appended proves that the view was the end.
                        self.at_end(true);
                        ready.committed();
                        return Ok(Some(Sent::Ended));
                    }
                    Err(problem) => problem,
                }
            }
            Ok(Appended::Lost(got)) => {
                ready.give_back(&mut self.group);
                self.tail.take_object(&access.rules, got)?;
                self.at_end(false);
                return Ok(Some(Sent::Lost { took }));
            }
            Ok(Appended::Unknown { reason }) => unknown(&ready.stored, reason),
            Err(problem) => problem,
        };
        ready.failed(&problem, &mut self.group);
        Ok(Some(Sent::Ended))
    }

    /// Who has lost too many races is told so; the others wait a little, and not in step with the
    /// other writers. Who lost more than one in a row looks before it tries again: a GET costs less
    /// than another lost PUT.
    async fn after_a_lost_race(&mut self, access: &Access, took: Duration) -> Result<(), LogError> {
        let mut most = 0;
        for mut waiting in std::mem::take(&mut self.group) {
            let races = waiting.races.saturating_add(1);
            waiting.races = races;
            if races >= MOST_RACES {
                waiting.end(Err(LogError::Busy { races }));
            } else {
                most = most.max(races);
                self.group.push_back(waiting);
            }
        }
        if self.group.is_empty() {
            return Ok(());
        }
        access.clock.sleep(Pace::wait(most, took, access.chance())).await;
        if most > 1 || self.tail.looks_far_behind(access.clock.now()) {
            self.look(access).await?;
        }
        Ok(())
    }
}

fn unknown(stored: &StoredCommit, reason: String) -> LogError {
    let header = &stored.commit.header;
    LogError::Unknown { seq: header.seq, nonce: header.nonce, reason }
}
