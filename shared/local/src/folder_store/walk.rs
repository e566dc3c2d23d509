//! LIST over a folder: the smallest keys after a given one, without holding all of them.

use std::collections::BinaryHeap;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

use leviathan_core::ports::StoreError;

/// Up to `limit` keys with this prefix after `start_after`, in byte order.
pub(super) fn list(
    root: &Path,
    prefix: &str,
    start_after: Option<&str>,
    limit: usize,
) -> Result<Vec<String>, StoreError> {
    let mut search = Search { root, prefix, start_after, limit, found: BinaryHeap::new() };
    search.folder("").map_err(|problem| StoreError::Unclear {
        key: prefix.to_owned(),
        reason: problem.to_string(),
    })?;
    Ok(search.found.into_sorted_vec())
}

struct Search<'a> {
    root: &'a Path,
    prefix: &'a str,
    start_after: Option<&'a str>,
    limit: usize,
    /// The largest on top, to be thrown out when a smaller one is found: folders give their names
    /// in no order, and the log's holds 100,000 of them.
    found: BinaryHeap<String>,
}

impl Search<'_> {
    /// `folder`: the part of the keys up to here, empty or ending in a slash.
    fn folder(&mut self, folder: &str) -> io::Result<()> {
        let entries = match fs::read_dir(self.root.join(folder)) {
            Err(problem) if problem.kind() == ErrorKind::NotFound => return Ok(()),
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            // No key of ours has such a name: a person's file, or `.writing`.
            let Ok(name) = entry.file_name().into_string() else { continue };
            if name.starts_with('.') {
                continue;
            }
            let key = format!("{folder}{name}");
            // The folder says what it is where the file system knows: no call an entry.
            if entry.file_type()?.is_dir() {
                let inner = format!("{key}/");
                if self.may_hold(&inner) {
                    self.folder(&inner)?;
                }
            } else {
                self.take(key);
            }
        }
        Ok(())
    }

    /// Whether keys that begin with this can be among those that are wanted.
    fn may_hold(&self, inner: &str) -> bool {
        let named = inner.starts_with(self.prefix) || self.prefix.starts_with(inner);
        named && self.start_after.is_none_or(|after| after < inner || after.starts_with(inner))
    }

    fn take(&mut self, key: String) {
        if !key.starts_with(self.prefix) || self.start_after.is_some_and(|after| *key <= *after) {
            return;
        }
        if self.found.len() < self.limit {
            self.found.push(key);
        } else if let Some(mut largest) = self.found.peek_mut()
            && key < *largest
        {
            *largest = key;
        }
    }
}
