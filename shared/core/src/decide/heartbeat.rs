//! A sign of life of a log in which nothing happens (DECISIONS 15).
//!
//! A checkpoint is named by its size, so in silence there would be no new one, and a log in which
//! nothing happened would look like one whose newest events were taken away. One event every 15
//! minutes gives each checkpoint a size and a time of its own.

use jiff::SignedDuration;

use super::Moment;
use crate::event::NewEvent;
use crate::fact::{Fact, LogHeartbeat};

/// A log in which nothing was appended for this long gets a heartbeat from the next tick.
pub const SILENCE: SignedDuration = SignedDuration::from_mins(15);

/// The heartbeat, if it is due. A log that has not begun has nothing to show.
pub(super) fn due(moment: &Moment) -> Option<NewEvent> {
    let silent = moment.now.duration_since(moment.newest?);
    (silent >= SILENCE).then(|| Fact::from(LogHeartbeat {}).event_about_no_target())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heartbeat_is_due_after_a_quarter_of_an_hour_of_silence() {
        let now = "2026-03-01T12:00:00Z".parse().unwrap();
        let table = [
            (None, false),
            (Some("2026-03-01T12:00:00Z"), false),
            (Some("2026-03-01T11:45:00.000001Z"), false),
            (Some("2026-03-01T11:45:00Z"), true),
            (Some("2020-01-01T00:00:00Z"), true),
            // A clock that is behind the newest commit.
            (Some("2026-03-01T12:30:00Z"), false),
        ];
        for (newest, expected) in table {
            let moment = Moment { now, epoch: 1, newest: newest.map(|at| at.parse().unwrap()) };
            let event = due(&moment);
            assert_eq!(event.is_some(), expected, "{newest:?}");
            if let Some(event) = event {
                assert_eq!((event.event_type.as_str(), event.target), ("log.heartbeat", None));
                assert!(event.payload.is_empty());
                assert_eq!(
                    Fact::read("log.heartbeat", &event.payload),
                    Some(LogHeartbeat {}.into())
                );
            }
        }
    }
}
