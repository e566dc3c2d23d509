//! A repository at the stand-in, with a person's clone of it.

use std::sync::Arc;

use bytes::Bytes;
use leviathan_core::diff::{FileChange, FileMode, NewFile};
use leviathan_core::ids::GitCommit;
use leviathan_core::ports::forge::{NewGitCommit, NewPullRequest, Repository, WatchedPullRequest};
use leviathan_core::ports::{Forge, ForgeError};
use leviathan_github::{Access, GitHub};
use leviathan_tests::clock::HandClock;
use leviathan_tests::github_server::{Asked, GitHubServer};
use leviathan_tests::repository::Repository as Clone;
use tempfile::TempDir;

pub(crate) const SHOP: &str = "acme/shop";
pub(crate) const BRANCH: &str = "agent/fix-parser-abc1234567";
pub(crate) const BACKLOG: &str = ".leviathan/backlog.yaml";

pub(crate) struct World {
    pub(crate) server: GitHubServer,
    pub(crate) clock: Arc<HandClock>,
    pub(crate) clone: Clone,
    pub(crate) shop: Repository,
    _folder: TempDir,
}

impl World {
    /// With these files on `main`.
    pub(crate) async fn with(files: &[(&str, &str)]) -> Self {
        let clock = Arc::new(HandClock::default());
        let server = GitHubServer::start(clock.clone()).await;
        server.create(SHOP);
        let folder = TempDir::new().unwrap();
        let clone = Clone::new(folder.path().join("clone"));
        let shop = server.repository(SHOP);
        let world = Self { server, clock, clone, shop, _folder: folder };
        world.commit(files);
        world.server.deliveries();
        world
    }

    /// With the usual files.
    pub(crate) async fn new() -> Self {
        Self::with(&[
            ("README.md", "# Shop\n"),
            ("src/parser.rs", "fn a() {}\n"),
            (BACKLOG, "tasks: []\n"),
        ])
        .await
    }

    /// A person pushes a change to `main`. Where that stands then.
    pub(crate) fn commit(&self, files: &[(&str, &str)]) -> GitCommit {
        self.clone.commit(files, "a person's change");
        self.push("main")
    }

    /// What the clone has checked out goes to a branch.
    pub(crate) fn push(&self, branch: &str) -> GitCommit {
        let to = self.server.git_dir(SHOP);
        let by_the_way = "HEAD:refs/heads/main-by-the-way";
        // The objects first, by git itself; then the branch, as GitHub sees it.
        self.clone.git(["push", "--quiet", "--force", to.to_str().unwrap(), by_the_way]);
        self.git(["update-ref", "-d", "refs/heads/main-by-the-way"]);
        let commit: GitCommit = self.clone.git(["rev-parse", "HEAD"]).parse().unwrap();
        self.server.push(SHOP, branch, &commit);
        commit
    }

    /// Git in the repository at the stand-in.
    pub(crate) fn git<const N: usize>(&self, arguments: [&str; N]) -> String {
        Clone::at(self.server.git_dir(SHOP)).git(arguments)
    }

    /// A forge that has asked nothing yet.
    pub(crate) fn forge(&self) -> GitHub {
        self.server.forge(Access::Publish)
    }

    /// A new file as a git commit; nothing points to it.
    pub(crate) async fn change(&self, forge: &GitHub) -> Result<GitCommit, ForgeError> {
        let base = forge.head(&self.shop).await?.unwrap();
        forge.create_commit(&self.shop, &new(&base, vec![add("change.md", "new\n")])).await
    }

    /// The same as a branch with a pull request.
    pub(crate) async fn published(&self, forge: &GitHub) -> WatchedPullRequest {
        let base_commit = forge.head(&self.shop).await.unwrap().unwrap();
        let head_commit = self.change(forge).await.unwrap();
        forge.create_branch(&self.shop, BRANCH, &head_commit).await.unwrap();
        let opened = forge.open_pull_request(&self.shop, &request()).await.unwrap();
        WatchedPullRequest {
            number: opened.number.unwrap(),
            head: BRANCH.to_owned(),
            head_commit,
            base_commit,
            attempt: "fix-parser-abc1234567".to_owned(),
        }
    }

    /// The requests since the last look, without the owner and the name.
    pub(crate) fn asked(&self) -> Vec<String> {
        let short = |asked: Asked| {
            let path = asked.path.replace("/repos/acme/shop", "");
            let condition = if asked.conditional { " if changed" } else { "" };
            format!("{} {path}{condition}: {}", asked.method, asked.status)
        };
        self.server.take().into_iter().map(short).collect()
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
        message: "Mend the parser\n\nLeviathan-Attempt: fix-parser-abc1234567\n".to_owned(),
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
