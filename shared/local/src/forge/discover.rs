//! From a path that a person typed to the repository it lies in, by looking at files only: a
//! repository's configuration is read as text and never obeyed.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use leviathan_core::ports::ForgeError;
use rustix::fs::{Access, access};

use super::git::{Call, refused, text};

/// A repository on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Located {
    /// The top of the working tree that the path lies in; `None` in a bare repository.
    pub(crate) top: Option<PathBuf>,
    /// The folder with this working tree's `HEAD`.
    pub(crate) git_dir: PathBuf,
    /// The folder with the objects and refs; the same as `git_dir` but for linked worktrees.
    pub(crate) common_dir: PathBuf,
    /// What of its configuration tells how its files are to be read.
    pub(crate) format: Format,
}

/// What of a repository's configuration tells how its files are to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Format {
    /// `sha1` or `sha256`.
    pub(crate) objects: String,
    /// `files` or `reftable`.
    pub(crate) refs: String,
    /// `core.sharedRepository`: the permissions that new files get.
    pub(crate) shared: Option<String>,
    /// It has no working tree of its own.
    pub(crate) bare: bool,
    /// `core.worktree`: where its own working tree is, when not around it.
    pub(crate) worktree: Option<PathBuf>,
}

/// Extensions of the repository format that change nothing of what is done here, or that a view
/// repeats.
const KNOWN_EXTENSIONS: [&str; 9] = [
    "objectformat",
    "refstorage",
    "worktreeconfig",
    "relativeworktrees",
    "preciousobjects",
    "partialclone",
    "submodulepathconfig",
    "noop",
    "noop-v1",
];

const ACTION: &str = "find the repository";

/// The repository that `path` lies in.
pub(crate) fn locate(path: &str) -> Result<Located, ForgeError> {
    let start = fs::canonicalize(path).map_err(|error| {
        refused(ACTION, path, format!("{error}; give a folder on this machine or a URL"))
    })?;
    for folder in start.ancestors() {
        if let Some(git_dir) = dot_git(folder) {
            return describe(path, Some(folder.to_owned()), git_dir);
        }
        if is_git_dir(folder) {
            return describe(path, None, folder.to_owned());
        }
    }
    let reason = "no git repository here or above; run `git init` there and commit, or give \
                  another path";
    Err(refused(ACTION, path, reason))
}

/// Branches and their objects are written here: who can't, hears so before any work is done.
pub(crate) fn check_writable(location: &str, located: &Located) -> Result<(), ForgeError> {
    for name in ["objects", "refs"] {
        let folder = located.common_dir.join(name);
        let wanted = Access::WRITE_OK | Access::EXEC_OK;
        // A folder that is not there is another fault, told by what needs it.
        if let Err(error) = access(&folder, wanted)
            && error != rustix::io::Errno::NOENT
        {
            let error = std::io::Error::from(error);
            let reason = format!(
                "you can't write {}: {error}; branches are made there: work as its owner, or on \
                 a clone of your own",
                text(&folder)
            );
            return Err(refused(ACTION, location, reason));
        }
    }
    Ok(())
}

fn describe(path: &str, top: Option<PathBuf>, git_dir: PathBuf) -> Result<Located, ForgeError> {
    let common_dir = match fs::read_to_string(git_dir.join("commondir")) {
        Ok(line) => git_dir.join(line.trim_end()),
        Err(_) => git_dir.clone(),
    };
    let common_dir = fs::canonicalize(&common_dir).map_err(|error| {
        refused(ACTION, path, format!("{} cannot be read: {error}", text(&common_dir)))
    })?;
    let format = format(path, &common_dir)?;
    Ok(Located { top, git_dir, common_dir, format })
}

/// The git folder that `folder/.git` is or names.
fn dot_git(folder: &Path) -> Option<PathBuf> {
    let entry = folder.join(".git");
    if entry.is_dir() {
        return is_git_dir(&entry).then_some(entry).and_then(|e| fs::canonicalize(e).ok());
    }
    let line = fs::read_to_string(&entry).ok()?;
    let named = folder.join(line.strip_prefix("gitdir:")?.trim());
    let named = fs::canonicalize(named).ok()?;
    is_git_dir(&named).then_some(named)
}

/// The shape that git asks for: a HEAD, and objects and refs here or in the common folder.
fn is_git_dir(folder: &Path) -> bool {
    let has_head = folder.join("HEAD").symlink_metadata().is_ok();
    let linked = folder.join("commondir").is_file();
    has_head && (linked || (folder.join("objects").is_dir() && folder.join("refs").is_dir()))
}

fn format(location: &str, common_dir: &Path) -> Result<Format, ForgeError> {
    let mut values = settings(location, &common_dir.join("config"))?;
    if values.get("extensions.worktreeconfig").is_some_and(|value| is_true(value)) {
        values.extend(settings(location, &common_dir.join("config.worktree"))?);
    }
    for key in values.keys() {
        if let Some(extension) = key.strip_prefix("extensions.")
            && !KNOWN_EXTENSIONS.contains(&extension)
        {
            let reason = format!("its format has the extension {extension}, which is not known");
            return Err(refused(ACTION, location, reason));
        }
    }
    let value = |key: &str| values.get(key).cloned();
    let one_of = |key: &str, known: [&'static str; 2]| match value(key) {
        None => Ok(known[0].to_owned()),
        Some(found) if known.contains(&found.as_str()) => Ok(found),
        Some(found) => {
            Err(refused(ACTION, location, format!("{key} is {found}, which is not known")))
        }
    };
    Ok(Format {
        objects: one_of("extensions.objectformat", ["sha1", "sha256"])?,
        refs: one_of("extensions.refstorage", ["files", "reftable"])?,
        shared: value("core.sharedrepository").filter(|value| is_sharing(value)),
        bare: match values.get("core.bare") {
            Some(value) => is_true(value),
            None => common_dir.file_name().is_none_or(|name| name != ".git"),
        },
        worktree: value("core.worktree").map(|path| common_dir.join(path)),
    })
}

/// A configuration file's settings, as text; names in lower case, the last value of each.
fn settings(location: &str, file: &Path) -> Result<BTreeMap<String, String>, ForgeError> {
    if !file.exists() {
        return Ok(BTreeMap::new());
    }
    let answer = Call::without_repository(ACTION, location)
        .args(["config", "--null", "--no-includes", "--list", "--file"])
        .arg(file)
        .ok()?;
    let listed = String::from_utf8_lossy(&answer.stdout).into_owned();
    Ok(listed
        .split_terminator('\0')
        .map(|entry| match entry.split_once('\n') {
            Some((name, value)) => (name.to_owned(), value.to_owned()),
            // A name without `=` stands for true.
            None => (entry.to_owned(), "true".to_owned()),
        })
        .collect())
}

fn is_true(value: &str) -> bool {
    matches!(value.to_ascii_lowercase().as_str(), "true" | "yes" | "on" | "1")
}

fn is_sharing(value: &str) -> bool {
    let octal = value.len() == 4 && value.bytes().all(|b| (b'0'..=b'7').contains(&b));
    octal || matches!(value, "group" | "all" | "world" | "everybody" | "true" | "1" | "2")
}
