//! The two secrets of a local run, made once and readable by their owner only.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use data_encoding::HEXLOWER;

use crate::error::CommandError;

/// The secret in this file; made on first use.
pub(super) fn read_or_make(path: &Path) -> Result<String, CommandError> {
    let made = match fs::read_to_string(path) {
        Ok(text) if text.trim().len() >= 32 => return Ok(text.trim().to_owned()),
        Ok(_) => fs::remove_file(path).and_then(|()| make(path)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => make(path),
        Err(error) => Err(error),
    };
    made.map_err(|error| {
        CommandError::failed(
            format!("the secret in {} can't be read or made: {error}", path.display()),
            "check the state folder's permissions",
        )
    })
}

/// Complete before it has its name, so that a crash leaves no half of one.
fn make(path: &Path) -> io::Result<String> {
    let secret = HEXLOWER.encode(&rand::random::<[u8; 32]>());
    let unfinished = path.with_extension("new");
    let _ = fs::remove_file(&unfinished);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished)?;
    file.write_all(secret.as_bytes())?;
    file.sync_all()?;
    fs::rename(&unfinished, path)?;
    Ok(secret)
}
