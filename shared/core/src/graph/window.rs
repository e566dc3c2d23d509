//! How much of the graph stays at hand. What is older leaves it (`departure.rs`) and is found among
//! the views (DECISIONS 4).

/// The bounds. Counts alone would not bound memory, because clients choose how long their texts are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Attempts: the newest ones, and those of ours that have not ended (the configured limits
    /// bound them). More than one answer lists.
    pub attempts: usize,
    /// And so many bytes of all of them.
    pub attempt_bytes: u64,
    /// An attempt that so many events name leaves at once.
    pub events_of_one: usize,
    /// Or one that has so many bytes.
    pub bytes_of_one: u64,
    /// Failures: the newest.
    pub failures: usize,
    /// And so many bytes of all of them.
    pub failure_bytes: u64,
    /// Nodes that no attempt at hand has produced, such as tasks: those that were named last.
    pub loose: usize,
    /// And so many bytes of all of them.
    pub loose_bytes: u64,
    /// Departures that stay until they are views; never fewer than 128.
    pub departures: usize,
    /// And so many bytes of all of them.
    pub departure_bytes: u64,
}

const MIB: u64 = 1024 * 1024;

impl Window {
    /// What every program uses. Changing a number changes what the same log gives: `GRAPH_FORMAT`
    /// has to rise with it.
    pub const STANDARD: Self = Self {
        attempts: 1_024,
        attempt_bytes: 16 * MIB,
        events_of_one: 1_024,
        bytes_of_one: MIB / 4,
        failures: 1_024,
        failure_bytes: 4 * MIB,
        loose: 4_096,
        loose_bytes: 8 * MIB,
        departures: 256,
        departure_bytes: 8 * MIB,
    };

    /// Nothing leaves: where no views are kept, and for what one attempt's own events give.
    pub const ENDLESS: Self = Self {
        attempts: usize::MAX,
        attempt_bytes: u64::MAX,
        events_of_one: usize::MAX,
        bytes_of_one: u64::MAX,
        failures: usize::MAX,
        failure_bytes: u64::MAX,
        loose: usize::MAX,
        loose_bytes: u64::MAX,
        departures: usize::MAX,
        departure_bytes: u64::MAX,
    };
}

impl Default for Window {
    fn default() -> Self {
        Self::STANDARD
    }
}
