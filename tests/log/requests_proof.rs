//! What proofs and seals cost in a log of a million events: asserted exactly, as the other requests
//! are.
//!
//! The tree is made straight from leaves' hashes, and only the commits that are asked for are real;
//! no reader of tiles can tell.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use leviathan_core::ids::Digest;
use leviathan_core::ports::{ObjectStore as _, Signer as _};
use leviathan_local::{FileSigner, MemoryStore};
use leviathan_log::commit::{Draft, DraftPart, Nonce, encode};
use leviathan_log::seal::merkle::{inclusion, leaf_hash};
use leviathan_log::seal::tile::{Tile, WIDTH, bytes_of};
use leviathan_log::seal::{Checkpoint, Edge, EventName, VerifierKey};
use leviathan_log::{Head, Position, StoredCommit, Writer, keys};
use leviathan_tests::clock::HandClock;
use leviathan_tests::counting_store::{CountingStore, Requests};
use leviathan_tests::log_builders::{event, log_over, transaction};
use rand::{RngExt as _, SeedableRng as _};
use serde_json::json;

use crate::seal::signer;

const MILLION: u64 = 1_000_000;
const POWER: u64 = 1 << 20;

/// Commits that are really there; commit `k` has the events from `256 * k` on.
const REAL: [u64; 5] = [0, 2_734, 3_905, 3_906, 4_095];

/// So many events at this place of a log.
fn commit(seq: u64, events: u64) -> StoredCommit {
    let at = "2026-11-24T12:00:00Z".parse().unwrap();
    let before = Position {
        seq: seq.checked_sub(1),
        digest: (seq > 0).then(|| Digest::of(b"the commit before")),
        offset: seq * WIDTH,
        last_hash: (seq > 0).then(|| Digest::of(b"the event before").to_string()),
        recorded_at: Some(at),
        min_reader: 1,
        epoch: 1,
    };
    commit_after(&before, events)
}

fn commit_after(position: &Position, events: u64) -> StoredCommit {
    let recorded_at = position.recorded_at.unwrap();
    let transaction = transaction("own");
    let part = DraftPart {
        transaction: &transaction,
        decided_at: recorded_at,
        read_seq: position.seq,
        events: (0..events).map(|number| event(&json!({ "number": number }))).collect(),
    };
    let writer = Writer { program: "test".to_owned(), version: "0.0.0".to_owned() };
    let nonce = Nonce([7; 16]);
    let parts = vec![part];
    encode(Draft { position, epoch: 1, nonce, recorded_at, writer: &writer, parts }).unwrap()
}

fn entries(stored: &StoredCommit) -> Bytes {
    let mut entries = Vec::new();
    for line in stored.event_lines() {
        entries.extend_from_slice(&u16::try_from(line.len()).unwrap().to_be_bytes());
        entries.extend_from_slice(line);
    }
    entries.into()
}

struct Big {
    store: Arc<MemoryStore>,
    counter: Arc<CountingStore>,
    second: Arc<CountingStore>,
    signer: FileSigner,
    edge: Edge,
    commits: BTreeMap<u64, StoredCommit>,
}

impl Big {
    async fn new() -> Self {
        let store = Arc::new(MemoryStore::new());
        let big = Self {
            counter: Arc::new(CountingStore::over(store.clone())),
            second: Arc::new(CountingStore::over(Arc::new(MemoryStore::new()))),
            signer: signer(),
            edge: Edge::default(),
            commits: REAL.map(|seq| (seq, commit(seq, Self::width_of(seq)))).into(),
            store,
        };
        for (seq, stored) in &big.commits {
            big.store.create(&keys::commit(*seq), stored.bytes.clone()).await.unwrap();
            let width = stored.commit.header.count;
            big.store.create(&keys::entries(*seq, width), entries(stored)).await.unwrap();
        }
        big
    }

    /// The last commit of the first million is a short one.
    fn width_of(seq: u64) -> u64 {
        if seq == MILLION / WIDTH { MILLION % WIDTH } else { WIDTH }
    }

    fn key(&self) -> VerifierKey {
        VerifierKey::new(self.signer.name(), &self.signer.public_key()).unwrap()
    }

    /// Lets the tree grow to this size, with all of its tiles and a checkpoint.
    async fn grow(&mut self, size: u64, head: u64) {
        let mut real: BTreeMap<u64, _> = BTreeMap::new();
        for (seq, stored) in &self.commits {
            real.extend((seq * WIDTH..).zip(stored.event_lines().map(leaf_hash)));
        }
        let since = self.edge.size();
        while self.edge.size() < size {
            let offset = self.edge.size();
            let other = || leaf_hash(&offset.to_be_bytes());
            let leaf = real.get(&offset).copied().unwrap_or_else(other);
            for (tile, hashes) in self.edge.push(leaf) {
                self.store.create(&keys::tile(tile), bytes_of(&hashes).into()).await.unwrap();
            }
        }
        for (tile, hashes) in self.edge.partial_tiles(since) {
            self.store.create(&keys::tile(tile), bytes_of(&hashes).into()).await.unwrap();
        }
        let stored = &self.commits[&head];
        let checkpoint = Checkpoint {
            origin: self.signer.name().to_owned(),
            size,
            root: self.edge.root(),
            head: Head { seq: head, digest: stored.digest.clone() },
            recorded_at: stored.commit.header.recorded_at,
        };
        let text = checkpoint.text();
        let signature = self.signer.sign(text.as_bytes()).await.unwrap();
        let note = Bytes::from(self.key().note(&text, &signature));
        self.store.create(&keys::checkpoint(size), note.clone()).await.unwrap();
        self.store.replace(keys::CHECKPOINT, note).await.unwrap();
    }

    /// Makes each proof, checks it, and says what it cost.
    async fn prove(&self, name: &str, size: u64) -> Requests {
        let log = log_over(self.counter.clone(), Arc::new(HandClock::default()), 3);
        self.counter.take();
        let bundle = log.prove(&self.key(), &EventName::from(name)).await.unwrap();
        let requests = self.counter.take();
        let proven = bundle.check(&self.key()).unwrap();
        assert_eq!(proven.checkpoint.size, size);
        let ours = [proven.event.offset.to_string(), proven.event.event_id];
        assert!(ours.iter().any(|ours| ours == name), "{name}: {ours:?}");
        requests
    }
}

fn requests(puts: u64, gets: u64, lists: u64) -> Requests {
    Requests { puts, gets, lists }
}

#[tokio::test]
async fn the_proof_of_one_event_in_a_million_is_at_most_seven_gets() {
    let mut big = Big::new().await;
    big.grow(MILLION, MILLION / WIDTH).await;
    let table = [
        // By offset: the checkpoint, the entries with the event, its commit, then tiles: two levels
        // above, and two of the right edge.
        ("700017", 1 + 1 + 1 + 2 + 2),
        ("0", 1 + 1 + 1 + 2 + 2),
        // Its way up is the right edge: one tile less, two tiles less.
        ("999900", 1 + 1 + 1 + 1 + 2),
        ("999999", 1 + 1 + 1 + 2),
        // By id: no entries, and the tile of its own level.
        ("2734-113", 1 + 1 + 3 + 2),
        ("3906-63", 1 + 1 + 3),
    ];
    for (name, gets) in table {
        assert_eq!(big.prove(name, MILLION).await, requests(0, gets, 0), "{name}");
    }
    // A complete tree has no ragged right edge.
    big.grow(POWER, POWER / WIDTH - 1).await;
    for (name, gets) in [("700017", 1 + 1 + 1 + 2), ("2734-113", 1 + 1 + 3), ("1048575", 5)] {
        assert_eq!(big.prove(name, POWER).await, requests(0, gets, 0), "{name}");
    }
    sealing_256_more_costs_what_it_costs_in_a_short_log(&big).await;
}

/// 4 creating PUTs, the mutable copy, and the second place's; and what a sealer reads to find where
/// the log was sealed does not depend on its length.
async fn sealing_256_more_costs_what_it_costs_in_a_short_log(big: &Big) {
    let last = &big.commits[&(POWER / WIDTH - 1)];
    let next = commit_after(&after(last), WIDTH);
    big.store.create(&keys::commit(POWER / WIDTH), next.bytes).await.unwrap();
    let log = log_over(big.counter.clone(), Arc::new(HandClock::default()), 4);
    big.counter.take();
    let sealed = log.seal(&big.signer, Some(big.second.as_ref())).await.unwrap().unwrap();
    assert_eq!(sealed.size, POWER + WIDTH);
    // The copy, the checkpoint, one tile of the right edge; the sealed commit, the new one, the end.
    assert_eq!(big.counter.take(), requests(4 + 1, 3 + 3, 2));
    assert_eq!(big.second.take(), requests(1, 0, 1));
}

fn after(stored: &StoredCommit) -> Position {
    let header = &stored.commit.header;
    Position {
        seq: Some(header.seq),
        digest: Some(stored.digest.clone()),
        offset: header.first_offset + header.count,
        last_hash: stored.commit.events.last().map(|event| event.hash.clone()),
        recorded_at: Some(header.recorded_at),
        min_reader: 1,
        epoch: 1,
    }
}

/// Whatever the size up to a million, and whatever the event.
#[test]
fn no_proof_in_a_smaller_log_needs_more_tiles() {
    let mut random = rand::rngs::StdRng::seed_from_u64(7);
    let mut most = 0;
    for number in 0..20_000 {
        let size = if number % 2 == 0 { MILLION } else { random.random_range(1..=MILLION) };
        let offset = random.random_range(0..size);
        let nodes = inclusion(offset, size).unwrap().into_iter().flat_map(|span| span.nodes());
        let mut tiles: BTreeSet<Tile> = nodes.map(|node| Tile::of(node, size).unwrap()).collect();
        let by_id = 2 + tiles.len();
        tiles.retain(|tile| (tile.level, tile.index) != (0, offset / WIDTH));
        let by_offset = 3 + tiles.len();
        most = most.max(by_id).max(by_offset);
    }
    assert_eq!(most, 7);
}
