//! Exit codes: one table, in every command's help and in `docs/leviathanctl.md`.

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done; also for an empty list.
    Done,
    /// It failed; what happened and what to do is on stderr.
    Failed,
    /// The command line is wrong (clap's own code).
    Usage,
    /// Nothing was changed: a person has to do something first, and stderr says what.
    PersonNeeded,
    /// What was asked for does not exist.
    NotFound,
    /// The log is damaged: everything stops until a person has looked.
    LogDamaged,
}

impl Exit {
    /// Every code, with what it means.
    pub const TABLE: [(Exit, &'static str); 6] = [
        (Exit::Done, "done; also for an empty list"),
        (Exit::Failed, "it failed; stderr says what happened and what to do"),
        (Exit::Usage, "the command line is wrong"),
        (Exit::PersonNeeded, "nothing was changed: a person has to do something first"),
        (Exit::NotFound, "what was asked for does not exist"),
        (Exit::LogDamaged, "the log is damaged; look before anything else runs"),
    ];

    /// The number that the shell sees.
    pub fn code(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::PersonNeeded => 3,
            Exit::NotFound => 4,
            Exit::LogDamaged => 5,
        }
    }
}
