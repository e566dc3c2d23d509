//! The key that checkpoints are signed with, in a file that only its owner reads.
//!
//! One line, in the form that signed-note tools know: `PRIVATE+KEY+<name>+<id>+<base64>`, the
//! last part being the number of the algorithm (1, Ed25519) and the 32 secret bytes.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer as _, SigningKey};
use leviathan_core::ids::Digest;
use leviathan_core::ports::{Signer, SignerError};

const MARK: &str = "PRIVATE+KEY+";
const ED25519: u8 = 1;

/// A key in a file.
pub struct FileSigner {
    name: String,
    key: SigningKey,
}

/// Why the key can't be used. Never holds any of it.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// The file can't be read or made.
    #[error("the key that signs checkpoints, {}, can't be read or made: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The file is no key.
    #[error(
        "{} is not the key that signs checkpoints: {reason}. Bring it back from a backup: a new \
         key can't go on where the old one stopped", path.display()
    )]
    Form {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: &'static str,
    },
}

impl FileSigner {
    /// The key in this file; made at first use, with a name of its own.
    pub fn open_or_make(path: &Path) -> Result<Self, KeyFileError> {
        if let Some(signer) = Self::open(path)? {
            return Ok(signer);
        }
        let io = |source| KeyFileError::Io { path: path.to_owned(), source };
        let key = SigningKey::from_bytes(&rand::random());
        let public = Digest::of(key.verifying_key().as_bytes()).to_string();
        let name = format!("leviathan.local/{}", public.get(..16).unwrap_or_default());
        write_new(path, &line(&name, &key)).map_err(io)?;
        // Another process may have been first: what stands there is the key.
        let missing = || io(io::Error::from(io::ErrorKind::NotFound));
        Self::open(path)?.ok_or_else(missing)
    }

    /// The key in this file; `None` where there is no file.
    pub fn open(path: &Path) -> Result<Option<Self>, KeyFileError> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(KeyFileError::Io { path: path.to_owned(), source }),
        };
        match parse(text.trim()) {
            Ok(signer) => Ok(Some(signer)),
            Err(reason) => Err(KeyFileError::Form { path: path.to_owned(), reason }),
        }
    }
}

#[async_trait]
impl Signer for FileSigner {
    fn name(&self) -> &str {
        &self.name
    }
    fn public_key(&self) -> [u8; 32] {
        self.key.verifying_key().to_bytes()
    }
    async fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignerError> {
        Ok(self.key.sign(message).to_bytes())
    }
}

fn line(name: &str, key: &SigningKey) -> String {
    let mut secret = vec![ED25519];
    secret.extend_from_slice(key.as_bytes());
    format!("{MARK}{name}+{}+{}\n", id(name, key), STANDARD.encode(secret))
}

/// The first four bytes of SHA-256 over the name and the public key, in hex, as signed notes have
/// it: here it only tells a damaged file.
fn id(name: &str, key: &SigningKey) -> String {
    let mut bytes = name.as_bytes().to_vec();
    bytes.extend_from_slice(&[b'\n', ED25519]);
    bytes.extend_from_slice(key.verifying_key().as_bytes());
    Digest::of(&bytes).as_str().chars().take(8).collect()
}

fn parse(text: &str) -> Result<FileSigner, &'static str> {
    let rest = text.strip_prefix(MARK).ok_or("it does not begin with PRIVATE+KEY+")?;
    let mut parts = rest.splitn(3, '+');
    let (Some(name), Some(found), Some(secret)) = (parts.next(), parts.next(), parts.next()) else {
        return Err("it has not name, id and key");
    };
    let secret = STANDARD.decode(secret).map_err(|_| "its key is no base64")?;
    let secret = match secret.split_first() {
        Some((&ED25519, secret)) => <&[u8; 32]>::try_from(secret).ok(),
        _ => None,
    };
    let key = SigningKey::from_bytes(secret.ok_or("it is no Ed25519 key")?);
    if id(name, &key) != found {
        return Err("its id is not that of its name and key");
    }
    Ok(FileSigner { name: name.to_owned(), key })
}

/// Whole before it has its name, and never over another file.
fn write_new(path: &Path, line: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let unfinished = path.with_extension(format!("new-{:016x}", rand::random::<u64>()));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished)?;
    let written = file.write_all(line.as_bytes()).and_then(|()| file.sync_all());
    let linked = written.and_then(|()| fs::hard_link(&unfinished, path));
    fs::remove_file(&unfinished)?;
    match linked {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn key_file() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log-key");
        (folder, path)
    }

    #[test]
    fn the_key_is_made_once_and_only_its_owner_reads_it() {
        let (_folder, path) = key_file();
        assert!(FileSigner::open(&path).unwrap().is_none());
        let made = FileSigner::open_or_make(&path).unwrap();
        let again = FileSigner::open_or_make(&path).unwrap();
        assert_eq!((made.name(), made.public_key()), (again.name(), again.public_key()));
        assert!(made.name().starts_with("leviathan.local/") && made.name().len() == 32);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let left = fs::read_dir(path.parent().unwrap()).unwrap().count();
        assert_eq!(left, 1, "no half of a key stays behind");
    }

    #[test]
    fn two_at_once_have_one_key() {
        let (_folder, path) = key_file();
        let threads: Vec<_> = (0..8)
            .map(|_| {
                let path = path.clone();
                std::thread::spawn(move || FileSigner::open_or_make(&path).unwrap().public_key())
            })
            .collect();
        let keys: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        assert!(keys.windows(2).all(|pair| pair[0] == pair[1]));
    }

    #[test]
    fn a_damaged_key_is_refused_and_not_replaced_and_not_shown() {
        let (_folder, path) = key_file();
        FileSigner::open_or_make(&path).unwrap();
        let good = fs::read_to_string(&path).unwrap();
        let secret = good.trim().rsplit('+').next().unwrap().to_owned();
        for bad in [
            "".to_owned(),
            good.replace("leviathan.local", "leviathan.lokal"),
            good.replace(MARK, ""),
            good[..good.len() - 10].to_owned(),
        ] {
            fs::write(&path, &bad).unwrap();
            let error = FileSigner::open_or_make(&path).err().unwrap().to_string();
            assert!(error.contains("log-key") && !error.contains(&secret), "{error}");
            assert_eq!(fs::read_to_string(&path).unwrap(), bad);
        }
    }
}
