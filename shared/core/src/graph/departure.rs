//! What leaves the graph, numbered from 0. The newest departures stay until they are views
//! (`leviathan_log::views`).

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::attempt::{Attempt, AttemptRow, EventPlace, Since};
use super::failure::Failure;
use super::node::{Node, NodeType};
use super::size;
use super::window::Window;

/// So many departures stay however long they are: a block of views (64), and what may leave at the
/// event that completes it.
const AT_LEAST: usize = 128;

/// So many leave at one event, at most.
pub(super) const MOST_AT_ONCE: usize = 32;

/// Something that left, as it was then.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Departure {
    /// What was known of an attempt. One that is named again afterwards leaves a second time.
    Attempt(Box<Aged>),
    /// A failure.
    Failure(Failure),
}

/// An attempt that left.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Aged {
    attempt_id: String,
    attempt: Attempt,
    /// What it produced, oldest first.
    produced: Vec<Node>,
}

/// A departure as a list names it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Row {
    /// An attempt.
    Attempt {
        /// Its place in a list.
        since: Since,
        /// As it was when it left.
        row: AttemptRow,
    },
    /// Events that name an attempt which had left before, or was never created.
    Later {
        /// The attempt.
        attempt_id: String,
    },
    /// A failure.
    Failure {
        /// Its place in a list.
        since: Since,
        /// The failure.
        failure: Failure,
    },
}

impl Departure {
    pub(super) fn of_attempt(attempt_id: String, attempt: Attempt, produced: Vec<Node>) -> Self {
        Self::Attempt(Box::new(Aged { attempt_id, attempt, produced }))
    }

    /// The target that it concerns, where one is known.
    pub fn target(&self) -> Option<&str> {
        match self {
            Self::Attempt(aged) => aged.attempt.scope(),
            Self::Failure(failure) => failure.target.as_deref(),
        }
    }

    /// As a list names it.
    pub fn row(&self) -> Row {
        match self {
            Self::Attempt(aged) => match aged.attempt.row() {
                Some(row) => Row::Attempt { since: aged.attempt.since(), row },
                None => Row::Later { attempt_id: aged.attempt_id.clone() },
            },
            Self::Failure(failure) => {
                Row::Failure { since: failure.since(), failure: failure.clone() }
            }
        }
    }

    fn bytes(&self) -> u64 {
        match self {
            Self::Attempt(aged) => aged.attempt.bytes(),
            Self::Failure(failure) => failure.bytes(),
        }
    }
}

impl Aged {
    /// Its id.
    pub fn attempt_id(&self) -> &str {
        &self.attempt_id
    }

    /// Its node, where it was created.
    pub fn node(&self) -> Option<&Node> {
        self.attempt.node()
    }

    /// As a list names it, where it was created.
    pub fn row(&self) -> Option<AttemptRow> {
        self.attempt.row()
    }

    /// What it produced, oldest first.
    pub fn produced(&self) -> &[Node] {
        &self.produced
    }

    /// Where its events stand, oldest first.
    pub fn events(&self) -> &[EventPlace] {
        self.attempt.events()
    }

    /// The titles of its pull requests, by their ids: one that came without has its task's.
    pub fn titles(&self) -> impl Iterator<Item = (&str, &str)> {
        let pull_requests = self.produced.iter().filter(|n| n.node_type == NodeType::PullRequest);
        pull_requests.map(|node| (node.node_id.as_str(), node.text("title")))
    }
}

/// Everything that ever left, by number.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Departures {
    departed: u64,
    /// The newest of them, oldest first.
    newest: VecDeque<Departure>,
    bytes: u64,
    /// The newest attempt, and the newest failure, that left: what is newer is all at hand.
    last_attempt: Option<Since>,
    last_failure: Option<Since>,
}

impl Departures {
    /// How many there ever were: the number of the next one.
    pub fn departed(&self) -> u64 {
        self.departed
    }

    /// The number of the oldest one that is still here.
    pub fn first_kept(&self) -> u64 {
        self.departed.saturating_sub(self.newest.len() as u64)
    }

    /// Those that are still here, with their numbers, oldest first.
    pub fn newest(&self) -> impl DoubleEndedIterator<Item = (u64, &Departure)> {
        let first = self.first_kept();
        let numbered = self.newest.iter().enumerate();
        numbered.map(move |(index, departure)| (first.saturating_add(index as u64), departure))
    }

    /// The newest attempt that left.
    pub fn last_attempt(&self) -> Option<Since> {
        self.last_attempt
    }

    /// The newest failure that left.
    pub fn last_failure(&self) -> Option<Since> {
        self.last_failure
    }

    pub(super) fn depart(&mut self, departure: Departure, window: &Window) {
        match &departure {
            Departure::Attempt(aged) => {
                self.last_attempt = self.last_attempt.max(Some(aged.attempt.since()));
            }
            Departure::Failure(failure) => {
                self.last_failure = self.last_failure.max(Some(failure.since()));
            }
        }
        self.departed = self.departed.saturating_add(1);
        self.bytes = self.bytes.saturating_add(departure.bytes());
        self.newest.push_back(departure);
        while self.newest.len() > AT_LEAST
            && (self.newest.len() > window.departures || self.bytes > window.departure_bytes)
        {
            let gone = self.newest.pop_front().map_or(0, |departure| departure.bytes());
            self.bytes = self.bytes.saturating_sub(gone);
        }
    }
}

/// Beside its text, what a departure takes.
pub(super) fn bytes_of_texts<'a>(texts: impl IntoIterator<Item = Option<&'a str>>) -> u64 {
    texts.into_iter().flatten().fold(64, |sum, text| sum.saturating_add(size::of_text(text)))
}
