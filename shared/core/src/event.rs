//! One fact, as it stands in the log; and one that a decision wants to append.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::ids::{AttemptId, TargetId};

/// An event's own data, key order and number spelling as they came in.
pub type Payload = Map<String, Value>;

/// The largest event line that our own decisions may write, in bytes (DESIGN, "The log on S3").
pub const MAX_EVENT_LINE_BYTES: usize = 64 * 1024;

/// One event as it stands in the log. Field order is the line's byte order (DECISIONS 3).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Position among all events of the log, dense from 0.
    pub offset: u64,
    /// The commit that holds it.
    pub seq: u64,
    /// When the writer appended it: the commit's `recorded_at`.
    pub recorded_at: Timestamp,
    /// Ours: `<seq>-<index>`; a client's: as sent, not unique (CONTRACT 2.3).
    pub event_id: String,
    /// Dotted name, such as `attempt.created`.
    pub event_type: String,
    /// When it happened, as text, exactly as sent. Proves nothing: see DECISIONS 10.
    pub timestamp: String,
    /// Who it says that it is, as sent. Proves nothing: see `principal`.
    pub actor_id: Option<String>,
    /// Who appended it, from the caller's token (DECISIONS 2).
    pub principal: Principal,
    /// The target that it concerns, if any.
    pub target: Option<TargetId>,
    /// The fact itself.
    pub payload: Payload,
    /// The original's hash chain (CONTRACT 2.2), 64 hex digits.
    pub hash: String,
}

/// An event that a decision wants to append; the log gives it offset, id and hash.
#[derive(Debug, Clone, PartialEq)]
pub struct NewEvent {
    /// `None`: the log names it `<seq>-<index>`.
    pub event_id: Option<String>,
    /// Dotted name, such as `attempt.created`.
    pub event_type: String,
    /// `None`: the commit's `recorded_at`.
    pub timestamp: Option<String>,
    /// As sent by a client; `None` for our own events.
    pub actor_id: Option<String>,
    /// The target that it concerns, if any.
    pub target: Option<TargetId>,
    /// The fact itself.
    pub payload: Payload,
}

/// Who may append what is decided by role; `crate::authority` holds the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// The scheduling pass.
    Tick,
    /// Creates Jobs and reconciles them.
    Dispatch,
    /// Pushes branches and opens pull requests.
    Publish,
    /// Receives a forge's webhooks.
    PrIngest,
    /// The API on its own behalf.
    Api,
    /// A person, through leviathanctl or the API.
    Operator,
    /// One attempt's executor, by its own token.
    Attempt,
    /// A worker or client of the original Leviathan.
    Legacy,
    /// Who restores and closes logs: leviathanctl on the stores themselves. No token gives this
    /// role, so nobody can end a log by way of the api.
    Keeper,
}

impl Role {
    /// Every role, for tables and tests.
    pub const ALL: [Role; 9] = [
        Role::Tick,
        Role::Dispatch,
        Role::Publish,
        Role::PrIngest,
        Role::Api,
        Role::Operator,
        Role::Attempt,
        Role::Legacy,
        Role::Keeper,
    ];

    /// The role's name in the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Tick => "tick",
            Role::Dispatch => "dispatch",
            Role::Publish => "publish",
            Role::PrIngest => "pr-ingest",
            Role::Api => "api",
            Role::Operator => "operator",
            Role::Attempt => "attempt",
            Role::Legacy => "legacy",
            Role::Keeper => "keeper",
        }
    }
}

/// Who appended an event: a role and, where there are many, which one. In the log `role` or
/// `role:name`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Principal {
    /// What it may append.
    pub role: Role,
    /// Which one: the attempt's id, the operator's name.
    pub name: Option<String>,
}

impl Principal {
    /// A program, which needs no name.
    pub fn program(role: Role) -> Self {
        Self { role, name: None }
    }
    /// A person.
    pub fn operator(name: impl Into<String>) -> Self {
        Self { role: Role::Operator, name: Some(name.into()) }
    }
    /// The executor of this attempt.
    pub fn attempt(attempt: &AttemptId) -> Self {
        Self { role: Role::Attempt, name: Some(attempt.to_string()) }
    }
    /// The person who restores or closes a log.
    pub fn keeper(name: impl Into<String>) -> Self {
        Self { role: Role::Keeper, name: Some(name.into()) }
    }
    /// Whether this is the executor of that very attempt.
    pub fn is_attempt(&self, attempt: &AttemptId) -> bool {
        self.role == Role::Attempt && self.name.as_deref() == Some(attempt.as_str())
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{}:{name}", self.role.as_str()),
            None => f.write_str(self.role.as_str()),
        }
    }
}

impl FromStr for Principal {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let (role, name) = match text.split_once(':') {
            Some((role, name)) => (role, Some(name.to_owned())),
            None => (text, None),
        };
        let role = Role::ALL
            .into_iter()
            .find(|known| known.as_str() == role)
            .ok_or_else(|| format!("{text:?} names no role"))?;
        Ok(Self { role, name })
    }
}

impl TryFrom<String> for Principal {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Principal> for String {
    fn from(principal: Principal) -> String {
        principal.to_string()
    }
}
