//! Everything that can be wrong with stored bytes that should be the next commit.

use jiff::Timestamp;

/// Why bytes are not the commit that should stand there. What to do is in `LogError::Damaged`,
/// which carries it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Not one newline-ended text.
    #[error("its bytes are cut off: the last line has no end")]
    CutOff,
    /// Not text.
    #[error("line {line} is not UTF-8")]
    NotText {
        /// Counted from 1: the header is line 1.
        line: usize,
    },
    /// A line is not the JSON that it should be.
    #[error("line {line} can't be read: {reason}")]
    Line {
        /// Counted from 1: the header is line 1.
        line: usize,
        /// The parser's word.
        reason: String,
    },
    /// A line says what it says in other bytes than we write.
    #[error("line {line} is not spelled as format {} spells it", super::FORMAT)]
    Spelling {
        /// Counted from 1: the header is line 1.
        line: usize,
    },
    /// A later program's format.
    #[error("it has format {found}, this program reads format {}", super::FORMAT)]
    Format {
        /// What the header says.
        found: u64,
    },
    /// A number in the header or in an event is not the one that must stand there.
    #[error("{what} is {found}, it must be {expected}")]
    Number {
        /// Which number.
        what: &'static str,
        /// What stands there.
        found: u64,
        /// What must stand there.
        expected: u64,
    },
    /// More than a commit may hold.
    #[error("{what}: {found}, the limit is {limit}")]
    Limit {
        /// What was counted.
        what: &'static str,
        /// How many.
        found: usize,
        /// The limit.
        limit: usize,
    },
    /// The parts of the header don't cover the events one after the other.
    #[error("part {part} of the header does not follow on the one before it")]
    Parts {
        /// Counted from 0; one past the last when events are left over.
        part: usize,
    },
    /// An event's time is not the header's, or a decision was made after the commit.
    #[error("{what} is {found}, it must be {expected}")]
    Time {
        /// Which time.
        what: &'static str,
        /// What stands there.
        found: Timestamp,
        /// What must stand there, or the earliest that may.
        expected: String,
    },
    /// It does not follow on the commit that we have before it.
    #[error("its prev is {found}, but the commit before it has the digest {expected}")]
    Prev {
        /// What the header says.
        found: String,
        /// The digest of the commit before.
        expected: String,
    },
    /// It comes from an earlier life of the log.
    #[error("it is of epoch {found}, the log is in epoch {expected} already")]
    Epoch {
        /// What the header says.
        found: u64,
        /// The epoch of the commit before.
        expected: u64,
    },
    /// The events' own chain is broken.
    #[error("the event at offset {offset} has the hash {found}, its content gives {expected}")]
    Hash {
        /// Whose hash.
        offset: u64,
        /// What stands there.
        found: String,
        /// What the content gives.
        expected: String,
    },
    /// An event can't be hashed, so it can't have been appended by us.
    #[error("the event at offset {offset} can't be hashed: {reason}")]
    Unhashable {
        /// Which event.
        offset: u64,
        /// Why.
        reason: String,
    },
    /// It is not the commit that was noted down earlier.
    #[error("its digest is {found}, but {expected} was noted down for it earlier")]
    Head {
        /// The digest of what stands there.
        found: String,
        /// The digest that was noted down.
        expected: String,
    },
    /// It is not the commit that this process has read there before.
    #[error("it is another commit than this process has read there before")]
    NotAsRead,
    /// The object has our own nonce and other bytes than we sent.
    #[error("it carries the nonce of our own append, but not the bytes that we sent")]
    NotOurBytes,
}
