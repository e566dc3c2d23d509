//! Fairness between processes that append at the same time.
//!
//! Of each round of racing writers one always wins, so nobody has to wait for the log to go on.
//! But the winner is ahead: it knows the end without reading, and would win the next round too, and
//! a busy process could shut all others out. It can't see them, because it never loses. So whoever
//! has appended several times in a row, which was its turn, rests for as long as the others
//! usually take between two turns of its own; a process that pauses of itself, or is alone for
//! long, hardly notices. The longer a turn, the more commits the log takes in all (the next append
//! of the same writer needs no read) and the longer the others wait: the bench `processes` shows
//! both.

use std::time::Duration;

/// Own appends in a row before a rest, where others appended lately; and where none did.
const STREAK_AMONG_OTHERS: u32 = 4;
const STREAK_ALONE: u32 = 32;

/// Others count as there for so many commits after their last one.
const OTHERS_STAY_FOR: u64 = 256;

/// The shortest rest, and the longest wait after a lost race, in appends. An append of another
/// takes a read more than ours.
const REST: u32 = 3;
const WAIT: u32 = 2;

/// No rest is longer than so many appends.
const LONGEST_REST: u32 = 64;

/// Whatever an append took, waits are measured within these bounds.
const SHORTEST_APPEND: Duration = Duration::from_millis(1);
const LONGEST_APPEND: Duration = Duration::from_millis(100);

/// What this process knows about how it and others append.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    streak: u32,
    last_foreign: Option<u64>,
    append_took: Duration,
    /// Commits of others since the last own one; and how many that usually are.
    foreign: u32,
    usual_foreign: u32,
}

impl Pace {
    /// This process has appended a commit, and it took so long.
    pub(crate) fn appended(&mut self, took: Duration) {
        self.streak = self.streak.saturating_add(1);
        if self.foreign > 0 {
            self.usual_foreign =
                self.usual_foreign.saturating_mul(3).saturating_add(self.foreign).div_ceil(4);
            self.foreign = 0;
        }
        self.append_took = took.clamp(SHORTEST_APPEND, LONGEST_APPEND);
    }

    /// This process has read another's commit.
    pub(crate) fn read(&mut self, seq: u64) {
        self.streak = 0;
        self.foreign = self.foreign.saturating_add(1).min(LONGEST_REST);
        self.last_foreign = Some(seq);
    }

    /// How long to rest before appending at `seq`, `since` after the last append.
    pub(crate) fn rest(&mut self, seq: u64, since: Duration) -> Duration {
        let others = self.among_others(seq);
        let most = if others { STREAK_AMONG_OTHERS } else { STREAK_ALONE };
        let turns = if others { self.usual_foreign.max(REST) } else { REST };
        let rest = self.append_took.saturating_mul(turns).saturating_sub(since);
        if rest.is_zero() {
            self.streak = 0;
        }
        if self.streak < most {
            return Duration::ZERO;
        }
        self.streak = 0;
        rest
    }

    /// Whether others appended lately, seen from before an append at `seq`.
    pub(crate) fn among_others(&self, seq: u64) -> bool {
        self.last_foreign.is_some_and(|last| seq.saturating_sub(last) <= OTHERS_STAY_FOR)
    }

    /// How long to wait after this many races were lost in a row, the last by an append that took
    /// so long; `chance` is random, from 0 to 1. The shorter the more were lost, so that who has
    /// waited longest comes first; the usual growing waits would do the opposite.
    pub(crate) fn wait(races: u32, took: Duration, chance: f64) -> Duration {
        let most = took.clamp(SHORTEST_APPEND, LONGEST_APPEND).saturating_mul(WAIT);
        most.mul_f64(chance.clamp(0.0, 1.0) / f64::from(races.max(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOOK: Duration = Duration::from_millis(10);

    fn appended(pace: &mut Pace, times: u32) {
        for _ in 0..times {
            pace.appended(TOOK);
        }
    }

    #[test]
    fn a_writer_among_others_rests_after_its_turn() {
        let mut pace = Pace::default();
        pace.read(7);
        appended(&mut pace, STREAK_AMONG_OTHERS - 1);
        assert_eq!(pace.rest(9, Duration::ZERO), Duration::ZERO);
        appended(&mut pace, 1);
        assert_eq!(pace.rest(10, Duration::from_millis(1)), Duration::from_millis(29));
        assert_eq!(pace.rest(10, Duration::ZERO), Duration::ZERO, "it has just rested");
    }

    #[test]
    fn the_more_others_append_between_two_turns_the_longer_is_the_rest() {
        let mut pace = Pace::default();
        for turn in 0..12 {
            for seq in 0..20 {
                pace.read(turn * 24 + seq);
            }
            appended(&mut pace, STREAK_AMONG_OTHERS);
        }
        assert_eq!(pace.rest(290, Duration::ZERO), TOOK * 20);
        (0..1_000).for_each(|seq| pace.read(seq));
        assert_eq!(
            pace.rest(1_000, Duration::ZERO),
            Duration::ZERO,
            "it is not its turn that ended"
        );
        (0..99).for_each(|_| {
            (0..1_000).for_each(|seq| pace.read(seq));
            appended(&mut pace, STREAK_AMONG_OTHERS);
        });
        assert_eq!(pace.rest(1_000, Duration::ZERO), TOOK * LONGEST_REST);
    }

    #[test]
    fn a_writer_that_paused_of_itself_does_not_rest() {
        let mut pace = Pace::default();
        pace.read(7);
        appended(&mut pace, 5);
        assert_eq!(pace.rest(13, Duration::from_secs(1)), Duration::ZERO);
    }

    #[test]
    fn a_writer_alone_rests_seldom() {
        let mut pace = Pace::default();
        appended(&mut pace, STREAK_ALONE - 1);
        assert_eq!(pace.rest(31, Duration::ZERO), Duration::ZERO);
        appended(&mut pace, 1);
        assert_eq!(pace.rest(32, Duration::ZERO), TOOK * REST);
    }

    #[test]
    fn others_are_forgotten_in_time() {
        let mut pace = Pace::default();
        pace.read(0);
        appended(&mut pace, 10);
        assert_eq!(pace.rest(OTHERS_STAY_FOR + 1, Duration::ZERO), Duration::ZERO);
    }

    #[test]
    fn who_lost_more_races_waits_less() {
        assert_eq!(Pace::wait(1, TOOK, 1.0), Duration::from_millis(20));
        assert_eq!(Pace::wait(4, TOOK, 1.0), Duration::from_millis(5));
        assert_eq!(Pace::wait(0, Duration::ZERO, 7.0), SHORTEST_APPEND * WAIT);
        assert_eq!(Pace::wait(1, Duration::from_secs(60), 1.0), LONGEST_APPEND * WAIT);
    }
}
