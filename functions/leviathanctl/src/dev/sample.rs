//! The sample target: a small real repository with a failing test and a backlog, made on the spot.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::CommandError;

/// Every file of it: path in the repository, content.
const FILES: &[(&str, &str)] = &[
    ("Cargo.toml", include_str!("../../sample/shop.toml")),
    ("Cargo.lock", include_str!("../../sample/shop.lock")),
    ("README.md", include_str!("../../sample/README.md")),
    (".gitignore", "/target\n"),
    ("src/lib.rs", include_str!("../../sample/src/lib.rs")),
    ("src/prices.rs", include_str!("../../sample/src/prices.rs")),
    ("data/prices.csv", include_str!("../../sample/data/prices.csv")),
    ("tests/shop.rs", include_str!("../../sample/tests/shop.rs")),
    ("tools/generate-prices.sh", include_str!("../../sample/tools/generate-prices.sh")),
    ("tools/tidy-readme.sh", include_str!("../../sample/tools/tidy-readme.sh")),
    ("tools/half-price.sh", include_str!("../../sample/tools/half-price.sh")),
    (".leviathan/backlog.yaml", include_str!("../../sample/leviathan/backlog.yaml")),
    (".leviathan/policy.yaml", include_str!("../../sample/leviathan/policy.yaml")),
    (".leviathan/contract.yaml", include_str!("../../sample/leviathan/contract.yaml")),
];

/// Makes the sample in this folder; one that is there already stays as it is.
pub fn make(folder: &Path) -> Result<(), CommandError> {
    if folder.join(".git").exists() {
        return Ok(());
    }
    make_new(folder).map_err(|error| {
        CommandError::failed(
            format!("the sample target can't be made in {}: {error}", folder.display()),
            "check the folder's permissions, or set XDG_STATE_HOME to another place",
        )
    })
}

/// Made under another name first, so that a crash leaves no half of one.
fn make_new(folder: &Path) -> io::Result<()> {
    let unfinished = unfinished(folder);
    match fs::remove_dir_all(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    for (path, text) in FILES {
        let path = unfinished.join(path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, text)?;
    }
    git(&unfinished, &["init", "--quiet", "--template=", "--initial-branch=main"])?;
    git(&unfinished, &["add", "--all"])?;
    git(&unfinished, &["commit", "--quiet", "--message=A very small shop"])?;
    if folder.exists() {
        // An empty folder, or one that a person emptied: rename would refuse a full one.
        fs::remove_dir(folder)?;
    }
    fs::rename(&unfinished, folder)
}

fn unfinished(folder: &Path) -> PathBuf {
    let mut name = folder.file_name().unwrap_or_default().to_owned();
    name.push(".unfinished");
    folder.with_file_name(name)
}

fn git(folder: &Path, arguments: &[&str]) -> io::Result<()> {
    let output = Command::new("git")
        .current_dir(folder)
        .args(["-c", "user.name=Leviathan sample", "-c", "user.email=sample@localhost"])
        .args(["-c", "core.hooksPath=/dev/null", "-c", "commit.gpgSign=false"])
        .args(arguments)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env_remove("GIT_DIR")
        .env_remove("GIT_WORK_TREE")
        .env_remove("GIT_INDEX_FILE")
        .output()?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(io::Error::other(format!("git {}: {}", arguments.join(" "), said.trim())))
}
