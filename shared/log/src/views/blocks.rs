//! What left, in blocks: which of them are full and not yet written, and in which order a block's
//! objects are. The state and the graph both let things leave in this way.

use ::bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use leviathan_core::{graph, state};

use super::bytes::fault;
use super::{BLOCK, risen};
use crate::access::{Access, Created};
use crate::error::LogError;

/// Objects written at the same time.
const AT_ONCE: usize = 16;

/// What left, numbered, of which the newest are still here.
pub(super) trait Left {
    /// One of it.
    type Departure: Clone;
    /// How many there ever were: the number of the next one.
    fn departed(&self) -> u64;
    /// The number of the oldest one that is still here.
    fn first_kept(&self) -> u64;
    /// Those that are still here, oldest first.
    fn newest(&self) -> impl Iterator<Item = (u64, &Self::Departure)>;
}

impl Left for state::Past {
    type Departure = state::Departure;
    fn departed(&self) -> u64 {
        self.departed()
    }
    fn first_kept(&self) -> u64 {
        self.first_kept()
    }
    fn newest(&self) -> impl Iterator<Item = (u64, &Self::Departure)> {
        self.newest()
    }
}

impl Left for graph::Departures {
    type Departure = graph::Departure;
    fn departed(&self) -> u64 {
        self.departed()
    }
    fn first_kept(&self) -> u64 {
        self.first_kept()
    }
    fn newest(&self) -> impl Iterator<Item = (u64, &Self::Departure)> {
        self.newest()
    }
}

/// The objects that a block is written as, its own the last.
pub(super) type Objects<D> = fn(u64, &[(u64, D)]) -> Result<Vec<(String, Bytes)>, LogError>;

/// The block after the newest one of those under this prefix.
pub(super) async fn first_missing(access: &Access, prefix: &str) -> Result<u64, LogError> {
    let newest = access.list_data(prefix, None, 1).await?;
    let number = newest.first().and_then(|key| risen(key.strip_prefix(prefix)?));
    Ok(number.map_or(0, |newest| newest.saturating_add(1)))
}

fn full(past: &impl Left, block: u64) -> bool {
    block.saturating_add(1).saturating_mul(BLOCK) <= past.departed()
}

/// Blocks that are full and not yet written.
pub(super) struct Due<D> {
    /// The first that was not taken yet.
    pub(super) next: u64,
    /// How many were written.
    pub(super) written: u64,
    blocks: Vec<Vec<(u64, D)>>,
    objects: Objects<D>,
}

impl<D: Clone> Due<D> {
    /// All from this block on.
    pub(super) fn from(next: u64, objects: Objects<D>) -> Self {
        Self { next, written: 0, blocks: Vec::new(), objects }
    }

    /// Whether the next block is full and its beginning is no longer here.
    pub(super) fn is_forgotten(&self, past: &impl Left<Departure = D>) -> bool {
        full(past, self.next) && self.next.saturating_mul(BLOCK) < past.first_kept()
    }

    /// Takes what is still here of the blocks that come next.
    pub(super) fn collect(&mut self, past: &impl Left<Departure = D>) {
        while full(past, self.next) && past.first_kept() <= self.next.saturating_mul(BLOCK) {
            let first = self.next.saturating_mul(BLOCK);
            let block = past
                .newest()
                .skip_while(|(number, _)| *number < first)
                .take_while(|(number, _)| number.saturating_sub(first) < BLOCK)
                .map(|(number, departure)| (number, departure.clone()));
            self.blocks.push(block.collect());
            self.next = self.next.saturating_add(1);
        }
    }

    /// Writes what was taken; `next` is moved on with each block.
    pub(super) async fn write(
        &mut self,
        access: &Access,
        next: &mut Option<u64>,
    ) -> Result<(), LogError> {
        for block in self.blocks.drain(..) {
            let number = block.first().map_or(0, |(number, _)| number / BLOCK);
            in_order(access, (self.objects)(number, &block)?).await?;
            *next = Some(number.saturating_add(1));
            self.written = self.written.saturating_add(1);
        }
        Ok(())
    }
}

/// The block's own object last: where it stands, all others do.
async fn in_order(access: &Access, mut objects: Vec<(String, Bytes)>) -> Result<(), LogError> {
    let own = objects.pop();
    stream::iter(objects)
        .map(|(key, bytes)| create(access, key, bytes))
        .buffer_unordered(AT_ONCE)
        .try_collect::<()>()
        .await?;
    match own {
        Some((key, bytes)) => create(access, key, bytes).await,
        None => Ok(()),
    }
}

/// Creates a view, or finds the same one there.
pub(super) async fn create(access: &Access, key: String, bytes: Bytes) -> Result<(), LogError> {
    match access.create_data(&key, bytes.clone()).await? {
        Created::New => Ok(()),
        Created::Was(there) if there == bytes => Ok(()),
        Created::Was(_) => Err(fault(&key, "other bytes stand there than the log gives")),
    }
}
