//! Objects' names, as a LIST gives them: one name for each thing, and one thing for each name.

use leviathan_log::keys;
use leviathan_log::seal::tile::Named;

/// Panics where something is accepted that should not be.
pub(crate) fn check(data: &[u8]) {
    let Ok(name) = std::str::from_utf8(data) else { return };
    let mut again = Vec::new();
    again.extend(keys::commit_seq(name).map(keys::commit));
    again.extend(keys::snapshot_seq(name).map(|(format, seq)| keys::snapshot(format, seq)));
    again.extend(keys::checkpoint_size(name).map(keys::checkpoint));
    again.extend(keys::tile_named(name).map(|named| match named {
        Named::Hashes(tile) => {
            let _ = tile.least_size();
            keys::tile(tile)
        }
        Named::Entries { index, width } => keys::entries(index, width),
    }));
    assert!(again.iter().all(|again| again == name), "{name:?} is read as {again:?}");
    assert!(again.len() < 2, "{name:?} is several things");
}
