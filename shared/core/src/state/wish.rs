//! What a backlog file wishes of one task, as far as a decision or a list reads it. The long texts
//! are in the definition's artifact (DECISIONS 4).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::fact::{TaskCreated, TaskStatus};
use crate::ids::{Digest, TaskId};
use crate::task::Priority;

/// The wish. Serialised as a row: with 100,000 of them, names would be half of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Row", into = "Row")]
pub struct Wish {
    /// One line, at most 200 characters.
    pub title: String,
    /// What kind of work.
    pub scope: String,
    /// What goes first.
    pub priority: Priority,
    /// As in the file.
    pub allowed_paths: Vec<String>,
    /// As in the file.
    pub dependencies: Vec<TaskId>,
    /// What the file says: may it run?
    pub ready: bool,
    /// The file's word on its state; not the truth.
    pub status: TaskStatus,
    /// Digest of the whole definition, and name of its artifact: it changes with every field but
    /// `ready` and `status`.
    pub definition: Digest,
    /// From 1; rises when a person wants it again.
    pub generation: u32,
    /// When this generation was first seen.
    pub created_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct Row(
    String,
    String,
    Priority,
    Vec<String>,
    Vec<TaskId>,
    bool,
    TaskStatus,
    Digest,
    u32,
    Timestamp,
);

impl From<Row> for Wish {
    fn from(row: Row) -> Self {
        let Row(title, scope, priority, allowed_paths, dependencies, ..) = row;
        let (ready, status, definition, generation, created_at) =
            (row.5, row.6, row.7, row.8, row.9);
        Self {
            title,
            scope,
            priority,
            allowed_paths,
            dependencies,
            ready,
            status,
            definition,
            generation,
            created_at,
        }
    }
}

impl From<Wish> for Row {
    fn from(wish: Wish) -> Self {
        Self(
            wish.title,
            wish.scope,
            wish.priority,
            wish.allowed_paths,
            wish.dependencies,
            wish.ready,
            wish.status,
            wish.definition,
            wish.generation,
            wish.created_at,
        )
    }
}

impl From<TaskCreated> for Wish {
    fn from(fact: TaskCreated) -> Self {
        Self {
            title: fact.title,
            scope: fact.scope,
            priority: fact.priority,
            allowed_paths: fact.allowed_paths,
            dependencies: fact.dependencies,
            ready: fact.ready,
            status: fact.status,
            definition: fact.definition,
            generation: fact.generation,
            created_at: fact.created_at,
        }
    }
}
