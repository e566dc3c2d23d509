//! The newest end of the log that this process has seen, and going on from there.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use leviathan_core::event::Event;
use leviathan_core::graph::Window;
use leviathan_core::ids::Digest;
use leviathan_core::state::{Closed, State};

use crate::access::{Access, Found, Got, Heard};
use crate::cold_start::{Claim, ColdStart};
use crate::commit::{Commit, Fault, Nonce, Part, StoredCommit, decode};
use crate::error::LogError;
use crate::keys;
use crate::listing::{LIST_PAGE, Listing};
use crate::pace::{Pace, Turn};
use crate::position::Position;
use crate::rules::Rules;
use crate::shown::Shown;
use crate::snapshot::{Due, Kept};
use crate::time::CorrectedClock;
use crate::views::graph;

/// For so long a view that was at the end counts as fresh: a transaction decides on it without
/// looking again. Only speed hangs on it, because the append itself proves that it was the end.
const FRESH_FOR: SignedDuration = SignedDuration::from_secs(1);

/// What is known at one point of the log.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct View {
    /// The fold over all events up to there.
    pub state: State,
    /// The point.
    pub position: Position,
}

/// The view that this process keeps, and how sure it is that it is the end.
#[derive(Default)]
pub(crate) struct Tail {
    view: Arc<View>,
    /// Whether the first catch-up is through.
    warm: bool,
    pub(crate) cold_start: ColdStart,
    /// What says how far the log reached once; each must be met.
    claims: Vec<Claim>,
    snapshots: Kept,
    /// Whether, and within which window, what is only shown is kept.
    window: Option<Window>,
    /// It, at the view's position. `None`: it is not wanted, or still to be begun.
    shown: Option<Arc<Shown>>,
    at_end_at: Option<Timestamp>,
    time: CorrectedClock,
    pace: Pace,
}

impl Tail {
    /// As far as this process has read.
    pub(crate) fn view(&self) -> &Arc<View> {
        &self.view
    }

    /// Reads on until nothing follows. Warm: k commits behind are k+1 GETs.
    pub(crate) async fn catch_up(&mut self, access: &Access) -> Result<(), LogError> {
        self.at_end_at = None;
        if !self.warm {
            // On the heap: every caller's future would be as large as a cold start.
            Box::pin(self.start_cold(access)).await?;
            self.warm = true;
        }
        loop {
            match access.look(self.view.position.next_seq()).await? {
                Found::Here(got) => self.take_object(&access.rules, got)?,
                Found::Nothing(heard) => {
                    self.observe(heard);
                    self.meet_claims()?;
                    self.at_end_at = Some(heard.asked_at);
                    return Ok(());
                }
            }
        }
    }

    /// Everything that a LIST names, which also proves that there is no hole.
    pub(crate) async fn read_listed(
        &mut self,
        access: &Access,
        mut listing: Listing,
    ) -> Result<(), LogError> {
        loop {
            let chunk = listing.fetch(access, self.view.position.next_seq()).await?;
            self.snapshots.will_read_to(listing.last());
            if chunk.is_empty() {
                return Ok(());
            }
            for got in chunk {
                self.take_object(&access.rules, got)?;
            }
        }
    }

    /// Lets a LIST say that nothing lies behind the end, and that the end itself is still there.
    /// What was appended since the last look is read too.
    pub(crate) async fn prove_end(&mut self, access: &Access) -> Result<(), LogError> {
        let Position { seq, digest, .. } = self.view.position.clone();
        let mut listing = Listing::begin(access, seq.unwrap_or_default(), LIST_PAGE).await?;
        if let Some(seq) = seq
            && !listing.take_first(seq)
        {
            match access.get(seq).await? {
                // The LIST is old, or names something else besides: that is its reader's to say.
                Some(got) if Some(Digest::of(&got.object.bytes)) == digest => {}
                Some(_) => return Err(damaged(seq, Fault::NotAsRead)),
                None => {
                    return Err(LogError::shorter(
                        &self.view.position,
                        seq,
                        "this process has read it",
                    ));
                }
            }
        }
        self.read_listed(access, listing).await
    }

    /// Another thing that says how far the log reached.
    pub(crate) fn claims(&mut self, claim: Option<Claim>) {
        self.claims.extend(claim);
    }

    /// Every claim must be met by the end that was found; who asks again gets the same answer.
    fn meet_claims(&mut self) -> Result<(), LogError> {
        let end = &self.view.position;
        match self.claims.iter().find(|claim| claim.is_broken_by(end)) {
            Some(claim) => {
                Err(LogError::shorter(&self.view.position, claim.seq, claim.evidence.clone()))
            }
            None => {
                self.claims.clear();
                Ok(())
            }
        }
    }

    /// Begins anew from this view, and what is shown there, where that is known.
    pub(crate) fn restart_from(&mut self, view: View, shown: Option<Shown>) {
        self.view = Arc::new(view);
        self.shown = shown.map(Arc::new);
    }

    /// From now on keeps what is only shown.
    pub(crate) fn show(&mut self, window: Window) {
        self.window = Some(window);
    }

    /// The window, where what is shown is wanted: without views nothing may leave it.
    pub(crate) fn window(&self, access: &Access) -> Option<Window> {
        self.window.map(|window| if access.data.is_some() { window } else { Window::ENDLESS })
    }

    /// What is shown at the view's position. Where it was not wanted before, it is begun now.
    pub(crate) async fn shown(&mut self, access: &Access) -> Result<Arc<Shown>, LogError> {
        if let Some(shown) = &self.shown {
            return Ok(Arc::clone(shown));
        }
        let window = *self.window.get_or_insert_default();
        let window = if access.data.is_some() { window } else { Window::ENDLESS };
        let position = &self.view.position;
        let passed_over = &mut self.cold_start.passed_over;
        let graph = graph::reach(access, position, window, passed_over).await?;
        let shown = Arc::new(Shown::of(graph, position.next_seq()));
        self.shown = Some(Arc::clone(&shown));
        Ok(shown)
    }

    /// What is shown, where it is kept.
    pub(crate) fn shown_if_kept(&self) -> Option<Arc<Shown>> {
        self.shown.clone()
    }

    /// From now on keeps what snapshots are made of.
    pub(crate) fn keep_snapshots(&mut self, every: u64) {
        self.snapshots.keep(every);
        self.window.get_or_insert_default();
    }

    /// The view of which a snapshot is to be written.
    pub(crate) fn due_snapshot(&self) -> Option<Due> {
        self.snapshots.due()
    }

    /// It was written, or never can be.
    pub(crate) fn snapshot_settled(&mut self, view: &View) {
        self.snapshots.settled(view);
    }

    /// Goes one commit further by what stands under the next key.
    pub(crate) fn take_object(&mut self, rules: &Rules, got: Got) -> Result<(), LogError> {
        self.observe(got.heard);
        let stored = read_next(&self.view.position, got.object.bytes)?;
        self.take(rules, &stored)?;
        let header = &stored.commit.header;
        if self.warm {
            // What was there before this process says nothing about who is there now.
            self.pace.read(header.seq, header.nonce, header.recorded_at);
        }
        Ok(())
    }

    /// Goes one commit further.
    fn take(&mut self, rules: &Rules, stored: &StoredCommit) -> Result<(), LogError> {
        // Cloned only where a reader still holds the view of before.
        let view = Arc::make_mut(&mut self.view);
        advance(rules, &mut view.position, stored)?;
        fold(&mut view.state, &stored.commit);
        self.passed(rules, stored);
        Ok(())
    }

    /// The view went one commit further: so does what is shown.
    fn passed(&mut self, rules: &Rules, stored: &StoredCommit) {
        if let Some(shown) = &mut self.shown {
            Arc::make_mut(shown).take(stored);
        }
        self.snapshots.passed(rules, &self.view, self.shown.as_ref());
    }

    /// The commit that this process has just appended: it is the end. `ahead`: the state after so
    /// many of its parts, where that is known already.
    pub(crate) fn take_own(
        &mut self,
        access: &Access,
        stored: &StoredCommit,
        ahead: Option<(State, usize)>,
        times: Option<[Timestamp; 3]>,
        took: Duration,
    ) -> Result<(), LogError> {
        if let Some([asked, answered, store]) = times {
            self.time.observe(asked, answered, store);
        }
        match ahead {
            // What was folded for decisions is not folded again, and no reader holds it.
            Some((mut state, folded)) => {
                let mut position = self.view.position.clone();
                advance(&access.rules, &mut position, stored)?;
                let Commit { header, events } = &*stored.commit;
                fold_from(&mut state, &header.parts, events, folded);
                self.view = Arc::new(View { state, position });
                self.passed(&access.rules, stored);
            }
            None => self.take(&access.rules, stored)?,
        }
        self.at_end_at = Some(access.clock.now());
        let header = &stored.commit.header;
        self.pace.appended(header.seq, took, header.recorded_at);
        Ok(())
    }

    /// Waits, where other processes have waited longer. Whether to look on now and ask again.
    pub(crate) async fn let_others_go_first(&mut self, access: &Access) -> bool {
        let turn = self.pace.turn(access.clock.now());
        if let Turn::Rest(time) | Turn::LookIn(time) = turn {
            access.clock.sleep(time).await;
        }
        matches!(turn, Turn::LookIn(_))
    }

    /// The nonce of this process's next commit.
    pub(crate) fn nonce(&mut self, access: &Access) -> Nonce {
        self.pace.nonce(access.entropy.random())
    }

    /// Whether the view was at the end a moment ago.
    pub(crate) fn is_fresh(&self, machine: Timestamp) -> bool {
        self.at_end_at.is_some_and(|at| {
            let age = machine.duration_since(at);
            !age.is_negative() && age <= FRESH_FOR
        })
    }

    /// Whether a commit that beat ours is so old that there must be many more behind it.
    pub(crate) fn looks_far_behind(&self, machine: Timestamp) -> bool {
        self.view.position.recorded_at.is_none_or(|at| machine.duration_since(at) > FRESH_FOR)
    }

    /// The time to decide with; refused where the clock is too far off. Before that the store is
    /// asked once more, because somebody may have set the clock since it last told its time.
    pub(crate) async fn now(&mut self, access: &Access) -> Result<Timestamp, LogError> {
        let last = self.view.position.recorded_at;
        let now = self.time.now(access.clock.now(), last);
        if let (Err(LogError::ClockOff { .. }), Some(seq)) = (&now, self.view.position.seq)
            && let Found::Here(Got { heard, .. }) | Found::Nothing(heard) = access.look(seq).await?
        {
            self.observe(heard);
            return self.time.now(access.clock.now(), last);
        }
        now
    }

    fn observe(&mut self, heard: Heard) {
        if let Some(store) = heard.store_time {
            self.time.observe(heard.asked_at, heard.answered_at, store);
        }
    }

    /// DECISIONS 9: nothing is appended to a log that has a successor.
    pub(crate) fn refuse_closed(&self, rules: &Rules) -> Result<(), LogError> {
        match &self.view.state.log.closed {
            Some(Closed { successor, place, epoch }) if rules.closed_log_refuses => {
                let (successor, place) = (successor.clone(), place.clone());
                Err(LogError::Closed { successor, place, epoch: *epoch })
            }
            _ => Ok(()),
        }
    }

    /// DECISIONS 7: who is older than the log demands decides nothing.
    pub(crate) fn refuse_newer_log(&self, access: &Access) -> Result<(), LogError> {
        let (needed, understood) = (self.view.position.min_reader, access.understood);
        if needed > understood {
            return Err(LogError::NewerLog { needed, understood });
        }
        Ok(())
    }
}

fn advance(rules: &Rules, position: &mut Position, stored: &StoredCommit) -> Result<(), LogError> {
    let advanced = if rules.prev_is_checked {
        position.advance(stored)
    } else {
        position.advance_unlinked(stored)
    };
    advanced.map_err(|fault| damaged(stored.commit.header.seq, fault))
}

/// Takes a commit into the state: part by part, the events before the bundle that they came in.
pub fn fold(state: &mut State, commit: &Commit) {
    fold_each(state, commit, |_| {});
}

/// As [`fold`]; `after` sees the state after each event.
pub(crate) fn fold_each(state: &mut State, commit: &Commit, after: impl FnMut(&State)) {
    fold_parts(state, (&commit.header.parts, &commit.events), 0, after);
}

/// As [`fold`], for a state that has the first `folded` parts already.
pub(crate) fn fold_from(state: &mut State, parts: &[Part], events: &[Event], folded: usize) {
    fold_parts(state, (parts, events), folded, |_| {});
}

fn fold_parts(
    state: &mut State,
    (parts, events): (&[Part], &[Event]),
    folded: usize,
    mut after: impl FnMut(&State),
) {
    let mut events = events.iter();
    for (index, part) in parts.iter().enumerate() {
        let own = events.by_ref().take(usize::try_from(part.count).unwrap_or(usize::MAX));
        if index < folded {
            own.for_each(drop);
            continue;
        }
        for event in own {
            state.apply(event);
            after(state);
        }
        if let (Some(target), Some(bundle), Some(content)) =
            (&part.target, &part.bundle_id, &part.content_digest)
        {
            state.apply_bundle(target, bundle, content);
        }
    }
}

/// What stands under the key after this position.
pub(crate) fn read_next(position: &Position, bytes: Bytes) -> Result<StoredCommit, LogError> {
    let seq = position.next_seq();
    decode(seq, bytes).map_err(|fault| damaged(seq, fault))
}

pub(crate) fn damaged(seq: u64, fault: Fault) -> LogError {
    LogError::Damaged { key: keys::commit(seq), fault }
}
