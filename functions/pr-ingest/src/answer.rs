//! How a delivery ended.

use serde::Serialize;

/// What is answered to GitHub, which shows it under the webhook's recent deliveries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// The HTTP status.
    #[serde(skip)]
    pub status: u16,
    /// How it ended.
    pub outcome: Outcome,
    /// Why, for a person.
    pub reason: String,
    /// GitHub's name for the delivery.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivery: Option<String>,
}

/// How a delivery ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was acted upon.
    Done,
    /// It changes nothing here.
    Ignored,
    /// It is not taken.
    Refused,
}

impl Outcome {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Ignored => "ignored",
            Self::Refused => "refused",
        }
    }
}

impl Answer {
    pub(crate) fn done(reason: impl Into<String>) -> Self {
        Self { status: 200, outcome: Outcome::Done, reason: reason.into(), delivery: None }
    }

    pub(crate) fn ignored(reason: impl Into<String>) -> Self {
        Self { status: 200, outcome: Outcome::Ignored, reason: reason.into(), delivery: None }
    }

    pub(crate) fn refused(status: u16, reason: String) -> Self {
        Self { status, outcome: Outcome::Refused, reason, delivery: None }
    }

    /// With GitHub's name for the delivery, if it looks like one.
    pub(crate) fn named(mut self, id: Option<&str>) -> Self {
        let fit = |id: &&str| {
            (1..=64).contains(&id.len())
                && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        };
        self.delivery = id.filter(fit).map(str::to_owned);
        self
    }
}
