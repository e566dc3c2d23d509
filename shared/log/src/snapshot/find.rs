//! Finding the snapshot to begin from: the hint names the newest, a LIST all that there are. One
//! that can't be used is passed over for the one before it, and in the end for commit 0.

use std::collections::VecDeque;

use leviathan_core::state::STATE_FORMAT;

use super::bytes::decode;
use crate::access::Access;
use crate::cold_start::Claim;
use crate::error::LogError;
use crate::hint::Hint;
use crate::keys;
use crate::tail::View;

/// So many are tried before the log is read from commit 0.
const MOST_TRIED: usize = 8;

/// Keys asked for in one LIST.
const LIST_PAGE: usize = 10_000;

/// Something derived that a cold start could not use. It costs time and nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassedOver {
    /// The object, in the data store.
    pub key: String,
    /// What is wrong with it.
    pub why: String,
}

/// A snapshot that can be read. Whether it is of this log is still to be proved.
pub(crate) struct Candidate {
    pub(crate) seq: u64,
    pub(crate) view: View,
}

/// The search for a snapshot, over several tries.
#[derive(Default)]
pub(crate) struct Search {
    /// Still to be tried, the newest first.
    named: VecDeque<u64>,
    listed: bool,
    tried: Vec<u64>,
    hint: Option<Hint>,
    pub(crate) passed_over: Vec<PassedOver>,
}

impl Search {
    /// Asks the hint. Without a data store there is nothing to be found.
    pub(crate) async fn begin(access: &Access) -> Self {
        let mut search = Self::default();
        match access.get_data(keys::HINT).await {
            Ok(Some(bytes)) => match Hint::decode(&bytes) {
                Ok(hint) => search.hinted(hint),
                Err(why) => search.pass_over(keys::HINT.to_owned(), why),
            },
            Ok(None) => {}
            Err(problem) => search.pass_over(keys::HINT.to_owned(), problem.to_string()),
        }
        search
    }

    fn hinted(&mut self, hint: Hint) {
        match hint.snapshot {
            Some(named) if named.state_format == STATE_FORMAT => self.named.push_back(named.seq),
            Some(named) => self.pass_over(
                keys::snapshot(named.state_format, named.seq),
                format!("its state format is not {STATE_FORMAT}, which this program reads"),
            ),
            None => {}
        }
        self.hint = Some(hint);
    }

    /// How far the log reached when the hint was written.
    pub(crate) fn claim(&self) -> Option<Claim> {
        let Hint { head, epoch, .. } = *self.hint.as_ref()?;
        let evidence = format!("the data store's {} names it", keys::HINT);
        Some(Claim { seq: head, epoch, evidence })
    }

    /// The number of the next one to try; `None`: there is none left.
    pub(crate) async fn next(&mut self, access: &Access) -> Option<u64> {
        if self.tried.len() >= MOST_TRIED {
            return None;
        }
        if self.named.is_empty() && !self.listed {
            self.listed = true;
            self.list(access).await;
        }
        let seq = self.named.pop_front()?;
        self.tried.push(seq);
        Some(seq)
    }

    /// Whether the next one is known without asking the store.
    pub(crate) fn knows_next(&self) -> bool {
        !self.named.is_empty()
    }

    async fn list(&mut self, access: &Access) {
        let prefix = keys::snapshots(STATE_FORMAT);
        let mut found = Vec::new();
        loop {
            match access.list_data(&prefix, found.last().map(String::as_str), LIST_PAGE).await {
                Ok(page) => {
                    let last = page.len() < LIST_PAGE;
                    found.extend(page);
                    if last {
                        break;
                    }
                }
                Err(problem) => {
                    self.pass_over(prefix, problem.to_string());
                    break;
                }
            }
        }
        let seqs = found.iter().rev().filter_map(|key| keys::snapshot_seq(key));
        let untried = seqs.map(|(_, seq)| seq).filter(|seq| !self.tried.contains(seq));
        self.named = untried.take(MOST_TRIED).collect();
    }

    /// The snapshot under this number, if it can be read.
    pub(crate) async fn fetch(access: &Access, seq: u64) -> Result<Candidate, PassedOver> {
        let key = keys::snapshot(STATE_FORMAT, seq);
        let why = match access.get_data(&key).await {
            Ok(Some(bytes)) => match decode(seq, &bytes) {
                Ok(view) => return Ok(Candidate { seq, view }),
                Err(fault) => fault.to_string(),
            },
            Ok(None) => "it is not there".to_owned(),
            Err(LogError::Store { source }) => source.to_string(),
            Err(problem) => problem.to_string(),
        };
        Err(PassedOver { key, why })
    }

    pub(crate) fn pass_over(&mut self, key: String, why: String) {
        tracing::warn!(
            key,
            "passed over at a cold start: {why}; the one before it, or the whole log, is read instead"
        );
        self.passed_over.push(PassedOver { key, why });
    }
}
