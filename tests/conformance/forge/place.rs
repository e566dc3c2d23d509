//! A repository at a forge, and a person's own clone to change it with.

use std::any::Any;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use leviathan_core::diff::{FileChange, FileMode, NewFile, OldFile};
use leviathan_core::ids::GitCommit;
use leviathan_core::ports::Forge;
use leviathan_core::ports::forge::{NewGitCommit, NewPullRequest, Repository, WatchedPullRequest};
use leviathan_github::Access;
use leviathan_local::forge::LocalForge;
use leviathan_tests::clock::HandClock;
use leviathan_tests::github_server::GitHubServer;
use leviathan_tests::repository::Repository as Clone;
use tempfile::TempDir;

pub(crate) const BRANCH: &str = "agent/fix-parser-abc1234567";

/// What a check gets.
pub(crate) struct Place {
    pub(crate) forge: Arc<dyn Forge>,
    pub(crate) repository: Repository,
    /// A person's working tree; `push` brings it to the forge's repository.
    pub(crate) clone: Clone,
    git_dir: PathBuf,
    _kept: Box<dyn Any + Send + Sync>,
}

impl Place {
    /// A bare repository on this machine.
    pub(crate) fn local() -> Self {
        let folder = TempDir::new().unwrap();
        let git_dir = folder.path().join("bare.git");
        std::fs::create_dir(&git_dir).unwrap();
        Clone::at(&git_dir).git(["init", "--quiet", "--bare", "--initial-branch=main"]);
        let clock = Arc::new(HandClock::default());
        let state = folder.path().join("forge");
        let forge = LocalForge::refresh_after(state, clock, Duration::ZERO);
        let repository = Repository {
            location: git_dir.to_str().unwrap().to_owned(),
            default_branch: "main".to_owned(),
        };
        let clone = Clone::new(folder.path().join("clone"));
        Self { forge: Arc::new(forge), repository, clone, git_dir, _kept: Box::new(folder) }
    }

    /// The stand-in for GitHub, signed in as its app.
    pub(crate) async fn github() -> Self {
        let server = GitHubServer::start(Arc::new(HandClock::default())).await;
        let git_dir = server.create("acme/shop");
        let forge = server.forge(Access::Publish);
        let repository = server.repository("acme/shop");
        let folder = TempDir::new().unwrap();
        let clone = Clone::new(folder.path().join("clone"));
        let _kept: Box<dyn Any + Send + Sync> = Box::new((folder, server));
        Self { forge: Arc::new(forge), repository, clone, git_dir, _kept }
    }

    /// With a few files on `main`. Where that stands.
    pub(crate) fn filled(&self) -> GitCommit {
        use std::os::unix::fs::PermissionsExt as _;
        self.clone.write("bin/run", "#!/bin/sh\n");
        let run = self.clone.path().join("bin/run");
        std::fs::set_permissions(run, std::fs::Permissions::from_mode(0o755)).unwrap();
        std::os::unix::fs::symlink("README.md", self.clone.path().join("link")).unwrap();
        self.commit(&[
            ("README.md", "# Sample\r\n"),
            ("src/lib.rs", "pub fn one() {}\n"),
            ("src/parser.rs", "fn a() {}\nfn b() {}\nfn c() {}\n"),
            (".leviathan/backlog.yaml", "tasks: []\n"),
        ])
    }

    /// A person changes files on the default branch. Where that stands then.
    pub(crate) fn commit(&self, files: &[(&str, &str)]) -> GitCommit {
        self.clone.commit(files, "a person's change");
        self.push("main")
    }

    /// Pushes what the clone has checked out to a branch.
    pub(crate) fn push(&self, branch: &str) -> GitCommit {
        let to = format!("HEAD:refs/heads/{branch}");
        self.clone.git(["push", "--quiet", self.git_dir.to_str().unwrap(), &to]);
        self.clone.git(["rev-parse", "HEAD"]).parse().unwrap()
    }

    /// Git in the forge's own repository.
    pub(crate) fn git<const N: usize>(&self, arguments: [&str; N]) -> String {
        Clone::at(&self.git_dir).git(arguments)
    }

    /// Every branch with where it stands.
    pub(crate) fn refs(&self) -> String {
        self.git(["for-each-ref", "--format=%(refname) %(objectname)"])
    }

    pub(crate) fn edit(&self, base: &GitCommit, path: &str, content: &str) -> FileChange {
        FileChange { old: Some(self.old(base, path)), ..add(path, content) }
    }

    pub(crate) fn delete(&self, base: &GitCommit, path: &str) -> FileChange {
        let old = Some(self.old(base, path));
        FileChange { path: path.to_owned(), old, new: None }
    }

    pub(crate) fn old(&self, base: &GitCommit, path: &str) -> OldFile {
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

    /// The usual change as a branch with a pull request.
    pub(crate) async fn published(&self) -> WatchedPullRequest {
        let base = self.forge.head(&self.repository).await.unwrap().unwrap();
        let changes = vec![
            self.edit(&base, "src/parser.rs", "fn a() {}\nfn B() {}\nfn c() {}\n"),
            add("change.md", "what changed\n"),
        ];
        let commit = new(&base, changes);
        let head = self.forge.create_commit(&self.repository, &commit).await.unwrap();
        self.forge.create_branch(&self.repository, BRANCH, &head).await.unwrap();
        let opened = self.forge.open_pull_request(&self.repository, &request()).await.unwrap();
        WatchedPullRequest {
            number: opened.number.unwrap_or(1),
            head: BRANCH.to_owned(),
            head_commit: head,
            base_commit: base,
            attempt: "fix-parser-abc1234567".to_owned(),
        }
    }
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
        message: "Mend the parser\n\nLeviathan-Task: fix-parser\n\
                  Leviathan-Attempt: fix-parser-abc1234567\n"
            .to_owned(),
        unix_seconds: 1_767_225_600,
    }
}

pub(crate) fn request() -> NewPullRequest {
    NewPullRequest {
        head: BRANCH.to_owned(),
        base: "main".to_owned(),
        title: "Mend the parser".to_owned(),
        body: "# Receipt\n".to_owned(),
        draft: false,
    }
}
