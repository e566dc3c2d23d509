//! A repository, a state folder with a log, and the program, run in a scrubbed environment.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use jiff::SignedDuration;
use leviathan_core::decide::{Decision, Moment};
use leviathan_core::event::{Principal, Role};
use leviathan_core::ids::{AttemptId, TargetId, TaskId};
use leviathan_core::ports::forge::Repository;
use leviathan_core::state::State;
use leviathan_local::FolderStore;
use leviathan_local::forge::LocalForge;
use leviathan_log::artifacts::Artifacts;
use leviathan_log::{Log, Transaction};
use leviathan_tests::clock::HandClock;
use leviathan_tests::log_builders::log_over;
use leviathan_tests::programs;
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;

pub(crate) struct World {
    folder: TempDir,
    pub(crate) clock: Arc<HandClock>,
    pub(crate) log: Log,
    pub(crate) artifacts: Artifacts,
    pub(crate) forge: LocalForge,
    pub(crate) runtime: Runtime,
}

/// What one run of the program gave. The world's folder is written as `FOLDER`.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// Of a run that has to succeed.
    pub(crate) fn out(self) -> String {
        assert_eq!(self.code, 0, "{self:?}");
        self.stdout
    }

    pub(crate) fn json(self) -> Value {
        let out = self.out();
        serde_json::from_str(&out).unwrap_or_else(|error| panic!("no JSON ({error}): {out}"))
    }
}

pub(crate) fn target() -> TargetId {
    "shop".parse().unwrap()
}

pub(crate) fn task_id(text: &str) -> TaskId {
    text.parse().unwrap()
}

impl World {
    /// A repository with one git commit, and an empty log.
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let start = "2026-03-01T12:00:00Z".parse().unwrap();
        let clock = Arc::new(HandClock::at(start));
        let store = |name: &str| {
            Arc::new(FolderStore::open(folder.path().join("state").join(name)).unwrap())
        };
        let log = log_over(store("log"), clock.clone(), 1);
        let artifacts = Artifacts::new(store("data"));
        let forge = LocalForge::new(folder.path().join("forge"), clock.clone());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let world = Self { folder, clock, log, artifacts, forge, runtime };
        fs::create_dir(world.path("home")).unwrap();
        fs::create_dir(world.path("shop")).unwrap();
        world.git(&["init", "--quiet", "--initial-branch=main"]);
        fs::write(world.path("shop/README.md"), "# Shop\n").unwrap();
        world.git(&["add", "."]);
        world.git(&["commit", "--quiet", "-m", "first"]);
        world
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn repository(&self) -> Repository {
        let location = self.path("shop").to_str().unwrap().to_owned();
        Repository { location, default_branch: "main".to_owned() }
    }

    /// A person's git in the repository, always at the same time; its output, trimmed.
    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        let output = Command::new("git")
            .args(arguments)
            .current_dir(self.path("shop"))
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", self.path("home"))
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .envs(["AUTHOR", "COMMITTER"].iter().flat_map(|who| {
                [
                    (format!("GIT_{who}_NAME"), "Ada".to_owned()),
                    (format!("GIT_{who}_EMAIL"), "ada@example.com".to_owned()),
                    (format!("GIT_{who}_DATE"), "2026-03-01T11:00:00Z".to_owned()),
                ]
            }))
            .output()
            .unwrap();
        assert!(output.status.success(), "git {arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// The program, not started yet: nothing of this process's environment but the PATH.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(programs::leviathanctl());
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", self.path("home"))
            .env("USER", "ada")
            .stdin(Stdio::null());
        command
    }

    /// Runs the program without naming a state.
    pub(crate) fn run_bare(&self, arguments: &[&str]) -> Ran {
        let output = self.command(arguments).output().unwrap();
        let text = |bytes| {
            let text = String::from_utf8(bytes).unwrap();
            text.replace(self.folder.path().to_str().unwrap(), "FOLDER")
        };
        Ran {
            code: output.status.code().expect("it ends by itself"),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    /// Runs the program on the world's state.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        let state = self.path("state");
        let mut all = arguments.to_vec();
        all.extend(["--state", state.to_str().unwrap()]);
        self.run_bare(&all)
    }

    /// The same with `--output json`.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        self.run(&[arguments, &["--output", "json"]].concat()).json()
    }

    pub(crate) fn pass(&self, seconds: i64) {
        self.clock.advance(SignedDuration::from_secs(seconds));
    }

    pub(crate) fn state(&self) -> State {
        self.runtime.block_on(self.log.view()).unwrap().state.clone()
    }

    /// Decides and appends.
    pub(crate) fn decide<A: Send + 'static>(
        &self,
        principal: Principal,
        decide: impl FnMut(&State, &Moment) -> Decision<A> + Send + 'static,
    ) -> A {
        let transaction = Transaction::of("test", principal);
        self.runtime.block_on(self.log.transact(&transaction, decide)).unwrap().answer
    }

    pub(crate) fn program<A: Send + 'static>(
        &self,
        role: Role,
        decide: impl FnMut(&State, &Moment) -> Decision<A> + Send + 'static,
    ) -> A {
        self.decide(Principal::program(role), decide)
    }

    /// An attempt's executor says this.
    pub(crate) fn says(&self, attempt: &AttemptId, fact: impl Into<leviathan_core::fact::Fact>) {
        let event = fact.into().event(&target());
        self.decide(Principal::attempt(attempt), move |_, _| {
            Decision::new(vec![event.clone()], ())
        });
    }

    /// Every file below the state folder, with its content and the time of its last change.
    pub(crate) fn state_files(&self) -> Vec<(PathBuf, Vec<u8>, std::time::SystemTime)> {
        let mut files = Vec::new();
        walk(&self.path("state"), &mut files);
        files.sort();
        files
    }
}

fn walk(folder: &Path, files: &mut Vec<(PathBuf, Vec<u8>, std::time::SystemTime)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let changed = path.symlink_metadata().unwrap().modified().unwrap();
        if path.is_dir() {
            files.push((path.clone(), Vec::new(), changed));
            walk(&path, files);
        } else {
            files.push((path.clone(), fs::read(&path).unwrap(), changed));
        }
    }
}
