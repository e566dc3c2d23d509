//! The time that a writer puts on its commits (DECISIONS 10): this machine's clock, corrected by
//! the store's, and never before the last commit's.
//!
//! A store tells its time in whole seconds (S3's `Date`), taken somewhere between our question and
//! its answer. So its word is an interval, and the clock is corrected only by what the interval
//! proves: a machine whose clock is right is never moved by the store's rounding.

use jiff::{SignedDuration, Timestamp};

use crate::error::LogError;

/// The store's times are cut to this.
const STORE_RESOLUTION: SignedDuration = SignedDuration::from_secs(1);

/// Beyond this a writer warns.
const WARN_BEYOND: SignedDuration = SignedDuration::from_secs(30);

/// Beyond this a writer refuses to append.
const REFUSE_BEYOND: SignedDuration = SignedDuration::from_mins(5);

/// How far this machine's clock is from the store's, as far as is known.
#[derive(Debug, Default)]
pub(crate) struct CorrectedClock {
    /// To be added to the machine's clock.
    correction: SignedDuration,
    warned: bool,
}

impl CorrectedClock {
    /// Takes in the store's time, given with an answer to a request of ours.
    pub(crate) fn observe(&mut self, asked: Timestamp, answered: Timestamp, store: Timestamp) {
        // The store's clock stood in [store, store + 1 s) at some moment in [asked, answered].
        let behind = store.duration_since(answered);
        let ahead = asked.duration_since(store).saturating_sub(STORE_RESOLUTION);
        self.correction = if behind.is_positive() {
            behind
        } else if ahead.is_positive() {
            ahead.checked_neg().unwrap_or(SignedDuration::MIN)
        } else {
            SignedDuration::ZERO
        };
        let far = self.correction.abs() > WARN_BEYOND;
        if far && !self.warned {
            tracing::warn!(
                seconds = self.correction.as_secs(),
                "this machine's clock is away from the store's; set it before appends are refused"
            );
        }
        self.warned = far;
    }

    /// The time to decide and to append with, in whole microseconds (finer ones would not survive
    /// an export to the original's form, CONTRACT 2.2).
    pub(crate) fn now(
        &self,
        machine: Timestamp,
        last: Option<Timestamp>,
    ) -> Result<Timestamp, LogError> {
        if self.correction.abs() > REFUSE_BEYOND {
            let seconds = self.correction.as_secs();
            return Err(LogError::ClockOff { seconds, limit: REFUSE_BEYOND.as_secs() });
        }
        let corrected = machine.saturating_add(self.correction).unwrap_or(machine);
        let whole = Timestamp::from_microsecond(corrected.as_microsecond()).unwrap_or(corrected);
        Ok(last.map_or(whole, |last| whole.max(last)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64, millis: i32) -> Timestamp {
        Timestamp::new(1_800_000_000 + seconds, millis * 1_000_000).unwrap()
    }

    fn corrected(asked: Timestamp, answered: Timestamp, store: Timestamp) -> SignedDuration {
        let mut clock = CorrectedClock::default();
        clock.observe(asked, answered, store);
        clock.correction
    }

    #[test]
    fn the_stores_rounding_moves_no_clock_that_is_right() {
        let zero = SignedDuration::ZERO;
        // Asked at 10.9, answered at 11.1; the store may say 10 or 11.
        assert_eq!(corrected(at(10, 900), at(11, 100), at(10, 0)), zero);
        assert_eq!(corrected(at(10, 900), at(11, 100), at(11, 0)), zero);
    }

    #[test]
    fn a_clock_is_moved_by_what_the_store_proves() {
        let behind = corrected(at(10, 0), at(10, 100), at(70, 0));
        assert_eq!(behind, SignedDuration::from_millis(59_900));
        let ahead = corrected(at(70, 0), at(70, 100), at(10, 0));
        assert_eq!(ahead, SignedDuration::from_secs(-59));
    }

    #[test]
    fn now_is_never_before_the_last_commit_and_has_whole_microseconds() {
        let clock = CorrectedClock::default();
        let fine = Timestamp::new(1_800_000_000, 123_456_789).unwrap();
        let cut = Timestamp::new(1_800_000_000, 123_456_000).unwrap();
        assert_eq!(clock.now(fine, None), Ok(cut));
        assert_eq!(clock.now(fine, Some(at(-5, 0))), Ok(cut));
        assert_eq!(clock.now(fine, Some(at(5, 0))), Ok(at(5, 0)));
    }

    #[test]
    fn five_minutes_off_refuses_and_four_is_corrected() {
        let mut clock = CorrectedClock::default();
        clock.observe(at(0, 0), at(0, 0), at(240, 0));
        assert_eq!(clock.now(at(1, 0), None), Ok(at(241, 0)));
        clock.observe(at(0, 0), at(0, 0), at(301, 0));
        assert_eq!(clock.now(at(1, 0), None), Err(LogError::ClockOff { seconds: 301, limit: 300 }));
        clock.observe(at(0, 0), at(0, 0), at(-302, 0));
        assert_eq!(
            clock.now(at(1, 0), None),
            Err(LogError::ClockOff { seconds: -301, limit: 300 })
        );
    }
}
