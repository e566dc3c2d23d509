//! A GitHub to test against: a real HTTP server with a real bare repository behind each of its
//! repositories, that speaks the paths, status codes and error bodies that the documentation gives.
//! It checks an app's sign-in, holds each token to its repository and its permissions, answers
//! conditional requests, counts what it is asked, and misbehaves when it is told to.
//!
//! It is no judge of GitHub, only of what is written about it.

mod auth;
mod fault;
mod git;
mod hooks;
mod keys;
mod objects;
mod pulls;
mod reply;
mod route;
mod serve;

use std::collections::{BTreeMap, VecDeque};
use std::ffi::OsStr;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use leviathan_core::ids::GitCommit;
use leviathan_core::ports::Clock;
use leviathan_core::ports::forge::Repository;
use leviathan_github::{Access, Auth, GitHub, GitHubOptions, Secret};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use fault::Fault;
pub use hooks::Sent;

/// The app that every repository has installed from the start.
pub const APP_ID: &str = "4711";

/// A token of a person who may do everything everywhere.
pub const PERSON: &str = "ghp_a-person-who-may-do-everything";

/// What the webhooks are signed with.
pub const WEBHOOK_SECRET: &str = "the webhook's secret";

/// A running server; gone with its repositories when dropped.
pub struct GitHubServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    serving: JoinHandle<()>,
}

/// One request as it came over the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// `GET` and so on.
    pub method: String,
    /// With its query.
    pub path: String,
    /// What was answered.
    pub status: u16,
    /// Whether it carried an ETag.
    pub conditional: bool,
}

struct Shared {
    folder: TempDir,
    address: SocketAddr,
    clock: Arc<dyn Clock>,
    world: Mutex<World>,
}

#[derive(Default)]
struct World {
    repositories: BTreeMap<String, Place>,
    tokens: BTreeMap<String, auth::Token>,
    script: VecDeque<fault::Planned>,
    asked: Vec<Asked>,
    sent: Vec<Sent>,
    made: u64,
    used: u64,
    /// Permissions that the app was given.
    app: BTreeMap<String, String>,
}

/// One repository.
struct Place {
    /// `owner/name` as it was made.
    name: String,
    default_branch: String,
    installed: bool,
    merge_methods: Vec<&'static str>,
    drafts: bool,
    pulls: BTreeMap<u64, pulls::Pull>,
}

impl GitHubServer {
    /// Without any repository.
    pub async fn start(clock: Arc<dyn Clock>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it listens");
        let app = [("contents", "write"), ("pull_requests", "write"), ("metadata", "read")];
        let app = app.map(|(name, level)| (name.to_owned(), level.to_owned())).into();
        let world = Mutex::new(World { app, ..World::default() });
        let folder = tempfile::Builder::new().prefix("leviathan-github-").tempdir();
        let folder = folder.expect("a temporary folder can be made");
        let shared = Arc::new(Shared { folder, address, clock, world });
        let serving = tokio::spawn(serve::serve(listener, Arc::clone(&shared)));
        Self { address, shared, serving }
    }

    /// The address of its API.
    pub fn api_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Makes `owner/name`, empty, with the app installed. Its git folder.
    pub fn create(&self, name: &str) -> PathBuf {
        let dir = self.git_dir(name);
        let args = ["init", "--quiet", "--bare", "--initial-branch=main", "--template="];
        git::run(
            self.shared.folder.path(),
            args.map(OsStr::new).into_iter().chain([dir.as_os_str()]),
        );
        let place = Place {
            name: name.to_owned(),
            default_branch: "main".to_owned(),
            installed: true,
            merge_methods: vec!["merge", "squash", "rebase"],
            drafts: true,
            pulls: BTreeMap::new(),
        };
        self.shared.world().repositories.insert(name.to_ascii_lowercase(), place);
        dir
    }

    /// Where a repository's git folder is.
    pub fn git_dir(&self, name: &str) -> PathBuf {
        self.shared.git_dir(name)
    }

    /// The repository as a target names it.
    pub fn repository(&self, name: &str) -> Repository {
        let location = format!("http://{}/{name}", self.address);
        Repository { location, default_branch: "main".to_owned() }
    }

    /// The app's sign-in, with the key in the form that GitHub gives out.
    pub fn app() -> Auth {
        let private_key_pem = Secret::from(keys::app().private_pem.clone());
        Auth::App { app_id: APP_ID.to_owned(), private_key_pem }
    }

    /// A forge on this server, signed in as the app.
    pub fn forge(&self, access: Access) -> GitHub {
        self.forge_as(Self::app(), access)
    }

    /// A forge on this server.
    pub fn forge_as(&self, auth: Auth, access: Access) -> GitHub {
        GitHub::new(self.options(auth, access)).expect("these options can be used")
    }

    /// What [`Self::forge_as`] is made with.
    pub fn options(&self, auth: Auth, access: Access) -> GitHubOptions {
        let options = GitHubOptions::new(auth, access, Arc::clone(&self.shared.clock));
        GitHubOptions { api_url: self.api_url(), ..options }
    }

    /// Somebody installs the app on a repository, or takes it away.
    pub fn install(&self, name: &str, installed: bool) {
        self.shared.world().place(name).installed = installed;
    }

    /// The permissions that the app has from now on.
    pub fn permit(&self, permissions: &[(&str, &str)]) {
        let permissions = permissions.iter();
        let permissions =
            permissions.map(|(name, level)| ((*name).to_owned(), (*level).to_owned()));
        self.shared.world().app = permissions.collect();
    }

    /// The ways to merge that a repository allows from now on.
    pub fn allow_merging(&self, name: &str, methods: &[&'static str]) {
        self.shared.world().place(name).merge_methods = methods.to_vec();
    }

    /// Whether a repository's plan has draft pull requests.
    pub fn allow_drafts(&self, name: &str, drafts: bool) {
        self.shared.world().place(name).drafts = drafts;
    }

    /// Every token that was given out is revoked.
    pub fn revoke_tokens(&self) {
        self.shared.world().tokens.clear();
    }

    /// The next request of this method whose path holds this text goes wrong like this.
    pub fn next(&self, method: &'static str, path: &'static str, fault: Fault) {
        self.shared.world().script.push_back(fault::Planned { method, path, fault });
    }

    /// How many faults still wait for their request.
    pub fn waiting(&self) -> usize {
        self.shared.world().script.len()
    }

    /// The requests that came since the last call.
    pub fn take(&self) -> Vec<Asked> {
        std::mem::take(&mut self.shared.world().asked)
    }

    /// The webhooks that it would have sent since the last call, signed.
    pub fn deliveries(&self) -> Vec<Sent> {
        std::mem::take(&mut self.shared.world().sent)
    }

    /// A person pushes a git commit, which is there, to a branch.
    pub fn push(&self, name: &str, branch: &str, commit: &GitCommit) {
        self.shared.push(name, branch, commit.as_str());
    }

    /// A person merges a pull request with the button.
    pub fn merge(&self, name: &str, number: u64, method: &str) {
        let reply =
            self.shared.merge_pull(name, number, &serde_json::json!({"merge_method": method}));
        assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.body));
    }

    /// A person closes a pull request.
    pub fn close(&self, name: &str, number: u64) {
        let reply = self.shared.edit_pull(name, number, &serde_json::json!({"state": "closed"}));
        assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.body));
    }

    /// A person opens it again.
    pub fn reopen(&self, name: &str, number: u64) {
        let reply = self.shared.edit_pull(name, number, &serde_json::json!({"state": "open"}));
        assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.body));
    }

    /// A pull request's title and body; `None`: there is none of that number.
    pub fn pull_request(&self, name: &str, number: u64) -> Option<(String, String)> {
        let mut world = self.shared.world();
        let pull = world.place(name).pulls.get(&number)?;
        Some((pull.title.clone(), pull.body.clone()))
    }

    /// How many pull requests a repository has, whatever became of them.
    pub fn pull_requests(&self, name: &str) -> usize {
        self.shared.world().place(name).pulls.len()
    }
}

impl Drop for GitHubServer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Shared {
    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn git_dir(&self, name: &str) -> PathBuf {
        let folder = format!("{}.git", name.to_ascii_lowercase().replace('/', "--"));
        self.folder.path().join(folder)
    }

    fn git(&self, name: &str) -> git::Git {
        git::Git { dir: self.git_dir(name) }
    }

    fn html_url(&self, name: &str) -> String {
        format!("http://{}/{name}", self.address)
    }
}

impl World {
    fn place(&mut self, name: &str) -> &mut Place {
        self.repositories.get_mut(&name.to_ascii_lowercase()).expect("the repository was made")
    }

    /// A number that no call gave before.
    fn count(&mut self) -> u64 {
        self.made += 1;
        self.made
    }
}
