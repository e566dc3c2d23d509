//! `symlink_leaves_tree`: a symlink leads to a place in the repository, and not into `.git`.
//!
//! Only climbing first and descending after is taken: `../../a/b`, never `a/../b`. A link's own
//! directory is a real one, so leading `..` climb where they seem to; one after a name may climb
//! from wherever another link led. With every new link so, none of them leaves by way of another.

use super::{Change, shown, violation};
use crate::diff::{FileMode, is_git_directory, symlink_target};
use crate::fact::Violation;

pub(super) fn judge(change: &Change<'_>) -> Vec<Violation> {
    let links = change.files().filter_map(|file| {
        let new = file.new.as_ref().filter(|new| new.mode == FileMode::Symlink)?;
        Some((file.path.as_str(), &new.content))
    });
    links
        .filter_map(|(path, content)| {
            let detail = match symlink_target(content) {
                None => "its target is empty, too long, or not plain text".to_owned(),
                Some(target) => format!("it leads to {}: {}", shown(target), fault(path, target)?),
            };
            Some(violation("symlink_leaves_tree", path, detail))
        })
        .collect()
}

/// What is wrong with where a link at `path` leads.
fn fault(path: &str, target: &str) -> Option<&'static str> {
    let is_drive = target.as_bytes().get(1) == Some(&b':')
        && target.as_bytes().first().is_some_and(u8::is_ascii_alphabetic);
    if target.starts_with(['/', '\\']) || is_drive {
        return Some("an absolute path, which means something else on each machine");
    }
    let mut levels_above = path.split('/').count().saturating_sub(1);
    let mut descends = false;
    // A backslash parts names on Windows.
    for part in target.split(['/', '\\']) {
        match part {
            "" | "." => {}
            ".." if descends => return Some("it climbs after it descended; write it without"),
            ".." if levels_above == 0 => return Some("outside the repository"),
            ".." => levels_above = levels_above.saturating_sub(1),
            name if is_git_directory(name) => return Some("git's own directory"),
            _ => descends = true,
        }
    }
    None
}
