//! Reading many commits in order: LIST names them, several are fetched at once.
//!
//! A cold reader needs the LIST anyway, as the proof that the log has no hole behind its end
//! (DECISIONS 8); so it is also the plan of what to fetch, and no fetch is in vain.

use std::collections::VecDeque;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use crate::access::{Access, Got};
use crate::error::LogError;
use crate::keys;

/// Keys asked for in one LIST. A folder reads its whole directory for each.
pub(crate) const LIST_PAGE: usize = 10_000;

/// Commits fetched at the same time, and handed on together: all that lie between two snapshots, so
/// that a cold start needs one round trip for them.
const CHUNK: usize = 64;

/// The commits that were there when the LIST was made, chunk by chunk.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    named: VecDeque<u64>,
    /// What comes after the named ones, where it is no commit.
    broken: Option<LogError>,
    finished: bool,
    /// The last commit that was named.
    last: Option<u64>,
}

impl Listing {
    /// Names up to `limit` commits from number `next` on, at once.
    pub(crate) async fn begin(access: &Access, next: u64, limit: usize) -> Result<Self, LogError> {
        let mut listing = Self::default();
        listing.name_more(access, next, limit).await?;
        Ok(listing)
    }

    /// Strikes the first commit out, if it is this one. False: the LIST does not name it.
    pub(crate) fn take_first(&mut self, seq: u64) -> bool {
        let named = self.named.front() == Some(&seq);
        if named {
            self.named.pop_front();
        }
        named
    }

    /// The last commit that a LIST has named so far.
    pub(crate) fn last(&self) -> Option<u64> {
        self.last
    }

    /// The next commits from number `next` on; none: the LIST has no more.
    pub(crate) async fn fetch(&mut self, access: &Access, next: u64) -> Result<Vec<Got>, LogError> {
        if self.named.front().is_some_and(|front| *front != next) {
            // The reader stopped within a chunk: name them again from where it is.
            *self = Self::default();
        }
        if self.named.is_empty() && self.broken.is_none() && !self.finished {
            self.name_more(access, next, LIST_PAGE).await?;
        }
        if self.named.is_empty()
            && let Some(problem) = self.broken.take()
        {
            // Whoever asks again shall get the same answer, not an end.
            *self = Self::default();
            return Err(problem);
        }
        let chunk: Vec<u64> = self.named.drain(..self.named.len().min(CHUNK)).collect();
        stream::iter(chunk)
            .map(|seq| async move {
                access.get(seq).await?.ok_or_else(|| LogError::Hole {
                    missing: keys::commit(seq),
                    evidence: "LIST names it, GET does not find it".to_owned(),
                })
            })
            .buffered(CHUNK)
            .try_collect()
            .await
    }

    async fn name_more(
        &mut self,
        access: &Access,
        next: u64,
        limit: usize,
    ) -> Result<(), LogError> {
        let page = access.list(next.checked_sub(1), limit).await?;
        self.finished = page.len() < limit;
        for (expected, key) in (next..).zip(page) {
            match keys::commit_seq(&key) {
                Some(seq) if seq == expected => {
                    self.named.push_back(seq);
                    self.last = Some(seq);
                }
                Some(_) => {
                    let evidence = format!("but {key} is there");
                    let missing = keys::commit(expected);
                    self.broken = Some(LogError::Hole { missing, evidence });
                    break;
                }
                None => {
                    self.broken = Some(LogError::Foreign { key });
                    break;
                }
            }
        }
        Ok(())
    }
}
