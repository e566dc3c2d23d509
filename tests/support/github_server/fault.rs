//! What can go wrong on the way to GitHub and there.

use std::time::Duration;

/// What goes wrong with one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// A gateway answers; nothing was done.
    BadGateway,
    /// It is done, and a gateway answers.
    LostAnswer,
    /// It is done, and the answer comes this much later.
    Slow(Duration),
    /// The hour's budget is used up, for so many seconds.
    BudgetUsedUp(i64),
    /// A secondary limit; the header says to wait so many seconds, or nothing.
    SecondaryLimit(Option<i64>),
    /// 429.
    TooMany(i64),
    /// The repository was renamed.
    Renamed,
    /// The answer is a success, and no JSON.
    Nonsense,
}

/// A fault that waits for its request.
#[derive(Debug)]
pub(super) struct Planned {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) fault: Fault,
}
