//! A change as bytes: JSON, one spelling for one change, so that its digest names it.
//!
//! `{"format":1,"base":…,"files":[{"path":…,"old":{"mode":…,"blob":…}|null,"new":{"mode":…,
//! "text":…}|{"mode":…,"base64":…}|null}]}` without blanks or newline. Content that is valid UTF-8
//! is `text`, all other is `base64`: a person can read a change with nothing but `jq`.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{Diff, DiffProblem, FileChange, FileMode, NewFile, OldFile};
use crate::ids::GitCommit;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireDiff<'a> {
    format: u32,
    base: GitCommit,
    #[serde(borrow)]
    files: Vec<WireFile<'a>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireFile<'a> {
    path: String,
    old: Option<OldFile>,
    #[serde(borrow)]
    new: Option<WireNew<'a>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireNew<'a> {
    mode: FileMode,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    text: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    base64: Option<String>,
}

impl Diff {
    /// The change's canonical bytes. Only a well-formed change can be read back: see
    /// [`Diff::check`].
    pub fn to_bytes(&self) -> Vec<u8> {
        let files = self.files.iter().map(|file| WireFile {
            path: file.path.clone(),
            old: file.old.clone(),
            new: file.new.as_ref().map(|new| {
                let (text, base64) = match std::str::from_utf8(&new.content) {
                    Ok(text) => (Some(Cow::Borrowed(text)), None),
                    Err(_) => (None, Some(STANDARD.encode(&new.content))),
                };
                WireNew { mode: new.mode, text, base64 }
            }),
        });
        let wire =
            WireDiff { format: Self::FORMAT, base: self.base.clone(), files: files.collect() };
        // Texts, numbers and lists always serialise.
        serde_json::to_vec(&wire).unwrap_or_default()
    }

    /// Reads canonical bytes, and nothing else: what comes back has the same bytes and is well
    /// formed. The bytes may come from anyone.
    ///
    /// # Errors
    /// The first rule that the bytes break.
    pub fn from_bytes(bytes: &[u8]) -> Result<Diff, DiffProblem> {
        if bytes.len() > Self::MAX_BYTES {
            return Err(DiffProblem::TooLarge { bytes: bytes.len() });
        }
        let wire: WireDiff<'_> = serde_json::from_slice(bytes).map_err(unreadable)?;
        if wire.format != Self::FORMAT {
            return Err(DiffProblem::UnknownFormat { found: wire.format });
        }
        let files = wire.files.into_iter().map(read_file).collect::<Result<_, _>>()?;
        let diff = Diff { base: wire.base, files };
        diff.check()?;
        if diff.to_bytes() != bytes {
            return Err(DiffProblem::NotCanonical);
        }
        Ok(diff)
    }
}

fn read_file(file: WireFile<'_>) -> Result<FileChange, DiffProblem> {
    let new = file.new.map(read_new).transpose()?;
    Ok(FileChange { path: file.path, old: file.old, new })
}

fn read_new(new: WireNew<'_>) -> Result<NewFile, DiffProblem> {
    let content = match (new.text, new.base64) {
        (Some(text), None) => Bytes::from(text.into_owned()),
        (None, Some(base64)) => Bytes::from(STANDARD.decode(base64).map_err(unreadable)?),
        (Some(_), Some(_)) | (None, None) => {
            let reason = "a new file has either text or base64".to_owned();
            return Err(DiffProblem::Unreadable { reason });
        }
    };
    Ok(NewFile { mode: new.mode, content })
}

fn unreadable(error: impl std::fmt::Display) -> DiffProblem {
    DiffProblem::Unreadable { reason: error.to_string().chars().take(200).collect() }
}
