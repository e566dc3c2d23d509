//! What is uploaded besides the events: logs, cut to their beginning and end and without what
//! looks like a secret; and the diff, as it is.

use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use leviathan_core::ids::Digest;

use super::api::{Api, Delivery};
use super::bundle::Bundle;
use crate::files::{self, FileFault};
use crate::run::say;

/// What is kept of a log's beginning and of its end, in bytes.
const HEAD_BYTES: u64 = 64 * 1024;
const TAIL_BYTES: u64 = 192 * 1024;

/// Uploads the log at `path`, if there is one, and notes it in the bundle. The digest is `None`
/// when nothing could be uploaded: a lost log does not change how an attempt ends.
pub(super) fn upload(
    api: &Api,
    bundle: &mut Bundle,
    path: &Path,
    kind: &str,
    name: &str,
) -> Option<Digest> {
    let text = match read(path) {
        Ok(text) if !text.is_empty() => text,
        Ok(_) | Err(FileFault::Missing { .. }) => return None,
        Err(fault) => {
            say(format!("{name} is not uploaded: {fault}"));
            return None;
        }
    };
    store(api, bundle, text.as_bytes(), kind, name).ok()
}

/// Stores the bytes and notes them in the bundle.
pub(super) fn store(
    api: &Api,
    bundle: &mut Bundle,
    bytes: &[u8],
    kind: &str,
    name: &str,
) -> Result<Digest, Delivery> {
    let digest = Digest::of(bytes);
    match api.store(&digest, kind, name, bytes) {
        Delivery::Accepted => {
            let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
            bundle.add_artifact(&digest, kind, name, size);
            Ok(digest)
        }
        other => {
            say(format!("{name} could not be uploaded: {other:?}"));
            Err(other)
        }
    }
}

/// Beginning and end of the log, as text, secrets redacted.
fn read(path: &Path) -> Result<String, FileFault> {
    let (mut file, size) = files::open_regular(path)?;
    let unreadable = |source| FileFault::Unreadable { path: path.to_owned(), source };
    let mut head = Vec::new();
    let whole = HEAD_BYTES.saturating_add(TAIL_BYTES);
    if size <= whole {
        (&mut file).take(whole).read_to_end(&mut head).map_err(unreadable)?;
        return Ok(redacted(&head));
    }
    (&mut file).take(HEAD_BYTES).read_to_end(&mut head).map_err(unreadable)?;
    file.seek(SeekFrom::Start(size.saturating_sub(TAIL_BYTES))).map_err(unreadable)?;
    let mut tail = Vec::new();
    (&mut file).take(TAIL_BYTES).read_to_end(&mut tail).map_err(unreadable)?;
    let left_out = size.saturating_sub(whole);
    let note = format!("\n[{left_out} bytes of this log are left out here]\n");
    Ok([redacted(&whole_lines(&head, true)), note, redacted(&whole_lines(&tail, false))].concat())
}

fn redacted(bytes: &[u8]) -> String {
    leviathan_core::secret_scan::redact(&String::from_utf8_lossy(bytes)).into_owned()
}

/// Without the line that was cut in two: half a secret is not recognised as one.
fn whole_lines(bytes: &[u8], head: bool) -> Vec<u8> {
    let kept = if head {
        bytes.iter().rposition(|&byte| byte == b'\n').and_then(|at| bytes.get(..at))
    } else {
        bytes
            .iter()
            .position(|&byte| byte == b'\n')
            .and_then(|at| bytes.get(at.saturating_add(1)..))
    };
    kept.unwrap_or_default().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_log_keeps_whole_lines_of_beginning_and_end() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("log");
        let lines: Vec<String> = (0..60_000).map(|number| format!("line {number}")).collect();
        std::fs::write(&path, lines.join("\n")).unwrap();
        let text = read(&path).unwrap();
        assert!(text.starts_with("line 0\nline 1\n") && text.ends_with("line 59999"));
        assert!(text.contains(" bytes of this log are left out here]\nline "));
        assert!(
            text.lines()
                .all(|line| line.is_empty() || line.starts_with("line ") || line.starts_with('['))
        );
        assert!(u64::try_from(text.len()).unwrap() < HEAD_BYTES + TAIL_BYTES + 100);
    }
}
