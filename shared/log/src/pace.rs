//! Fairness between processes that append at the same time.
//!
//! Of each round of racing writers one always wins, so nobody has to wait for the log to go on.
//! But the winner is ahead: it knows the end without reading, and would win the next round too. So
//! writers take turns, in the order that the log itself gives: whoever appended last comes last. A
//! nonce's first half says which process appended a commit, so each process knows from what it
//! reads how many others have waited longer than itself. It lets that many go first, looking on
//! meanwhile, and the nearer its turn the more often. Who does not come is left out.
//!
//! All of this is only courtesy. Nobody is kept from appending at any moment, whoever is new goes
//! first, and a process that is alone hardly notices. The bench `processes` shows what it does.

use std::time::Duration;

use jiff::Timestamp;

use crate::commit::Nonce;
use crate::transact::elapsed;

/// Own appends in a row before a short rest: whoever is new can't be seen, and could lose every
/// race to one who never has to look.
const MOST_IN_A_ROW: u32 = 12;

/// Who has not appended for so many commits is not waited for.
const OTHERS_STAY_FOR: u64 = 64;

/// From the newest commit's append on, each other that is to go first gets as long as so many
/// appends: it has to look as well, and not all appends take the same time.
const PATIENCE: u32 = 2;

/// Whatever an append took, waits are measured within these bounds.
const SHORTEST_APPEND: Duration = Duration::from_millis(1);
const LONGEST_APPEND: Duration = Duration::from_millis(100);

/// The half of a nonce that all commits of a process share.
type Process = [u8; 8];

/// What this process knows about how it and others append.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    process: Option<Process>,
    append_took: Duration,
    /// The last commit of this process, and of each other that appended lately.
    own: Option<u64>,
    others: Vec<(Process, u64)>,
    /// Own appends without a rest, or another's commit, between them.
    in_a_row: u32,
    /// When the newest commit was decided on, and how long this process has waited since it knows
    /// of it. Clocks alone would not do: they differ, and may be set back.
    news_at: Option<Timestamp>,
    waited: Duration,
}

/// What to do before an append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// It is this process's turn.
    Now,
    /// Wait so long, and append.
    Rest(Duration),
    /// Wait so long, look what came meanwhile, and ask again.
    LookIn(Duration),
}

impl Pace {
    /// The nonce of this process's next commit, out of random bytes.
    pub(crate) fn nonce(&mut self, random: [u8; 16]) -> Nonce {
        let [own, new] = halves(random);
        let own = *self.process.get_or_insert(own);
        let mut nonce = [0; 16];
        nonce.iter_mut().zip(own.into_iter().chain(new)).for_each(|(to, from)| *to = from);
        Nonce(nonce)
    }

    /// This process has appended commit `seq`, and it took so long.
    pub(crate) fn appended(&mut self, seq: u64, took: Duration, recorded_at: Timestamp) {
        self.own = Some(seq);
        self.append_took = took.clamp(SHORTEST_APPEND, LONGEST_APPEND);
        self.in_a_row = self.in_a_row.saturating_add(1);
        self.news(recorded_at);
    }

    /// This process has read commit `seq`.
    pub(crate) fn read(&mut self, seq: u64, nonce: Nonce, recorded_at: Timestamp) {
        let [process, _] = halves(nonce.0);
        self.news(recorded_at);
        if self.process == Some(process) {
            // Whoever waited for this append had gone before it was known.
            self.own = Some(seq);
            return;
        }
        self.in_a_row = 0;
        // It has let all go first who were before it: who did not come won't now.
        let before = self.others.iter().find(|(other, _)| *other == process);
        let from = before.map_or(0, |(_, last)| last.saturating_add(1));
        let from = from.max(seq.saturating_sub(OTHERS_STAY_FOR));
        self.others.retain(|(_, last)| *last >= from);
        self.others.push((process, seq));
    }

    fn news(&mut self, recorded_at: Timestamp) {
        self.news_at = Some(recorded_at);
        self.waited = Duration::ZERO;
    }

    /// Whether it is this process's turn.
    pub(crate) fn turn(&mut self, now: Timestamp) -> Turn {
        let took = self.append_took;
        let since = self.news_at.map_or(Duration::MAX, |at| elapsed(at, now)).max(self.waited);
        let first = self.own.map_or(0, |own| self.others.partition_point(|(_, last)| *last < own));
        if first == 0 {
            // The newest commit is its own: it took one append, and the rest is another.
            return self.rest(took.saturating_mul(2).saturating_sub(since));
        }
        let many = u32::try_from(first).unwrap_or(u32::MAX);
        let patience = took
            .saturating_mul(PATIENCE.saturating_mul(many).saturating_add(1))
            .saturating_sub(since);
        if patience.is_zero() {
            self.others.drain(..first);
            return Turn::Now;
        }
        // A little before they can all have gone, at one append each.
        let appends = f64::from(many) - 0.5;
        let wait = took.mul_f64(appends * 0.8).min(patience);
        self.waited = self.waited.saturating_add(wait);
        Turn::LookIn(wait)
    }

    fn rest(&mut self, rest: Duration) -> Turn {
        if rest.is_zero() {
            self.in_a_row = 0;
        }
        if self.in_a_row < MOST_IN_A_ROW {
            return Turn::Now;
        }
        self.in_a_row = 0;
        Turn::Rest(rest)
    }

    /// How long to wait after this many races were lost in a row, the last by an append that took
    /// so long; `chance` is random, from 0 to 1. The shorter the more were lost, so that who has
    /// waited longest comes first; the usual growing waits would do the opposite.
    pub(crate) fn wait(races: u32, took: Duration, chance: f64) -> Duration {
        let most = took.clamp(SHORTEST_APPEND, LONGEST_APPEND);
        most.mul_f64(chance.clamp(0.0, 1.0) / f64::from(races.max(1)))
    }
}

fn halves(bytes: [u8; 16]) -> [Process; 2] {
    let number = u128::from_be_bytes(bytes);
    let [high, low] = [number >> 64, number & u128::from(u64::MAX)];
    [high, low].map(|half| u64::try_from(half).unwrap_or_default().to_be_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOOK: Duration = Duration::from_millis(10);

    /// Processes 0 to 9 take turns; this is what number 0 knows.
    struct World {
        pace: Pace,
        now: Timestamp,
        seq: u64,
    }

    fn nonce(process: u8) -> Nonce {
        Nonce([[process; 8], [0; 8]].concat().try_into().unwrap())
    }

    impl World {
        fn new() -> Self {
            let mut pace = Pace::default();
            pace.nonce(nonce(0).0);
            Self { pace, now: Timestamp::UNIX_EPOCH, seq: 0 }
        }

        fn commits(mut self, processes: impl IntoIterator<Item = u8>) -> Self {
            for process in processes {
                match process {
                    0 => self.pace.appended(self.seq, TOOK, self.now),
                    other => self.pace.read(self.seq, nonce(other), self.now),
                }
                self.seq += 1;
            }
            self
        }

        fn after(mut self, time: Duration) -> Self {
            self.now += time;
            self
        }

        fn turn(&mut self) -> Turn {
            self.pace.turn(self.now)
        }
    }

    fn look_in(appends: f64) -> Turn {
        Turn::LookIn(TOOK.mul_f64(appends))
    }

    #[test]
    fn who_appended_longest_ago_comes_first() {
        for (commits, turn) in [
            (vec![], Turn::Now),
            (vec![1, 2, 3], Turn::Now),
            (vec![1, 2, 3, 0], look_in(2.0)),
            (vec![0, 1], Turn::Now),
            (vec![0, 1, 0], look_in(0.4)),
            (vec![0, 1, 0, 1], Turn::Now),
            (vec![0, 1, 2, 3, 0], look_in(2.0)),
            (vec![0, 1, 2, 3, 0, 1], look_in(1.2)),
            (vec![0, 1, 2, 3, 0, 1, 2], look_in(0.4)),
            (vec![0, 1, 2, 3, 0, 1, 2, 3], Turn::Now),
            (vec![0, 1, 2, 3, 0, 2, 1], look_in(0.4)),
            (vec![0, 1, 2, 3, 0, 4, 5, 6], look_in(2.0)),
            (vec![0, 1, 1, 1, 0], look_in(0.4)),
        ] {
            assert_eq!(World::new().commits(commits.clone()).turn(), turn, "{commits:?}");
        }
    }

    #[test]
    fn who_does_not_come_is_left_out() {
        let mut world = World::new().commits([0, 1, 2, 0]);
        assert_eq!(world.turn(), look_in(1.2));
        let mut world = world.after(TOOK * 4);
        assert_eq!(world.turn(), look_in(1.0), "not beyond the time that both have");
        let mut world = world.after(TOOK);
        assert_eq!(world.turn(), Turn::Now);
        assert_eq!(world.commits([0]).turn(), Turn::Now, "once and for all");
    }

    #[test]
    fn whom_another_has_waited_for_in_vain_is_not_waited_for_again() {
        let mut world = World::new().commits([0, 1, 2, 0, 2]);
        assert_eq!(world.turn(), Turn::Now, "2 came twice, and has waited for 1 between");
    }

    #[test]
    fn news_give_the_others_their_time_again() {
        let world = World::new().commits([0, 1, 2, 0]).after(TOOK * 3).commits([1]);
        assert_eq!(world.after(TOOK).turn(), look_in(0.4));
    }

    #[test]
    fn a_clock_that_was_set_back_keeps_nobody_waiting() {
        let mut world = World::new().commits([0, 1, 2, 0]);
        world.now -= Duration::from_secs(3_600);
        let turns = [(); 6].map(|()| world.turn());
        let looks = [1.2, 1.2, 1.2, 1.2, 0.2].map(look_in);
        assert_eq!(turns[..5], looks);
        assert_eq!(turns[5], Turn::Now);
    }

    #[test]
    fn others_are_forgotten_in_time() {
        // Each of another process; only number 1 was before this one.
        for (commits, turn) in [(63, look_in(0.4)), (64, Turn::Now)] {
            let world = World::new().commits([0, 1, 0]).commits(2..2 + commits);
            assert_eq!(world.commits([]).turn(), turn, "{commits} commits since");
        }
    }

    #[test]
    fn an_own_commit_that_nobody_waited_for_is_not_anothers() {
        let mut world = World::new().commits([0, 1, 0, 1]);
        world.pace.read(world.seq, nonce(0), world.now);
        assert_eq!(world.turn(), look_in(0.4));
    }

    #[test]
    fn a_writer_alone_rests_seldom() {
        let mut world = World::new();
        for _ in 0..100 {
            for _ in 0..MOST_IN_A_ROW {
                assert_eq!(world.turn(), Turn::Now);
                world = world.commits([0]);
            }
            world = world.after(TOOK * 11 / 10);
            assert_eq!(world.turn(), Turn::Rest(TOOK * 9 / 10));
            assert_eq!(world.turn(), Turn::Now, "it has just rested");
        }
    }

    #[test]
    fn a_writer_that_paused_of_itself_does_not_rest() {
        let mut world = World::new().commits([0; 100]).after(Duration::from_secs(1));
        assert_eq!(world.turn(), Turn::Now);
        assert_eq!(world.commits([0]).turn(), Turn::Now);
    }

    #[test]
    fn half_of_a_nonce_is_the_processs_and_half_the_appends() {
        let mut pace = Pace::default();
        let first = *b"0123456789abcdef";
        assert_eq!(pace.nonce(first), Nonce(first));
        assert_eq!(pace.nonce(*b"ABCDEFGHIJKLMNOP"), Nonce(*b"01234567IJKLMNOP"));
    }

    #[test]
    fn who_lost_more_races_waits_less() {
        assert_eq!(Pace::wait(1, TOOK, 1.0), Duration::from_millis(10));
        assert_eq!(Pace::wait(5, TOOK, 1.0), Duration::from_millis(2));
        assert_eq!(Pace::wait(5, TOOK, 0.0), Duration::ZERO);
        for (races, took, chance) in [(0, Duration::MAX, 7.0), (u32::MAX, Duration::ZERO, -1.0)] {
            assert!(Pace::wait(races, took, chance) <= LONGEST_APPEND);
        }
    }
}
