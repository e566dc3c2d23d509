//! The original's journal: one event a line, each with its hash and the one before it
//! (CONTRACT 2.2). Written for its tools, and read when its history is brought here.

use serde::{Deserialize, Serialize};

use super::{ChainProblem, event_hash};
use crate::event::{Event, Payload};
use crate::timestamp;

/// One line of a journal. Field order is the line's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JournalLine {
    /// As sent.
    pub event_id: String,
    /// As sent.
    pub event_type: String,
    /// As the original writes it.
    pub timestamp: String,
    /// As sent.
    #[serde(default)]
    pub actor_id: Option<String>,
    /// As sent.
    pub payload: Payload,
    /// The hash of the line before; `None` on the first.
    #[serde(default)]
    pub prev_hash: Option<String>,
    /// This line's.
    pub hash: String,
}

/// What is wrong with a line of a journal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JournalProblem {
    /// Not a line of a journal.
    #[error("it can't be read: {0}")]
    Unreadable(String),
    /// Its event can't be hashed.
    #[error(transparent)]
    Chain(#[from] ChainProblem),
    /// The journal does not begin here.
    #[error("the first event has prev_hash {0}: the journal's beginning is missing")]
    NoBeginning(String),
    /// Somebody changed the event.
    #[error("hash mismatch: its content hashes to {found}, the line says {said}")]
    Hash {
        /// What it hashes to.
        found: String,
        /// What the line says.
        said: String,
    },
    /// Something is missing or was moved.
    #[error("chain broken: its prev_hash is {said}, the line before has {expected}")]
    Broken {
        /// What the line says.
        said: String,
        /// The hash of the line before.
        expected: String,
    },
}

/// Checks one line after the other, in the original's order.
#[derive(Debug, Clone, Default)]
pub struct Verifier {
    last: Option<String>,
}

impl Verifier {
    /// Reads the next line and checks it.
    pub fn next(&mut self, line: &str) -> Result<JournalLine, JournalProblem> {
        let line: JournalLine = serde_json::from_str(line)
            .map_err(|problem| JournalProblem::Unreadable(problem.to_string()))?;
        if let (None, Some(said)) = (&self.last, &line.prev_hash) {
            return Err(JournalProblem::NoBeginning(said.clone()));
        }
        let found = event_hash(
            line.prev_hash.as_deref(),
            &line.event_id,
            &line.event_type,
            &line.timestamp,
            line.actor_id.as_deref(),
            &line.payload,
        )?;
        if found != line.hash {
            return Err(JournalProblem::Hash { found, said: line.hash });
        }
        if line.prev_hash != self.last {
            let text = |hash: &Option<String>| hash.clone().unwrap_or_else(|| "null".to_owned());
            let (said, expected) = (text(&line.prev_hash), text(&self.last));
            return Err(JournalProblem::Broken { said, expected });
        }
        self.last = Some(line.hash.clone());
        Ok(line)
    }
}

impl JournalLine {
    /// The line of an event of ours; `prev_hash` is the hash of the event before it in the log.
    pub fn of(event: &Event, prev_hash: Option<String>) -> Result<Self, ChainProblem> {
        let time = timestamp::parse(&event.timestamp)?.isoformat();
        let timestamp = match time.strip_suffix("+00:00") {
            Some(utc) => format!("{utc}Z"),
            None => time,
        };
        Ok(Self {
            event_id: event.event_id.clone(),
            event_type: event.event_type.clone(),
            timestamp,
            actor_id: event.actor_id.clone(),
            payload: event.payload.clone(),
            prev_hash,
            hash: event.hash.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(id: &str, timestamp: &str, payload: &str, prev: Option<&str>) -> JournalLine {
        let payload: Payload = serde_json::from_str(payload).unwrap();
        let hash = event_hash(prev, id, "x.t", timestamp, None, &payload).unwrap();
        JournalLine {
            event_id: id.to_owned(),
            event_type: "x.t".to_owned(),
            timestamp: timestamp.to_owned(),
            actor_id: None,
            payload,
            prev_hash: prev.map(str::to_owned),
            hash,
        }
    }

    fn journal() -> Vec<String> {
        let first = line("a", "2026-01-24T10:00:00", r#"{"b":1.0,"a":1e-7}"#, None);
        let second = line("b", "2026-01-24T10:00:00Z", r#"{"é":2}"#, Some(&first.hash));
        [first, second].iter().map(|line| serde_json::to_string(line).unwrap()).collect()
    }

    fn verify(lines: &[String]) -> Result<(), JournalProblem> {
        let mut verifier = Verifier::default();
        lines.iter().try_for_each(|line| verifier.next(line).map(|_| ()))
    }

    #[test]
    fn a_whole_journal_verifies_and_so_does_an_empty_one() {
        assert_eq!(verify(&journal()), Ok(()));
        assert_eq!(verify(&[]), Ok(()));
    }

    #[test]
    fn each_kind_of_damage_has_its_own_word() {
        let whole = journal();
        let broken = |lines: Vec<String>| verify(&lines).unwrap_err();
        assert!(matches!(broken(vec![whole[1].clone()]), JournalProblem::NoBeginning(_)));
        let changed = whole[0].replace("1.0", "1");
        assert!(matches!(broken(vec![changed]), JournalProblem::Hash { .. }));
        let twice = vec![whole[0].clone(), whole[1].clone(), whole[1].clone()];
        assert!(matches!(broken(twice), JournalProblem::Broken { .. }));
        assert!(matches!(broken(vec!["{".to_owned()]), JournalProblem::Unreadable(_)));
    }
}
