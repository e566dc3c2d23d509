//! A checkpoint read by the page that describes it (docs/log.md), and by no code of the log.

use data_encoding::BASE64;
use ed25519_dalek::{Signature, VerifyingKey};
use leviathan_core::ports::Signer as _;
use sha2::{Digest as _, Sha256};

use super::tree::Hash;
use crate::sealing::{Key, ORIGIN};

/// What a checkpoint says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Note {
    pub(super) size: usize,
    pub(super) root: Hash,
    /// The last commit and its digest: `<seq>:<hex>`.
    pub(super) commit: String,
    pub(super) recorded_at: String,
}

/// Reads a checkpoint that the simulation's key has to have signed.
pub(super) fn open(bytes: &[u8]) -> Result<Note, String> {
    let text = std::str::from_utf8(bytes).map_err(|problem| problem.to_string())?;
    let (body, signatures) = text.split_once("\n\n").ok_or("no blank line")?;
    let signed = format!("{body}\n");
    let signature = signatures.strip_prefix(&format!("\u{2014} {ORIGIN} "));
    let signature = signature.and_then(|line| line.strip_suffix('\n'));
    let signature = signature.ok_or("not one line by the log's key")?;
    let signature = BASE64.decode(signature.as_bytes()).map_err(|problem| problem.to_string())?;
    let public = Key::default().public_key();
    let named = [ORIGIN.as_bytes(), b"\n\x01", &public].concat();
    let id = Sha256::digest(named);
    let signature = signature.strip_prefix(&id[..4]).ok_or("the id of another key")?;
    let signature = Signature::from_slice(signature).map_err(|problem| problem.to_string())?;
    let key = VerifyingKey::from_bytes(&public).map_err(|problem| problem.to_string())?;
    key.verify_strict(signed.as_bytes(), &signature).map_err(|problem| problem.to_string())?;
    let lines: Vec<&str> = body.split('\n').collect();
    let [ORIGIN, size, root, commit, recorded_at] = lines[..] else {
        return Err(format!("its text is {lines:?}"));
    };
    let root = BASE64.decode(root.as_bytes()).map_err(|problem| problem.to_string())?;
    Ok(Note {
        size: size.parse().map_err(|_| format!("its size is {size}"))?,
        root: root.try_into().map_err(|_| "its root is no hash".to_owned())?,
        commit: commit.strip_prefix("commit ").ok_or("no commit")?.to_owned(),
        recorded_at: recorded_at.strip_prefix("recorded_at ").ok_or("no time")?.to_owned(),
    })
}
