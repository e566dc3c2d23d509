//! Signed notes (c2sp.org/signed-note) with Ed25519: a text, a blank line, signature lines. Pure.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, VerifyingKey};
use sha2::{Digest as _, Sha256};

/// The number of Ed25519 in a key's name.
const ED25519: u8 = 1;

/// What a signature line begins with: an em dash and a blank.
const MARK: &str = "\u{2014} ";

/// Longer notes are not read.
const MAX_BYTES: usize = 64 * 1024;

/// The public half of a log's key, with its name: `<name>+<id>+<base64>`, one line that a person
/// notes down in a place of trust.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    id: [u8; 4],
    key: VerifyingKey,
}

/// Why a text is no verifier key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "this is no verifier key: {0}; expected NAME+ID+BASE64 on one line, as `leviathanctl log key` \
     prints it"
)]
pub struct KeyError(&'static str);

/// Why a note is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// It has not the form of a signed note.
    #[error("it is no signed note: {0}")]
    Form(&'static str),
    /// The key that was asked about did not sign it.
    #[error("it is not signed by {key}, only by: {signers}")]
    NotSigned {
        /// The key that should have.
        key: String,
        /// The names of those that stand there.
        signers: String,
    },
    /// It carries this key's name and id, and another signature.
    #[error("the signature under the name {name} is wrong: its text was changed")]
    Wrong {
        /// The name.
        name: String,
    },
}

impl VerifierKey {
    /// The key with this name.
    pub fn new(name: &str, public_key: &[u8; 32]) -> Result<Self, KeyError> {
        if name.is_empty() || name.contains('+') || name.contains(char::is_whitespace) {
            return Err(KeyError("its name is empty, or has a blank or a plus sign in it"));
        }
        let key = VerifyingKey::from_bytes(public_key)
            .map_err(|_| KeyError("its 32 bytes are no Ed25519 key"))?;
        Ok(Self { name: name.to_owned(), id: key_id(name, public_key), key })
    }

    /// The log's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether this is the key's signature of the text.
    pub fn verifies(&self, text: &str, signature: &[u8; 64]) -> bool {
        self.key.verify_strict(text.as_bytes(), &Signature::from_bytes(signature)).is_ok()
    }

    /// The note of this text with the signature.
    pub fn note(&self, text: &str, signature: &[u8; 64]) -> String {
        let mut line = self.id.to_vec();
        line.extend_from_slice(signature);
        format!("{text}\n{MARK}{} {}\n", self.name, STANDARD.encode(line))
    }

    /// The text of a note, if this key signed it. Other keys' signatures may stand beside.
    pub fn open<'a>(&self, note: &'a [u8]) -> Result<&'a str, NoteError> {
        let (text, signatures) = parts(note)?;
        for (name, line) in &signatures {
            let Some((id, signature)) = line.split_first_chunk::<4>() else { continue };
            if *name != self.name || *id != self.id {
                continue;
            }
            let signature = <&[u8; 64]>::try_from(signature);
            let right = signature.is_ok_and(|signature| self.verifies(text, signature));
            return if right {
                Ok(text)
            } else {
                Err(NoteError::Wrong { name: self.name.clone() })
            };
        }
        let signers: Vec<&str> = signatures.iter().map(|(name, _)| *name).collect();
        Err(NoteError::NotSigned { key: self.to_string(), signers: signers.join(", ") })
    }
}

/// The text of a note, whoever signed it.
pub fn text_of(note: &[u8]) -> Result<&str, NoteError> {
    Ok(parts(note)?.0)
}

type Signatures<'a> = Vec<(&'a str, Vec<u8>)>;

fn parts(note: &[u8]) -> Result<(&str, Signatures<'_>), NoteError> {
    if note.len() > MAX_BYTES {
        return Err(NoteError::Form("it is longer than 64 KiB"));
    }
    let note = std::str::from_utf8(note).map_err(|_| NoteError::Form("it is not UTF-8"))?;
    if note.chars().any(|c| c < ' ' && c != '\n') {
        return Err(NoteError::Form("it has a control character in it"));
    }
    // The last blank line separates: the text may have some of its own.
    let at = note.rfind("\n\n").ok_or(NoteError::Form("no blank line ends its text"))?;
    let (text, rest) = note.split_at(at.saturating_add(1));
    let lines = rest.strip_prefix('\n').and_then(|rest| rest.strip_suffix('\n'));
    let lines = lines.ok_or(NoteError::Form("its last line has no end"))?;
    let signatures: Option<Signatures<'_>> = lines.split('\n').map(signature_line).collect();
    let signatures = signatures.ok_or(NoteError::Form("a signature line can't be read"))?;
    Ok((text, signatures))
}

fn signature_line(line: &str) -> Option<(&str, Vec<u8>)> {
    let (name, signature) = line.strip_prefix(MARK)?.split_once(' ')?;
    let signature = STANDARD.decode(signature).ok()?;
    (!name.is_empty() && signature.len() > 4).then_some((name, signature))
}

/// By which a key is told from others of the same name.
fn key_id(name: &str, public_key: &[u8; 32]) -> [u8; 4] {
    let hash = Sha256::new()
        .chain_update(name)
        .chain_update(b"\n")
        .chain_update([ED25519])
        .chain_update(public_key)
        .finalize();
    let [a, b, c, d, ..] = <[u8; 32]>::from(hash);
    [a, b, c, d]
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = vec![ED25519];
        bytes.extend_from_slice(self.key.as_bytes());
        let id = data_encoding::HEXLOWER.encode(&self.id);
        write!(f, "{}+{id}+{}", self.name, STANDARD.encode(bytes))
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for VerifierKey {
    type Err = KeyError;
    fn from_str(text: &str) -> Result<Self, KeyError> {
        // The base64 may have plus signs of its own; name and id have none.
        let mut parts = text.trim().splitn(3, '+');
        let mut next = || parts.next().ok_or(KeyError("it has not three parts"));
        let (name, id, key) = (next()?, next()?, next()?);
        let bytes = STANDARD.decode(key).map_err(|_| KeyError("its last part is no base64"))?;
        let public_key = match bytes.split_first() {
            Some((&ED25519, key)) => <&[u8; 32]>::try_from(key).ok(),
            _ => None,
        };
        let public_key = public_key.ok_or(KeyError("it is no Ed25519 key"))?;
        let key = Self::new(name, public_key)?;
        if data_encoding::HEXLOWER.encode(&key.id) != id {
            return Err(KeyError("its id is not that of this name and key"));
        }
        Ok(key)
    }
}
