//! A real repository as a person has one: made and changed with their own git.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use leviathan_core::diff::{FileChange, FileMode, NewFile, OldFile};
use leviathan_core::ids::GitCommit;
use leviathan_core::ports::forge::{NewGitCommit, Repository, WatchedPullRequest};
use leviathan_core::ports::{Clock, Forge};
use leviathan_local::forge::LocalForge;
use tempfile::TempDir;

pub(crate) const BRANCH: &str = "agent/fix-parser-abc1234567";
pub(crate) const ATTEMPT: &str = "fix-parser-abc1234567";
pub(crate) const BACKLOG: &str = ".leviathan/backlog.yaml";

/// Always the same time: what is made twice must come out the same.
struct Noon;

#[async_trait]
impl Clock for Noon {
    fn now(&self) -> Timestamp {
        "2026-01-01T12:00:00Z".parse().unwrap()
    }
    async fn sleep(&self, _: Duration) {}
}

/// A repository with a few files, a forge that knows nothing yet, and a folder for both.
pub(crate) struct World {
    pub(crate) folder: TempDir,
    pub(crate) path: PathBuf,
    pub(crate) forge: LocalForge,
}

impl World {
    /// With a working tree on `main`.
    pub(crate) fn new() -> Self {
        Self::with(&["--initial-branch=main"])
    }

    /// Made by `git init` with these options.
    pub(crate) fn with(options: &[&str]) -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("repo");
        git(folder.path(), ["init", "--quiet"].iter().chain(options).chain(&["repo"]));
        let world = Self { forge: forge(folder.path()), path, folder };
        world.write("src/lib.rs", "pub fn one() -> u32 {\n    1\n}\n");
        world.write("src/parser.rs", "fn a() {}\nfn b() {}\nfn c() {}\nfn d() {}\nfn e() {}\n");
        world.write("README.md", "# Sample\n");
        world.write(BACKLOG, "tasks:\n  - id: fix-parser\n    status: pending\n");
        world.write("bin/run", "#!/bin/sh\n");
        let run = fs::Permissions::from_mode(0o755);
        fs::set_permissions(world.path.join("bin/run"), run).unwrap();
        world.git(["add", "."]);
        world.git(["commit", "--quiet", "-m", "first"]);
        world
    }

    pub(crate) fn target(&self) -> Repository {
        at(&self.path)
    }

    pub(crate) fn write(&self, path: &str, content: &str) {
        let file = self.path.join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, content).unwrap();
    }

    /// A person's git in the repository; its output, trimmed.
    pub(crate) fn git<T: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = T>) -> String {
        git(&self.path, args)
    }

    pub(crate) fn id(&self, expression: &str) -> GitCommit {
        self.git(["rev-parse", "--verify", expression]).parse().unwrap()
    }

    pub(crate) fn commit(&self, path: &str, content: &str, message: &str) -> GitCommit {
        self.write(path, content);
        self.git(["add", "--", path]);
        self.git(["commit", "--quiet", "-m", message, "--", path]);
        self.id("HEAD")
    }

    /// The usual change, `change.md` new and the parser and the backlog edited, as a branch.
    pub(crate) async fn published(&self) -> WatchedPullRequest {
        self.published_at(&self.target()).await
    }

    /// The same, of the repository named in another way.
    pub(crate) async fn published_at(&self, target: &Repository) -> WatchedPullRequest {
        let base = self.forge.head(target).await.unwrap().unwrap();
        let changes = vec![
            self.edit(&base, BACKLOG, "tasks:\n  - id: fix-parser\n    status: completed\n"),
            add("change.md", "what changed\n"),
            self.edit(
                &base,
                "src/parser.rs",
                "fn a() {}\nfn B() {}\nfn c() {}\nfn d() {}\nfn e() {}\n",
            ),
        ];
        let head = self.forge.create_commit(target, &new(&base, changes)).await.unwrap();
        self.forge.create_branch(target, BRANCH, &head).await.unwrap();
        WatchedPullRequest {
            number: 1,
            head: BRANCH.to_owned(),
            head_commit: head,
            base_commit: base,
            attempt: ATTEMPT.to_owned(),
        }
    }

    /// A change of a file that the base has.
    pub(crate) fn edit(&self, base: &GitCommit, path: &str, content: &str) -> FileChange {
        let FileChange { new, .. } = add(path, content);
        FileChange { path: path.to_owned(), old: Some(self.old(base, path)), new }
    }

    /// The deletion of a file that the base has.
    pub(crate) fn delete(&self, base: &GitCommit, path: &str) -> FileChange {
        FileChange { path: path.to_owned(), old: Some(self.old(base, path)), new: None }
    }

    fn old(&self, base: &GitCommit, path: &str) -> OldFile {
        let line = self.git(["ls-tree", base.as_str(), "--", path]);
        let mut words = line.split_whitespace();
        let mode = match words.next().unwrap() {
            "100644" => FileMode::Regular,
            "100755" => FileMode::Executable,
            "120000" => FileMode::Symlink,
            other => panic!("{path} has mode {other}"),
        };
        OldFile { mode, blob: words.nth(1).unwrap().to_owned() }
    }

    /// Every file of the repository that writing a branch must leave as it is, with its bytes:
    /// working tree, index, HEAD, configuration. What may change is objects, refs and their logs.
    pub(crate) fn untouched(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut files = BTreeMap::new();
        let mut open = vec![self.path.clone()];
        while let Some(folder) = open.pop() {
            for entry in fs::read_dir(&folder).unwrap() {
                let path = entry.unwrap().path();
                let inside = path.strip_prefix(&self.path).unwrap().to_owned();
                let moving = [".git/objects", ".git/refs", ".git/packed-refs", ".git/reftable"];
                if moving.iter().any(|moving| inside == Path::new(moving)) {
                    continue;
                }
                if path.is_symlink() {
                    let target = fs::read_link(&path).unwrap();
                    files.insert(inside, target.into_os_string().into_encoded_bytes());
                } else if path.is_dir() {
                    open.push(path);
                } else {
                    files.insert(inside, fs::read(&path).unwrap());
                }
            }
        }
        files
    }
}

pub(crate) fn forge(folder: &Path) -> LocalForge {
    LocalForge::refresh_after(folder.join("state/forge"), Arc::new(Noon), Duration::ZERO)
}

/// One that takes a mirror for fresh for as long as a test runs.
pub(crate) fn patient_forge(folder: &Path) -> LocalForge {
    LocalForge::refresh_after(folder.join("state/patient"), Arc::new(Noon), Duration::MAX)
}

pub(crate) fn at(path: &Path) -> Repository {
    Repository { location: path.to_str().unwrap().to_owned(), default_branch: "main".to_owned() }
}

pub(crate) fn add(path: &str, content: &str) -> FileChange {
    let content = Bytes::copy_from_slice(content.as_bytes());
    let new = Some(NewFile { mode: FileMode::Regular, content });
    FileChange { path: path.to_owned(), old: None, new }
}

pub(crate) fn new(base: &GitCommit, changes: Vec<FileChange>) -> NewGitCommit {
    NewGitCommit {
        base: base.clone(),
        changes,
        message: format!(
            "Mend the parser\n\nLeviathan-Task: fix-parser\nLeviathan-Attempt: {ATTEMPT}\n"
        ),
        unix_seconds: 1_767_225_600,
    }
}

/// A person's git; its output, trimmed. Panics where it fails.
pub(crate) fn git<T: AsRef<OsStr>>(folder: &Path, args: impl IntoIterator<Item = T>) -> String {
    let output = try_git(folder, args);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "git in {}: {said}", folder.display());
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

pub(crate) fn try_git<T: AsRef<OsStr>>(folder: &Path, args: impl IntoIterator<Item = T>) -> Output {
    let mut command = Command::new("git");
    for (name, _) in std::env::vars_os() {
        if name.as_encoded_bytes().starts_with(b"GIT_") {
            command.env_remove(name);
        }
    }
    command
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_EDITOR", "true")
        .env("GIT_AUTHOR_NAME", "A Person")
        .env("GIT_AUTHOR_EMAIL", "person@example.com")
        .env("GIT_COMMITTER_NAME", "A Person")
        .env("GIT_COMMITTER_EMAIL", "person@example.com")
        .args(args)
        .output()
        .unwrap()
}
