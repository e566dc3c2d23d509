//! Which life of the log this is (DECISIONS 9). A restored log goes on in a new epoch; a closed one
//! does not go on.

use serde::{Deserialize, Serialize};

use crate::fact::{LogClosed, LogRestored};

/// Which life of the log this is, and whether it is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLife {
    /// 1 until the log is restored; higher in each life.
    pub epoch: u64,
    /// Nothing may be appended any more.
    pub closed: Option<Closed>,
    /// The id of the restored log; `None` in the first life.
    pub id: Option<String>,
}

/// Who goes on in the place of a closed log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closed {
    /// Its id.
    pub successor: String,
    /// Where it lies, as it was named.
    pub place: String,
    /// The epoch that it writes in.
    pub epoch: u64,
}

impl Default for LogLife {
    fn default() -> Self {
        Self { epoch: 1, closed: None, id: None }
    }
}

impl LogLife {
    /// The first word stands: a log has one successor.
    pub(super) fn close(&mut self, fact: LogClosed) {
        if self.closed.is_none() {
            let LogClosed { successor, place, epoch } = fact;
            self.closed = Some(Closed { successor, place, epoch });
        }
    }

    /// Epochs only rise.
    pub(super) fn restore(&mut self, fact: LogRestored) {
        if fact.epoch > self.epoch {
            *self = Self { epoch: fact.epoch, closed: None, id: Some(fact.id) };
        }
    }
}
