//! A repository, a Job about it, and the real `executor` run on it.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use leviathan_core::diff::Diff;
use leviathan_core::fact::Phase;
use leviathan_core::policy::{
    Command as PolicyCommand, Guardrails, Invariant, Limits, Policy, ScopePolicy, Tool,
};
use leviathan_core::ports::cluster::Job;
use leviathan_core::task::{Priority, TaskDefinition};
use leviathan_executor::result::{ChangeFacts, PhaseResult};
use leviathan_tests::programs;

pub(crate) struct World {
    place: tempfile::TempDir,
    pub(crate) job: Job,
    /// Variables of the phases, beyond PATH and HOME.
    pub(crate) variables: BTreeMap<String, String>,
}

/// How one phase ended.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) log: String,
    pub(crate) result: PhaseResult,
}

impl World {
    /// A repository with these files in its only git commit.
    pub(crate) fn with(files: &[(&str, &str)]) -> World {
        let world = World::empty("sha1");
        for (path, content) in files {
            world.write_source(path, content);
        }
        world.committed()
    }

    /// A repository without a git commit.
    pub(crate) fn empty(hash: &str) -> World {
        let place = tempfile::tempdir().expect("a temporary folder");
        for folder in ["source", "job", "home", "outside"] {
            fs::create_dir(place.path().join(folder)).expect("folders can be made");
        }
        let job = job(&place.path().join("source"));
        let world = World { place, job, variables: BTreeMap::new() };
        world.git(&["init", "-q", "--initial-branch=main", &format!("--object-format={hash}")]);
        world
    }

    /// Everything in the source, committed; the Job's base is that git commit.
    pub(crate) fn committed(mut self) -> World {
        self.git(&["add", "-A", "--force"]);
        self.commit();
        self
    }

    /// The index as it stands, committed.
    pub(crate) fn commit(&mut self) {
        self.git(&["commit", "-q", "--allow-empty", "--no-verify", "-m", "base"]);
        let id = self.git(&["rev-parse", "HEAD"]);
        self.job.base = id.trim().parse().expect("git prints an id");
    }

    pub(crate) fn path(&self, inside: impl AsRef<Path>) -> PathBuf {
        self.place.path().join(inside)
    }
    pub(crate) fn source(&self) -> PathBuf {
        self.path("source")
    }
    pub(crate) fn workspace(&self, inside: impl AsRef<Path>) -> PathBuf {
        self.path("job/workspace").join(inside)
    }
    pub(crate) fn write_source(&self, path: &str, content: &str) {
        write(&self.source().join(path), content.as_bytes());
    }
    pub(crate) fn change(&self, path: &str, content: &str) {
        write(&self.workspace(path), content.as_bytes());
    }

    /// The task's tool is this command.
    pub(crate) fn tool(mut self, argv: &[&str]) -> World {
        self.set_tool(Tool::Command(command(argv)));
        self
    }
    pub(crate) fn set_tool(&mut self, tool: Tool) {
        self.job.policy.scopes.get_mut("work").expect("the scope").tool = tool;
    }
    pub(crate) fn invariant(mut self, name: &str, argv: &[&str]) -> World {
        let invariant = Invariant { name: name.to_owned(), command: command(argv) };
        self.job.policy.invariants.push(invariant);
        self
    }
    pub(crate) fn allowing(mut self, allowed: &[&str]) -> World {
        self.job.task.allowed_paths = allowed.iter().map(|path| (*path).to_owned()).collect();
        self
    }

    /// Git in the source, as its owner runs it; what it printed.
    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        git_in(&self.source(), arguments)
    }

    /// Runs a phase as the cluster would; its result must be there afterwards.
    pub(crate) fn run(&self, phase: &str) -> Ended {
        let output = self.start(phase);
        let log = String::from_utf8_lossy(&output.stderr).into_owned();
        let place = self.path("job/phases").join(phase);
        let result = PhaseResult::read(&place).expect("a result that can be read");
        let result = result.unwrap_or_else(|| panic!("no result of {phase}: {log}"));
        assert_eq!(output.status.success(), output.status.code() == Some(0));
        Ended { code: output.status.code(), log, result }
    }

    /// Runs a phase that must pass.
    pub(crate) fn pass(&self, phase: &str) -> Ended {
        let ended = self.run(phase);
        assert_eq!(ended.code, Some(0), "{phase}: {}", ended.log);
        ended
    }

    /// Runs a phase that must fail with this word.
    pub(crate) fn fail(&self, phase: &str, failure_type: &str) -> Ended {
        let ended = self.run(phase);
        assert_eq!(ended.code, Some(1), "{phase}: {}", ended.log);
        assert_eq!(ended.result.failure_type.as_deref(), Some(failure_type), "{}", ended.log);
        ended
    }

    pub(crate) fn start(&self, phase: &str) -> Output {
        self.program(phase).output().expect("the executor can be started")
    }

    pub(crate) fn program(&self, phase: &str) -> Command {
        let job = self.path("job");
        fs::write(job.join("job.json"), serde_json::to_vec(&self.job).expect("a Job is JSON"))
            .expect("job.json can be written");
        let mut command = Command::new(programs::executor());
        command.arg(phase).arg("--job").arg(job).env_clear();
        command.envs(std::env::var_os("PATH").map(|value| ("PATH", value)));
        command.env("HOME", self.path("home")).envs(&self.variables).stdin(Stdio::null());
        command
    }

    /// The change that gate let pass.
    pub(crate) fn diff(&self) -> Option<Diff> {
        let bytes = fs::read(self.path("job/gate/diff")).ok()?;
        Some(Diff::from_bytes(&bytes).expect("gate writes canonical bytes"))
    }

    pub(crate) fn facts(&self) -> ChangeFacts {
        let bytes = fs::read(self.path("job/gate/facts.json")).expect("gate wrote its facts");
        serde_json::from_slice(&bytes).expect("facts")
    }

    /// What another phase would have left.
    pub(crate) fn leave(&self, phase: Phase, result: &PhaseResult) {
        let place = self.path("job/phases").join(phase.as_str());
        fs::create_dir_all(&place).expect("a phase's folder");
        fs::write(place.join("started"), "").expect("a mark");
        result.write(&place).expect("a result");
    }
}

/// Writes a file and the folders above it.
pub(crate) fn write(path: &Path, content: &[u8]) {
    fs::create_dir_all(path.parent().expect("a file lies in a folder")).expect("folders");
    fs::write(path, content).expect("a file");
}

pub(crate) fn make_executable(path: &Path) {
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("permissions");
}

pub(crate) fn git_in(folder: &Path, arguments: &[impl AsRef<OsStr>]) -> String {
    let output = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args(arguments)
        .env_remove("GIT_DIR")
        .envs([
            ("GIT_CONFIG_GLOBAL", "/dev/null"),
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_AUTHOR_NAME", "A"),
            ("GIT_AUTHOR_EMAIL", "a@example.test"),
            ("GIT_COMMITTER_NAME", "A"),
            ("GIT_COMMITTER_EMAIL", "a@example.test"),
        ])
        .output()
        .expect("git can be started");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "git {:?}: {errors}", arguments[0].as_ref());
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub(crate) fn command(argv: &[&str]) -> PolicyCommand {
    PolicyCommand {
        argv: argv.iter().map(|word| (*word).to_owned()).collect(),
        env: Vec::new(),
        files: Vec::new(),
        time_limit_seconds: 60,
    }
}

fn job(source: &Path) -> Job {
    let scope = ScopePolicy {
        allowed_paths: vec!["**".to_owned()],
        tool: Tool::Command(command(&["true"])),
        max_files: None,
    };
    Job {
        attempt: "t-1-aaaaaaaaaa".parse().expect("an attempt id"),
        epoch: 1,
        number: 1,
        target: "target".parse().expect("a target id"),
        repository: source.to_string_lossy().into_owned(),
        base: "0".repeat(40).parse().expect("a git commit id"),
        task: TaskDefinition {
            id: "t-1".parse().expect("a task id"),
            title: "A task".to_owned(),
            description: None,
            scope: "work".to_owned(),
            priority: Priority::Medium,
            allowed_paths: vec!["src/".to_owned()],
            acceptance_criteria: vec!["It works".to_owned()],
            dependencies: Vec::new(),
            estimated_size: "unknown".to_owned(),
            labels: Vec::new(),
        },
        policy: Policy {
            enabled: true,
            scopes: BTreeMap::from([("work".to_owned(), scope)]),
            forbidden_paths: vec![".github/**".to_owned(), ".gitmodules".to_owned()],
            invariants: Vec::new(),
            guardrails: Guardrails::default(),
            limits: Limits::default(),
            write_back: true,
        },
        not_after: jiff::Timestamp::now() + jiff::SignedDuration::from_mins(10),
        api_url: "http://127.0.0.1:9".to_owned(),
    }
}
