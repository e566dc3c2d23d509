//! Files that are written only where nothing is, whole or not at all.

use std::fs;
use std::io::{self, ErrorKind, Write as _};
use std::path::Path;

use serde::Serialize;

use crate::error::CommandError;
use crate::exit::Exit;

/// Where a file stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    /// Not there; it would be written.
    Proposed,
    /// It was written now.
    Written,
    /// Something is there; it stays as it is.
    Exists,
}

/// Whether something is there. A link to nowhere is something too, and a folder that is a link is
/// not followed: it may lead out of the repository.
pub(super) fn look(top: &Path, path: &str) -> Result<State, CommandError> {
    let file = top.join(path);
    let Some(folder) = file.parent() else { return Ok(State::Proposed) };
    match folder.symlink_metadata() {
        Ok(facts) if facts.is_dir() => {}
        Ok(_) => {
            return Err(CommandError::new(
                Exit::PersonNeeded,
                format!("{} is there and is no folder", folder.display()),
                "nothing was written; move it away, then run this again",
            ));
        }
        Err(problem) if problem.kind() == ErrorKind::NotFound => return Ok(State::Proposed),
        Err(problem) => return Err(failed(folder, &problem)),
    }
    match file.symlink_metadata() {
        Ok(_) => Ok(State::Exists),
        Err(problem) if problem.kind() == ErrorKind::NotFound => Ok(State::Proposed),
        Err(problem) => Err(failed(&file, &problem)),
    }
}

/// Writes the file unless something has come to its place since it was looked at.
pub(super) fn write_new(top: &Path, path: &str, content: &str) -> Result<State, CommandError> {
    if look(top, path)? == State::Exists {
        return Ok(State::Exists);
    }
    let file = top.join(path);
    let written = write(&file, content);
    match written {
        Ok(()) => Ok(State::Written),
        Err(problem) if problem.kind() == ErrorKind::AlreadyExists => Ok(State::Exists),
        Err(problem) => Err(failed(&file, &problem)),
    }
}

fn write(file: &Path, content: &str) -> io::Result<()> {
    let folder = file.parent().unwrap_or(file);
    fs::create_dir_all(folder)?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".new-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // As any editor's file: what the umask leaves of it.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let mut whole = builder.tempfile_in(folder)?;
    whole.write_all(content.as_bytes())?;
    whole.as_file().sync_all()?;
    whole.persist_noclobber(file).map_err(|error| error.error)?;
    Ok(())
}

fn failed(path: &Path, problem: &io::Error) -> CommandError {
    CommandError::failed(
        format!("{} can't be written: {problem}", path.display()),
        "check its permissions and the room on the disk; files that were written already stay",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_written_once_and_never_again() {
        let top = tempfile::tempdir().unwrap();
        let path = ".leviathan/policy.yaml";
        assert_eq!(look(top.path(), path).unwrap(), State::Proposed);
        assert_eq!(write_new(top.path(), path, "one").unwrap(), State::Written);
        assert_eq!(look(top.path(), path).unwrap(), State::Exists);
        assert_eq!(write_new(top.path(), path, "two").unwrap(), State::Exists);
        assert_eq!(fs::read_to_string(top.path().join(path)).unwrap(), "one");
        let names: Vec<_> = fs::read_dir(top.path().join(".leviathan")).unwrap().collect();
        assert_eq!(names.len(), 1, "no temporary file stays");
    }

    #[test]
    fn what_comes_in_between_is_not_overwritten() {
        let top = tempfile::tempdir().unwrap();
        let file = top.path().join("policy.yaml");
        fs::write(&file, "a person's").unwrap();
        assert_eq!(write(&file, "ours").unwrap_err().kind(), ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(file).unwrap(), "a person's");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_in_the_place_of_the_folder_is_not_followed() {
        let (top, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::os::unix::fs::symlink(elsewhere.path(), top.path().join(".leviathan")).unwrap();
        let error = write_new(top.path(), ".leviathan/policy.yaml", "x").unwrap_err();
        assert_eq!(error.exit, Exit::PersonNeeded);
        assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
    }
}
