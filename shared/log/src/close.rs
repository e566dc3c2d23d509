//! The end of one life of a log (DECISIONS 9): `log.closed` names the successor, and from then on
//! nothing is appended here.

use leviathan_core::decide::Decision;
use leviathan_core::event::Principal;
use leviathan_core::fact::{Fact, LogClosed};

use crate::error::LogError;
use crate::log::Log;
use crate::transact::Transaction;

/// What a transaction that closes or restores a log is called in the commit's header.
pub(crate) const KIND: &str = "restore";

impl Log {
    /// Closes the log in favour of this successor, and answers the number of the commit that says
    /// so. Closed already for the same successor is success: `None`. For another one it is
    /// [`LogError::Closed`], because a log has one successor.
    pub async fn close(&self, by: &Principal, fact: LogClosed) -> Result<Option<u64>, LogError> {
        let successor = fact.successor.clone();
        let event = Fact::from(fact).event_about_no_target();
        let transaction = Transaction::of(KIND, by.clone());
        let decide = move |_: &_, _: &_| Decision::new(vec![event.clone()], ());
        match self.transact(&transaction, decide).await {
            Ok(outcome) => Ok(outcome.commit.map(|commit| commit.header.seq)),
            Err(LogError::Closed { successor: known, .. }) if known == successor => Ok(None),
            Err(problem) => Err(problem),
        }
    }
}
