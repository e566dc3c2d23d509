//! The first read of a process, in at most four round trips: the hint; the snapshot that it names,
//! together with the LIST of what follows; those commits, together; and the GET that finds the end
//! (DECISIONS 8).
//!
//! The LIST begins at the snapshot's own commit, so it also proves that the log reaches that far.
//! Whatever is wrong with a snapshot costs time only: the one before it is tried, then commit 0.
//! But whatever says that the log was once longer is kept, and must be met at the end.

use futures_util::future::join;
use leviathan_core::state::STATE_FORMAT;

use crate::access::{Access, Got};
use crate::commit::decode;
use crate::error::LogError;
use crate::keys;
use crate::listing::{LIST_PAGE, Listing};
use crate::position::Position;
use crate::seal::Checkpoint;
use crate::snapshot::{Candidate, PassedOver, SNAPSHOT_EVERY, Search};
use crate::tail::{Tail, View};

/// Without a hint the log is most likely so young that it has no snapshot: then it has no more
/// commits than this. The LIST of them is made together with the one of snapshots.
const YOUNG: usize = SNAPSHOT_EVERY as usize + 2;

/// How a process's first read went.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ColdStart {
    /// The commit whose snapshot it began from; `None`: commit 0, nothing folded.
    pub snapshot: Option<u64>,
    /// What could not be used, in the order in which it was tried.
    pub passed_over: Vec<PassedOver>,
}

/// Something that says how far the log reached once.
#[derive(Debug, Clone)]
pub(crate) struct Claim {
    /// So far at least.
    pub(crate) seq: u64,
    /// In this life of the log; a restored one may be shorter (DECISIONS 9).
    pub(crate) epoch: u64,
    /// What says so, for a person.
    pub(crate) evidence: String,
}

impl Claim {
    /// Whether a log that ends here breaks it.
    pub(crate) fn is_broken_by(&self, end: &Position) -> bool {
        end.seq.is_none_or(|seq| seq < self.seq) && end.epoch <= self.epoch
    }
}

/// What came of one snapshot.
enum Tried {
    Started,
    PassedOver(String),
}

impl Tail {
    /// Reads what a LIST names, from the newest usable snapshot on. The end is still to be found.
    pub(crate) async fn start_cold(&mut self, access: &Access) -> Result<(), LogError> {
        if !access.rules.cold_start_lists {
            return Ok(());
        }
        if self.view().position.seq.is_some() {
            // An earlier try got so far, and the store then failed.
            return self.read_listed(access, Listing::default()).await;
        }
        let (mut search, checkpoint) = join(Search::begin(access), signed_claim(access)).await;
        match checkpoint? {
            Ok(claim) => self.claims(claim),
            Err(why) => search.pass_over(keys::CHECKPOINT.to_owned(), why),
        }
        let mut young = None;
        loop {
            let next = if young.is_some() || search.knows_next() || access.data.is_none() {
                search.next(access).await
            } else {
                let listing = Listing::begin(access, 0, YOUNG);
                let (next, listing) = join(search.next(access), listing).await;
                young = Some(listing?);
                next
            };
            let Some(seq) = next else { break };
            match self.try_snapshot(access, seq).await? {
                Tried::Started => {
                    self.started(search, Some(seq));
                    return Ok(());
                }
                Tried::PassedOver(why) => {
                    search.pass_over(keys::snapshot(STATE_FORMAT, seq), why);
                }
            }
        }
        self.started(search, None);
        self.read_listed(access, young.unwrap_or_default()).await
    }

    fn started(&mut self, search: Search, snapshot: Option<u64>) {
        self.claims(search.claim());
        self.cold_start = ColdStart { snapshot, passed_over: search.passed_over };
    }

    async fn try_snapshot(&mut self, access: &Access, seq: u64) -> Result<Tried, LogError> {
        let listing = Listing::begin(access, seq, LIST_PAGE);
        let (candidate, listing) = join(Search::fetch(access, seq), listing).await;
        let candidate = match candidate {
            Ok(candidate) => candidate,
            Err(passed) => return Ok(Tried::PassedOver(passed.why)),
        };
        let tried = self.start_from(access, candidate, listing?).await;
        if !matches!(tried, Ok(Tried::Started)) {
            self.restart_from(View::default());
        }
        tried
    }

    /// Reads on from a snapshot; the first commit after it proves it, or its own.
    async fn start_from(
        &mut self,
        access: &Access,
        candidate: Candidate,
        mut listing: Listing,
    ) -> Result<Tried, LogError> {
        let Candidate { seq, view } = candidate;
        let listed = listing.take_first(seq);
        let position = view.position.clone();
        self.restart_from(view);
        if !access.rules.snapshot_is_bound {
            self.read_listed(access, listing).await?;
            return Ok(Tried::Started);
        }
        let mut proved = false;
        let chunk = if listed { listing.fetch(access, position.next_seq()).await? } else { vec![] };
        for got in chunk {
            match self.take_object(&access.rules, got) {
                Ok(()) => proved = true,
                Err(fault) if proved => return Err(fault),
                Err(fault) => {
                    // One of the two is wrong: the snapshot's own commit tells which.
                    return match self.disproof(access, seq, &position).await? {
                        None => Err(fault),
                        Some(why) => Ok(Tried::PassedOver(why)),
                    };
                }
            }
        }
        if !proved && let Some(why) = self.disproof(access, seq, &position).await? {
            return Ok(Tried::PassedOver(why));
        }
        self.read_listed(access, listing).await?;
        Ok(Tried::Started)
    }

    /// Why a snapshot is not of this log; `None`: it is.
    async fn disproof(
        &mut self,
        access: &Access,
        seq: u64,
        position: &Position,
    ) -> Result<Option<String>, LogError> {
        let Some(got) = access.get(seq).await? else {
            let why = format!("its commit {seq} is not in the log");
            let evidence = "there is a snapshot of it".to_owned();
            self.claims(Some(Claim { seq, epoch: position.epoch, evidence }));
            return Ok(Some(why));
        };
        Ok(differs(seq, position, got))
    }
}

/// What the mutable checkpoint says of the log's length, where it is signed by the key that we know;
/// the inner error: why it is not believed. It is of this store's own log, whatever its epoch.
async fn signed_claim(access: &Access) -> Result<Result<Option<Claim>, String>, LogError> {
    let Some(key) = &access.verifier else { return Ok(Ok(None)) };
    let Some(bytes) = access.checkpoint().await? else { return Ok(Ok(None)) };
    let text = match key.open(&bytes) {
        Ok(text) => text,
        Err(problem) => return Ok(Err(problem.to_string())),
    };
    let Some(Checkpoint { head, .. }) = Checkpoint::parse(text) else {
        return Ok(Err("it is no checkpoint of a log of ours".to_owned()));
    };
    let evidence = format!("a signed checkpoint says so, with the digest {}", head.digest);
    Ok(Ok(Some(Claim { seq: head.seq, epoch: u64::MAX, evidence })))
}

/// In what a commit is not the one that the snapshot's position speaks of.
fn differs(seq: u64, position: &Position, got: Got) -> Option<String> {
    let Ok(stored) = decode(seq, got.object.bytes) else {
        return Some(format!("the log's commit {seq} can't be read"));
    };
    if position.digest.as_ref() != Some(&stored.digest) {
        return Some(format!("the log's commit {seq} has another digest: {}", stored.digest));
    }
    let header = &stored.commit.header;
    let same = position.offset == header.first_offset.saturating_add(header.count)
        && position.last_hash.as_ref() == stored.commit.events.last().map(|event| &event.hash)
        && position.recorded_at == Some(header.recorded_at)
        && position.min_reader >= header.min_reader
        && position.epoch == header.epoch;
    (!same).then(|| format!("its position is not that of the log's commit {seq}"))
}
