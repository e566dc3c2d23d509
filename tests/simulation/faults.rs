//! What can go wrong, by name. The fault table in docs/log.md has a row for each; a test holds the
//! two together.

/// The kinds of requests, all but the last to a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Request {
    /// Create-only, as a commit is written.
    Create,
    /// Whatever is there, as the hint is written.
    Replace,
    Get,
    List,
    /// To whoever holds the key that checkpoints are signed with.
    Sign,
}

/// What goes wrong with one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    NotReached,
    ErrorBody,
    Refused,
    AnswerLost,
    StoredLate,
    StoredAfterNotFound,
    Conflict,
    SentTwice,
    Truncated,
    DeleteMarker,
    StaleList,
    StoreAhead,
    StoreBehind,
}

impl Fault {
    pub(crate) const ALL: [Self; 13] = [
        Self::NotReached,
        Self::ErrorBody,
        Self::Refused,
        Self::AnswerLost,
        Self::StoredLate,
        Self::StoredAfterNotFound,
        Self::Conflict,
        Self::SentTwice,
        Self::Truncated,
        Self::DeleteMarker,
        Self::StaleList,
        Self::StoreAhead,
        Self::StoreBehind,
    ];

    /// As the figures and the fault table call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::NotReached => "error before the store",
            Self::ErrorBody => "200 with an error body",
            Self::Refused => "refused",
            Self::AnswerLost => "stored, the answer lost",
            Self::StoredLate => "stored late, or never",
            Self::StoredAfterNotFound => "stored after a reader was told 404",
            Self::Conflict => "409",
            Self::SentTwice => "412 by its own first copy",
            Self::Truncated => "truncated read",
            Self::DeleteMarker => "404 with a delete marker",
            Self::StaleList => "stale list",
            Self::StoreAhead => "the store's clock an hour ahead",
            Self::StoreBehind => "the store's clock an hour behind",
        }
    }

    /// Whether it can happen to such a request.
    pub(crate) fn befalls(self, request: Request) -> bool {
        let writes = matches!(request, Request::Create | Request::Replace);
        match self {
            Self::NotReached | Self::ErrorBody | Self::Refused => true,
            Self::AnswerLost => writes,
            Self::StoredLate | Self::StoredAfterNotFound | Self::Conflict | Self::SentTwice => {
                request == Request::Create
            }
            Self::Truncated | Self::DeleteMarker => request == Request::Get,
            Self::StaleList => request == Request::List,
            Self::StoreAhead | Self::StoreBehind => {
                matches!(request, Request::Create | Request::Get)
            }
        }
    }

    /// Whether the one to whom it happens has been told something untrue, so that it may well
    /// refuse to go on.
    pub(crate) fn misleads(self) -> bool {
        matches!(self, Self::Truncated | Self::DeleteMarker | Self::StoreAhead | Self::StoreBehind)
    }
}

/// What happens to a process as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Disturbance {
    Killed,
    Frozen,
    StoreLost,
    CallerLeaves,
}

impl Disturbance {
    pub(crate) const ALL: [Self; 4] =
        [Self::Killed, Self::Frozen, Self::StoreLost, Self::CallerLeaves];

    /// As the figures and the fault table call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Killed => "process killed",
            Self::Frozen => "process frozen",
            Self::StoreLost => "store lost for seconds",
            Self::CallerLeaves => "caller leaves in the middle",
        }
    }
}
