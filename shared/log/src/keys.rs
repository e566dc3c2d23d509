//! Every object name of the log, on one screen. A name that is not here is not ours.

use leviathan_core::ids::Digest;

use crate::seal::tile::{Named, Tile, entries_path, parse};

/// Where the commits lie; nothing else may lie there.
pub const EVENTS: &str = "events/";

/// Where snapshots lie, in the data store: a folder for each format of the state.
pub const SNAPSHOTS: &str = "snapshots/";

/// The newest snapshot and commit that somebody knew, in the data store. Never trusted.
pub const HINT: &str = "hint";

/// Where the views lie, in the data store; the number is the format of their bytes.
pub const VIEWS: &str = "views/1/";

/// Where the views of the graph lie, in the data store: a folder for each of their formats.
pub const GRAPH_VIEWS: &str = "views/graph/";

/// Where the artifacts lie, in the data store.
pub const ARTIFACTS: &str = "artifacts/";

/// Where the tiles and the bundles of entries lie (c2sp.org/tlog-tiles); nothing else may lie there.
pub const TILES: &str = "tile/";

/// Where the checkpoints lie; nothing else may lie there.
pub const CHECKPOINTS: &str = "checkpoints/";

/// The newest checkpoint, for standard readers; replaced by each sealing and never trusted by us.
pub const CHECKPOINT: &str = "checkpoint";

/// What a restore is about to make of this store; the first object of a restored log's store.
pub const RESTORE: &str = "restore";

/// A commit's name has this many digits, so that byte order is number order up to the last `u64`.
const SEQ_DIGITS: usize = 20;

/// The commit with this number: `events/00000000000000000042`.
pub fn commit(seq: u64) -> String {
    format!("{EVENTS}{seq:0width$}", width = SEQ_DIGITS)
}

/// The number of the commit under this key; `None` where the key names no commit.
pub fn commit_seq(key: &str) -> Option<u64> {
    number(key.strip_prefix(EVENTS)?)
}

/// Where the snapshots of this format of the state lie: `snapshots/1/`.
pub fn snapshots(state_format: u32) -> String {
    format!("{SNAPSHOTS}{state_format}/")
}

/// The state after this commit: `snapshots/1/00000000000000000064`.
pub fn snapshot(state_format: u32, seq: u64) -> String {
    format!("{SNAPSHOTS}{state_format}/{seq:0width$}", width = SEQ_DIGITS)
}

/// The format and the commit of the snapshot under this key; `None` where it names no snapshot.
pub fn snapshot_seq(key: &str) -> Option<(u32, u64)> {
    let (format, digits) = key.strip_prefix(SNAPSHOTS)?.split_once('/')?;
    let format: u32 = format.parse().ok()?;
    let seq = number(digits)?;
    // Another spelling of the format's number names nothing.
    (snapshot(format, seq) == key).then_some((format, seq))
}

/// The checkpoint over so many events: `checkpoints/00000000000000001003`.
pub fn checkpoint(size: u64) -> String {
    format!("{CHECKPOINTS}{size:0width$}", width = SEQ_DIGITS)
}

/// The size of the checkpoint under this key; `None` where the key names no checkpoint.
pub fn checkpoint_size(key: &str) -> Option<u64> {
    number(key.strip_prefix(CHECKPOINTS)?)
}

/// A tile of hashes: `tile/0/x001/234.p/5`.
pub fn tile(tile: Tile) -> String {
    format!("{TILES}{}", tile.path())
}

/// A bundle of entries: `tile/entries/x001/234.p/5`.
pub fn entries(index: u64, width: u64) -> String {
    format!("{TILES}{}", entries_path(index, width))
}

/// The tile or the bundle under this key; `None` where the key names neither.
pub fn tile_named(key: &str) -> Option<Named> {
    parse(key.strip_prefix(TILES)?)
}

fn number(digits: &str) -> Option<u64> {
    let plain = digits.len() == SEQ_DIGITS && digits.bytes().all(|b| b.is_ascii_digit());
    // 20 digits can exceed a u64: the parse decides.
    if plain { digits.parse().ok() } else { None }
}

/// The artifact with this digest: `artifacts/sha256/ab/abcd…`.
pub fn artifact(digest: &Digest) -> String {
    let hex = digest.as_str();
    format!("{ARTIFACTS}sha256/{}/{hex}", hex.get(..2).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commits_key_is_dense_and_sorts_as_its_number() {
        assert_eq!(commit(0), "events/00000000000000000000");
        assert_eq!(commit(42), "events/00000000000000000042");
        assert_eq!(commit(u64::MAX), "events/18446744073709551615");
        assert!(commit(9) < commit(10) && commit(99) < commit(u64::MAX));
    }

    #[test]
    fn only_the_exact_spelling_names_a_commit() {
        for seq in [0, 1, 42, u64::MAX] {
            assert_eq!(commit_seq(&commit(seq)), Some(seq));
        }
        for key in [
            "events/42",
            "events/0000000000000000004x",
            "events/+0000000000000000042",
            "events/18446744073709551616",
            "events/000000000000000000042",
            "event/00000000000000000042",
            "events/",
            "",
        ] {
            assert_eq!(commit_seq(key), None, "{key}");
        }
    }

    #[test]
    fn a_snapshots_key_says_its_format_and_its_commit() {
        let key = "snapshots/1/00000000000000000064";
        assert_eq!(snapshot(1, 64), key);
        assert_eq!(snapshot_seq(key), Some((1, 64)));
        assert_eq!(snapshot_seq(&snapshot(u32::MAX, u64::MAX)), Some((u32::MAX, u64::MAX)));
        for key in [
            "snapshots/1/64",
            "snapshots/01/00000000000000000064",
            "snapshots/+1/00000000000000000064",
            "snapshots/00000000000000000064",
            "snapshots/1/2/00000000000000000064",
            "events/00000000000000000064",
        ] {
            assert_eq!(snapshot_seq(key), None, "{key}");
        }
    }

    #[test]
    fn an_artifact_lies_under_its_first_two_digits() {
        let digest = Digest::of(b"");
        assert_eq!(
            artifact(&digest),
            "artifacts/sha256/e3/e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
    }
}
