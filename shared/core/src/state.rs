//! What we know: a fold over the log.

use serde::{Deserialize, Serialize};

use crate::event::Event;

/// The highest `min_reader` that this program understands (DECISIONS 7).
pub const READER_VERSION: u32 = 1;

/// What we know.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Events folded so far.
    pub events: u64,
}

impl State {
    /// Takes one event in. Total: what is foreign or not authorised changes nothing.
    pub fn apply(&mut self, event: &Event) {
        self.events = event.offset + 1;
    }

    /// The epoch that new commits are written in (DECISIONS 9).
    pub fn epoch(&self) -> u64 {
        1
    }
}

/// The `min_reader` that an event of this type demands of whoever decides (DECISIONS 7).
pub fn min_reader(_event_type: &str) -> u32 {
    1
}
