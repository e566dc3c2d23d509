//! Whether all that seals the log is of its events: every tile, every bundle of entries, every
//! checkpoint with its root, signature and commit, in both places; each checkpoint has its tiles,
//! and each goes on from the one before. By code of its own, from the page docs/log.md.

mod note;
mod tree;

use std::collections::BTreeMap;

use bytes::Bytes;
use leviathan_local::MemoryStore;
use leviathan_log::seal::Checkpoint;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::demand;
use crate::event_loop::Owner;
use crate::figures::Tally;
use crate::spoiler::objects;

use note::Note;
use tree::{Hash, Piece, Stored};

/// What was appended, as far as sealing goes.
struct Events {
    lines: Vec<Bytes>,
    leaves: Vec<Hash>,
    /// After so many events a commit ends: its `<seq>:<digest>` and its time.
    ends: BTreeMap<usize, (String, String)>,
}

/// What seals a log.
pub(crate) struct Seal {
    /// By size.
    checkpoints: BTreeMap<usize, Note>,
    /// How many events the log has.
    pub(crate) events: usize,
}

impl Seal {
    /// The events under the newest checkpoint.
    pub(crate) fn size(&self) -> usize {
        self.checkpoints.last_key_value().map_or(0, |(size, _)| *size)
    }
}

fn text<'a>(header: &'a Value, name: &str) -> &'a str {
    header[name].as_str().unwrap_or_default()
}

/// All commits from the first to the first gap, which only an unfinished backup has.
fn events(store: &MemoryStore) -> Result<Events, String> {
    let mut events = Events { lines: Vec::new(), leaves: Vec::new(), ends: BTreeMap::new() };
    for (seq, (key, bytes)) in objects(store, "events/").into_iter().enumerate() {
        if key != format!("events/{seq:020}") {
            break;
        }
        let whole = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
        let mut lines = whole.split(|byte| *byte == b'\n');
        let header = lines.next().unwrap_or_default();
        let header: Value =
            serde_json::from_slice(header).map_err(|problem| format!("{key}: {problem}"))?;
        for line in lines {
            events.leaves.push(tree::leaf(line));
            events.lines.push(bytes.slice_ref(line));
        }
        let digest = data_encoding::HEXLOWER.encode(&Sha256::digest(&bytes));
        let end = (format!("{seq}:{digest}"), text(&header, "recorded_at").to_owned());
        events.ends.insert(events.leaves.len(), end);
    }
    Ok(events)
}

/// Whatever lies under `tile/` is what the events give.
fn tiles_are_of(events: &Events, tiles: &BTreeMap<String, Bytes>) -> Result<(), String> {
    for (key, bytes) in tiles {
        let piece = Piece::named(key).ok_or_else(|| format!("what is {key}?"))?;
        let expected = match piece.level {
            Some(_) => piece.hashes(&events.leaves),
            None => events.lines.get(piece.leaves()).map(bundle),
        };
        let expected = expected.ok_or_else(|| format!("{key} is beyond the end of the log"))?;
        demand(*bytes == expected, || format!("{key} is not what the events give"))?;
    }
    Ok(())
}

fn bundle(lines: &[Bytes]) -> Vec<u8> {
    let length = |line: &Bytes| u16::try_from(line.len()).expect("lines are short").to_be_bytes();
    lines.iter().flat_map(|line| [&length(line)[..], line].concat()).collect()
}

/// The name of a piece.
fn key_of(piece: Piece) -> String {
    let kind = piece.level.map_or_else(|| "entries".to_owned(), |level| level.to_string());
    let end =
        if piece.width == tree::WIDTH { String::new() } else { format!(".p/{}", piece.width) };
    format!("tile/{kind}/{}{end}", tree::path(piece.index))
}

/// One checkpoint, under its key, is over the events before it.
fn checkpoint(events: &Events, key: &str, bytes: &[u8]) -> Result<Note, String> {
    let note = note::open(bytes).map_err(|why| format!("{key} is no checkpoint: {why}"))?;
    let size = note.size;
    demand(key == format!("checkpoints/{size:020}"), || format!("{key} is one of {size} events"))?;
    let covered = events.leaves.get(..size);
    let covered = covered.ok_or_else(|| format!("{key} is beyond the end of the log"))?;
    demand(note.root == tree::root(covered), || {
        format!("{key} has another root than its {size} events")
    })?;
    let end = events.ends.get(&size).ok_or_else(|| format!("{key} ends within a commit"))?;
    let said = (note.commit.clone(), note.recorded_at.clone());
    demand(*end == said, || format!("{key} names {said:?}, the commit there is {end:?}"))?;
    Ok(note)
}

/// What is stored in one place: the log and what seals it.
pub(crate) fn read(store: &MemoryStore) -> Result<Seal, String> {
    let events = events(store)?;
    let tiles: BTreeMap<String, Bytes> = objects(store, "tile/").into_iter().collect();
    tiles_are_of(&events, &tiles)?;
    let mut checkpoints: BTreeMap<usize, Note> = BTreeMap::new();
    for (key, bytes) in objects(store, "checkpoints/") {
        let note = checkpoint(&events, &key, &bytes)?;
        let size = note.size;
        for piece in tree::pieces(size).into_iter().map(key_of) {
            demand(tiles.contains_key(&piece), || format!("{key} stands there without {piece}"))?;
        }
        if let Some((first, before)) = checkpoints.last_key_value() {
            let proof = Stored { tiles: &tiles, size }.consistency(*first);
            let proof = proof.ok_or_else(|| format!("no proof of {first} events within {size}"))?;
            let (begin, end) = ((*first, before.root), (size, note.root));
            demand(tree::is_consistent(begin, end, &proof), || {
                format!("{key} does not go on from the checkpoint over {first} events")
            })?;
        }
        checkpoints.insert(size, note);
    }
    if let Some((_, bytes)) =
        objects(store, "checkpoint").iter().find(|(key, _)| key == "checkpoint")
    {
        let copied = note::open(bytes).map_err(|why| format!("the mutable copy: {why}"))?;
        demand(checkpoints.get(&copied.size) == Some(&copied), || {
            format!("the mutable copy is of no checkpoint: {copied:?}")
        })?;
    }
    Ok(Seal { checkpoints, events: events.leaves.len() })
}

/// What the second place has is what the log's own store has, and what sealers were told to stand
/// in both does.
pub(super) fn is_of_the_log(
    (store, second): (&MemoryStore, &MemoryStore),
    told: &[(Owner, Checkpoint)],
    tally: &Tally,
) -> Result<Seal, String> {
    let seal = read(store)?;
    let copies: BTreeMap<String, Bytes> = objects(second, "").into_iter().collect();
    let originals: BTreeMap<String, Bytes> = objects(store, "checkpoints/").into_iter().collect();
    for (key, copy) in &copies {
        demand(originals.get(key) == Some(copy), || {
            format!("the second place has a {key} that the log's own store has not")
        })?;
    }
    for (owner, checkpoint) in told {
        let key = format!("checkpoints/{:020}", checkpoint.size);
        let stands = usize::try_from(checkpoint.size).ok();
        let stands = stands.and_then(|size| seal.checkpoints.get(&size));
        let same = stands.is_some_and(|note| note.root == checkpoint.root.0);
        demand(same && copies.contains_key(&key), || {
            format!("process {owner} was told that {key} stands in both places")
        })?;
    }
    let mut by_size: BTreeMap<u64, u64> = BTreeMap::new();
    told.iter().for_each(|(_, told)| *by_size.entry(told.size).or_default() += 1);
    tally.add("sealed", told.len() as u64);
    tally.add("sealed by two", by_size.values().filter(|times| **times > 1).count() as u64);
    tally.add("checkpoint without its copy", (originals.len() - copies.len()) as u64);
    tally.add("tile filled", objects(store, "tile/1/").len() as u64);
    Ok(seal)
}
