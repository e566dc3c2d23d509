//! Going through a log from some point on, each commit verified before it is handed on. Where the
//! log is damaged, everything sound before that place is handed on first.

use jiff::Timestamp;

use crate::access::Access;
use crate::commit::StoredCommit;
use crate::error::LogError;
use crate::listing::Listing;
use crate::position::Position;
use crate::tail::{damaged, read_next};

/// Commits read one by one behind the LIST: what was appended meanwhile. A walk must end even if
/// others append without pause.
const MOST_BEHIND_THE_LIST: u32 = 64;

/// How far to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// To the end.
    End,
    /// Up to this commit, which is the last one.
    Commit(u64),
    /// Up to the last commit that was recorded at this time or before it.
    Time(Timestamp),
}

impl Until {
    fn is_before(self, stored: &StoredCommit) -> bool {
        let header = &stored.commit.header;
        match self {
            Self::End => false,
            Self::Commit(seq) => header.seq > seq,
            Self::Time(time) => header.recorded_at > time,
        }
    }
}

/// A reader that verifies.
pub(crate) struct Walk<'a> {
    access: &'a Access,
    until: Until,
    /// The last commit that was handed on.
    pub(crate) position: Position,
    listing: Listing,
    /// What the LIST or a GET stumbled over; what comes before it is still to be handed on.
    fault: Option<LogError>,
    behind_the_list: u32,
    over: bool,
}

impl<'a> Walk<'a> {
    /// From the commit after this position on.
    pub(crate) fn new(access: &'a Access, position: Position, until: Until) -> Self {
        let listing = Listing::default();
        Self { access, until, position, listing, fault: None, behind_the_list: 0, over: false }
    }

    /// The next commits, in order; none: that was all. After an error the walk is over.
    pub(crate) async fn next(&mut self) -> Result<Vec<StoredCommit>, LogError> {
        let mut sound = Vec::new();
        while sound.is_empty() && !self.over {
            self.read_some(&mut sound).await?;
        }
        Ok(sound)
    }

    async fn read_some(&mut self, sound: &mut Vec<StoredCommit>) -> Result<(), LogError> {
        if self.fault.is_some() {
            return self.read_one(sound).await;
        }
        match self.listing.fetch(self.access, self.position.next_seq()).await {
            Ok(chunk) if chunk.is_empty() => self.read_one(sound).await,
            Ok(chunk) => {
                for got in chunk {
                    if !self.take(got.object.bytes, sound) {
                        break;
                    }
                }
                Ok(())
            }
            Err(fault) if fault.is_fault_of_the_log() => {
                self.fault = Some(fault);
                Ok(())
            }
            Err(problem) => Err(problem),
        }
    }

    /// Behind what the LIST named, or where it can't be trusted.
    async fn read_one(&mut self, sound: &mut Vec<StoredCommit>) -> Result<(), LogError> {
        if self.fault.is_none() {
            self.behind_the_list = self.behind_the_list.saturating_add(1);
            if self.behind_the_list > MOST_BEHIND_THE_LIST {
                self.over = true;
                return Ok(());
            }
        }
        let found = match self.access.get(self.position.next_seq()).await {
            Ok(found) => found,
            Err(fault) => {
                self.over = true;
                return Err(fault);
            }
        };
        match found {
            Some(got) => {
                if !self.take(got.object.bytes, sound)
                    && let Some(fault) = self.fault.take().filter(|_| !self.over)
                {
                    self.over = true;
                    return Err(fault);
                }
                Ok(())
            }
            None => {
                self.over = true;
                self.fault.take().map_or(Ok(()), Err)
            }
        }
    }

    /// Whether the walk goes on after this one.
    fn take(&mut self, bytes: bytes::Bytes, sound: &mut Vec<StoredCommit>) -> bool {
        let seq = self.position.next_seq();
        let stored = match read_next(&self.position, bytes) {
            Ok(stored) => stored,
            Err(fault) => {
                self.fault = Some(fault);
                return false;
            }
        };
        if self.until.is_before(&stored) {
            self.over = true;
            return false;
        }
        if let Err(fault) = self.position.advance(&stored) {
            self.fault = Some(damaged(seq, fault));
            return false;
        }
        sound.push(stored);
        // What comes after the last one that is wanted is not looked at: it may be damaged.
        self.over = self.until == Until::Commit(seq);
        !self.over
    }
}
