//! `submodule`: what a submodule brings is not in the change, so nobody could judge it; and one
//! that goes or becomes a file changes what a clone fetches.

use super::{Change, violation};
use crate::diff::FileMode;
use crate::fact::Violation;

pub(super) fn judge(change: &Change<'_>) -> Vec<Violation> {
    let touches_one = change.files().filter(|file| {
        let old = file.old.as_ref().map(|old| old.mode);
        let new = file.new.as_ref().map(|new| new.mode);
        [old, new].contains(&Some(FileMode::Submodule))
    });
    let detail = "a submodule; only a person may add, move or remove one";
    touches_one.map(|file| violation("submodule", &file.path, detail)).collect()
}
