//! Old snapshots go, and the graphs beside them, as in a bucket a lifecycle rule makes them go: on one
//! machine nobody else would. Of the other views none goes: they are found by name.

use leviathan_core::state::STATE_FORMAT;
use leviathan_local::FolderStore;
use leviathan_log::keys;
use leviathan_log::views::graph;

use crate::state_folder::StateFolder;

/// So many stay, in case the newer ones are damaged.
const KEPT: usize = 8;

/// Drops all snapshots but the newest. What can't be dropped stays, and is tried again after the
/// next snapshot.
pub(super) async fn drop_old(state: &StateFolder) {
    let store = match FolderStore::open(state.data()) {
        Ok(store) => store,
        Err(error) => return tracing::warn!("old snapshots stay: {error}"),
    };
    for prefix in [keys::snapshots(STATE_FORMAT), graph::starts()] {
        match store.keep_newest(&prefix, KEPT).await {
            Ok(0) => {}
            Ok(dropped) => tracing::debug!(dropped, prefix, "old snapshots"),
            Err(error) => tracing::warn!(prefix, "old snapshots stay: {error}"),
        }
    }
}
