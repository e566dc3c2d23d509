//! Verification of the whole log: numbers, offsets, digests, the events' hash chain, holes.

use leviathan_core::ids::Digest;

use crate::access::Access;
use crate::commit::Fault;
use crate::error::LogError;
use crate::listing::Listing;
use crate::position::Position;
use crate::seal::check::SealCheck;
use crate::seal::proof::prove_extends;
use crate::seal::{Checkpoint, VerifierKey};
use crate::snapshot::Search;
use crate::tail::{damaged, read_next};

/// One commit and the digest of its bytes: whoever knows it knows everything before it too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The commit.
    pub seq: u64,
    /// SHA-256 of its bytes.
    pub digest: Digest,
}

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Commits that are sound and follow on each other from commit 0.
    pub commits: u64,
    /// The events in them.
    pub events: u64,
    /// The last sound one: worth noting down in another place.
    pub head: Option<Head>,
    /// The newest checkpoint that is right, with its tiles and entries.
    pub sealed: Option<Checkpoint>,
    /// How many checkpoints are right.
    pub checkpoints: u64,
    /// The first thing that is wrong; `None`: nothing is.
    pub fault: Option<LogError>,
}

/// What a verification knows beforehand.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// A commit that was noted down earlier in another place.
    pub head: Option<Head>,
    /// The log's key: without it checkpoints are compared with the events, and their signatures
    /// not looked at.
    pub key: Option<VerifierKey>,
    /// A checkpoint that is trusted: only what came after it is read, and it is proven that the log
    /// goes on from it.
    pub since: Option<Checkpoint>,
}

/// Reads everything. `progress` hears the number of sound commits now and then. An error means that
/// the store could not be read; what is wrong with the log is in the report.
pub(crate) async fn verify(
    access: &Access,
    known: &Known,
    mut progress: impl FnMut(u64) + Send,
) -> Result<Report, LogError> {
    let mut position = Position::default();
    let mut seals = SealCheck::new(access, known.key.as_ref());
    let read = read_all(access, &mut position, known, &mut seals, &mut progress).await;
    let mut fault = match read {
        Ok(()) => hinted(access, &position).await,
        Err(fault) if fault.is_fault_of_the_log() => Some(fault),
        Err(problem) => return Err(problem),
    };
    if let (None, Some(head)) = (&fault, &known.head)
        && position.seq.is_none_or(|seq| seq < head.seq)
    {
        fault = Some(LogError::Hole {
            missing: crate::keys::commit(position.next_seq()),
            evidence: format!("but commit {} was known to exist", head.seq),
        });
    }
    let commits = position.seq.map_or(0, |seq| seq.saturating_add(1));
    let events = position.offset;
    let head = position.seq.zip(position.digest).map(|(seq, digest)| Head { seq, digest });
    let (sealed, checkpoints) = (seals.newest, seals.checked);
    Ok(Report { commits, events, head, sealed, checkpoints, fault })
}

/// The log ends before a commit that the hint names.
async fn hinted(access: &Access, end: &Position) -> Option<LogError> {
    let claim = Search::begin(access).await.claim()?;
    claim.is_broken_by(end).then(|| LogError::shorter(end, claim.seq, claim.evidence))
}

async fn read_all(
    access: &Access,
    position: &mut Position,
    known: &Known,
    seals: &mut SealCheck<'_>,
    progress: &mut (impl FnMut(u64) + Send),
) -> Result<(), LogError> {
    seals.begin().await?;
    if let Some(since) = &known.since {
        *position = seals.since(since).await?;
    }
    let mut listing = Listing::default();
    loop {
        let mut chunk = listing.fetch(access, position.next_seq()).await?;
        if chunk.is_empty() {
            // Appended since the LIST; and a deleted last commit has left its marker.
            match access.get(position.next_seq()).await? {
                Some(got) => chunk.push(got),
                None => break,
            }
        }
        for got in chunk {
            let seq = position.next_seq();
            let stored = read_next(position, got.object.bytes)?;
            if let Some(known) = &known.head
                && known.seq == seq
                && known.digest != stored.digest
            {
                let found = stored.digest.to_string();
                let expected = known.digest.to_string();
                return Err(damaged(seq, Fault::Head { found, expected }));
            }
            position.advance(&stored).map_err(|fault| damaged(seq, fault))?;
            seals.take(&stored).await?;
        }
        progress(position.next_seq());
    }
    seals.finish(position.seq).await?;
    match (&known.since, &seals.newest) {
        (Some(since), Some(newest)) => prove_extends(access, since, newest).await.map(drop),
        _ => Ok(()),
    }
}
