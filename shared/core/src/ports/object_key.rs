//! Which keys a store takes: the port's rule, the same for every store, so that a key that works in
//! one works in all, and none can leave a folder.

use crate::ports::StoreError;

/// S3's limit.
const MAX_KEY_BYTES: usize = 1_024;

/// Refuses a key that the port does not allow. Every store asks before it sends anything.
pub fn check_key(key: &str) -> Result<(), StoreError> {
    let problem = if key.len() > MAX_KEY_BYTES {
        "the key is longer than 1,024 bytes"
    } else if !key.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        "the key holds something else than printable ASCII"
    } else if key.split('/').any(|part| part.is_empty() || part.starts_with('.')) {
        "a part of the key is empty or begins with a dot"
    } else {
        return Ok(());
    };
    // Cut, and without control characters: this goes to people's terminals.
    let key = key.chars().take(80).flat_map(char::escape_default).collect();
    Err(StoreError::Refused { key, reason: format!("{problem}; use another key") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_could_leave_the_folder_is_refused() {
        let long = "a".repeat(MAX_KEY_BYTES + 1);
        for key in
            ["", "/a", "a/", "a//b", ".", "..", "a/../b", "../a", "a/.b", "a\nb", "\0", "ä", &long]
        {
            assert!(check_key(key).is_err(), "{key:?}");
        }
        let longest = "a".repeat(MAX_KEY_BYTES);
        for key in ["a", "a/b", "a..b/c.d", "events/00000000000000000000", "a b\\c", &longest] {
            assert!(check_key(key).is_ok(), "{key:?}");
        }
    }
}
