//! The first read of a process, in at most four round trips: the hint; the snapshot that it names,
//! together with the LIST of what follows; those commits, together; and the GET that finds the end
//! (DECISIONS 8).
//!
//! The LIST begins at the snapshot's own commit, so it also proves that the log reaches that far.
//! Whatever is wrong with a snapshot costs time only: the one before it is tried, then commit 0.
//! But whatever says that the log was once longer is kept, and must be met at the end.

use futures_util::future::{join, join3};
use leviathan_core::graph::Graph;
use leviathan_core::state::STATE_FORMAT;

use crate::access::{Access, Got};
use crate::commit::decode;
use crate::error::LogError;
use crate::keys;
use crate::listing::{LIST_PAGE, Listing};
use crate::position::Position;
use crate::seal::Checkpoint;
use crate::shown::Shown;
use crate::snapshot::{Candidate, PassedOver, SNAPSHOT_EVERY, Search};
use crate::tail::{Tail, View};
use crate::views::graph;

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
        self.begin_shown(access);
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
        self.cold_start.snapshot = snapshot;
        self.cold_start.passed_over.extend(search.passed_over);
    }

    async fn try_snapshot(&mut self, access: &Access, seq: u64) -> Result<Tried, LogError> {
        let listing = Listing::begin(access, seq, LIST_PAGE);
        let window = self.window(access);
        let graph = async {
            match window {
                Some(_) => Some(graph::fetch(access, seq).await),
                None => None,
            }
        };
        let (candidate, listing, graph) = join3(Search::fetch(access, seq), listing, graph).await;
        let candidate = match candidate {
            Ok(candidate) => candidate,
            Err(passed) => return Ok(Tried::PassedOver(passed.why)),
        };
        let tried = self.start_from(access, candidate, listing?, graph).await;
        if !matches!(tried, Ok(Tried::Started)) {
            self.restart_from(View::default(), None);
            self.begin_shown(access);
        }
        tried
    }

    /// What is shown before the first commit, where it is wanted.
    fn begin_shown(&mut self, access: &Access) {
        if let Some(window) = self.window(access)
            && self.view().position.seq.is_none()
        {
            self.restart_from(View::default(), Some(Shown::new(window)));
        }
    }

    /// What is shown at a snapshot's position: by the graph beside it, else by the one before that.
    async fn shown_at(
        &mut self,
        access: &Access,
        position: &Position,
        fetched: Option<Result<(Position, Graph), PassedOver>>,
    ) -> Result<Option<Shown>, LogError> {
        let (Some(window), Some(fetched)) = (self.window(access), fetched) else { return Ok(None) };
        let next_seq = position.next_seq();
        match fetched {
            Ok((its, graph)) if its == *position => {
                return Ok(Some(Shown::of(graph.within(window), next_seq)));
            }
            // Which of the two is of another log will be seen: both are tried.
            Ok(_) => {}
            Err(PassedOver { key, why }) => tracing::warn!(key, "not begun from: {why}"),
        }
        let mut passed_over = Vec::new();
        let reached = graph::reach(access, position, window, &mut passed_over).await;
        self.cold_start.passed_over.append(&mut passed_over);
        match reached {
            Ok(graph) => Ok(Some(Shown::of(graph, next_seq))),
            // The log does not lead to this snapshot: it is the snapshot that will be passed over.
            Err(problem) if problem.is_fault_of_the_log() => Ok(None),
            Err(problem) => Err(problem),
        }
    }

    /// Reads on from a snapshot; the first commit after it proves it, or its own.
    async fn start_from(
        &mut self,
        access: &Access,
        candidate: Candidate,
        mut listing: Listing,
        graph: Option<Result<(Position, Graph), PassedOver>>,
    ) -> Result<Tried, LogError> {
        let Candidate { seq, view } = candidate;
        let listed = listing.take_first(seq);
        let position = view.position.clone();
        let shown = self.shown_at(access, &position, graph).await?;
        self.restart_from(view, shown);
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
