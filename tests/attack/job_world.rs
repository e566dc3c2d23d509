//! One Job of the local cluster from its creation to its end.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use leviathan_core::diff::Diff;
use leviathan_core::fact::{AttemptChecked, Fact, Phase};
use leviathan_core::ports::cluster::{Cluster as _, Job, JobSecrets, JobStatus};
use leviathan_executor::result::PhaseResult;
use leviathan_local::{Launcher, LocalCluster};
use leviathan_tests::programs;

use crate::api::Api;
use crate::world::World;

/// What no log, artifact or command may ever show.
pub(crate) const TOKEN: &str = "attempt-token-that-stays-with-report";

/// A Job that has ended, with all that it left.
pub(crate) struct Done {
    /// Holds the folders until the test has looked at them.
    _world: World,
    pub(crate) status: JobStatus,
    pub(crate) folder: PathBuf,
    pub(crate) api: Api,
}

/// The state folder of a world.
pub(crate) fn state(world: &World) -> PathBuf {
    world.path("state")
}

pub(crate) fn launcher(world: &World) -> Launcher {
    let program = programs::executor().to_owned();
    let mut launcher = Launcher::new(program, Vec::new(), state(world));
    launcher.keep_folders = true;
    launcher
}

pub(crate) fn secrets() -> JobSecrets {
    JobSecrets { attempt_token: TOKEN.to_owned() }
}

/// Runs the world's Job on the real executor.
pub(crate) fn run(world: World) -> Done {
    let launcher = launcher(&world);
    run_with(world, launcher, |_| {})
}

/// The same; `meanwhile` is called with the Job's folder while it runs, again and again.
pub(crate) fn run_with(world: World, launcher: Launcher, meanwhile: impl Fn(&Path)) -> Done {
    let api = Api::answering(&[]);
    let job = Job { api_url: api.url.clone(), ..world.job.clone() };
    let cluster = LocalCluster::open(launcher).unwrap();
    let folder = cluster.folder(&job.attempt);
    let status = wait_on(&cluster, &job, || meanwhile(&folder));
    Done { _world: world, status, folder, api }
}

fn wait_on(cluster: &LocalCluster, job: &Job, meanwhile: impl Fn()) -> JobStatus {
    runtime().block_on(async {
        cluster.create(job, &secrets()).await.unwrap();
        loop {
            let status = cluster.observe(&job.attempt).await.unwrap();
            if status != JobStatus::Running {
                return status;
            }
            meanwhile();
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
}

pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

impl Done {
    pub(crate) fn log(&self, phase: Phase) -> String {
        let path = self.folder.join("logs").join(format!("{}.log", phase.as_str()));
        let log = fs::read(path).unwrap_or_default();
        String::from_utf8_lossy(&log).into_owned()
    }
    /// All phases' logs, for a test that failed.
    pub(crate) fn logs(&self) -> String {
        let phases = Phase::IN_ORDER.into_iter().chain([Phase::Report]);
        let logs = phases.map(|phase| format!("-- {}\n{}", phase.as_str(), self.log(phase)));
        format!("{:?}\n{}", self.status, logs.collect::<String>())
    }
    pub(crate) fn result(&self, phase: Phase) -> Option<PhaseResult> {
        PhaseResult::read(&self.folder.join("phases").join(phase.as_str())).unwrap()
    }
    /// The one that let the change be published, as the api was told.
    pub(crate) fn checked(&self) -> Option<AttemptChecked> {
        self.api.events().into_iter().find_map(|(event_type, payload)| {
            match Fact::read(&event_type, payload.as_object().unwrap()) {
                Some(Fact::AttemptChecked(checked)) => Some(checked),
                _ => None,
            }
        })
    }
    /// The change as the api received it.
    pub(crate) fn diff(&self) -> Option<Diff> {
        let artifact =
            self.api.received().into_iter().find(|received| {
                received.method == "PUT" && received.query.contains("kind=diff")
            })?;
        Some(Diff::from_bytes(&artifact.body).unwrap())
    }
    pub(crate) fn paths(&self) -> Vec<String> {
        let diff = self.diff();
        diff.map_or_else(Vec::new, |diff| diff.files.iter().map(|file| file.path.clone()).collect())
    }
    /// The rules by which gate refused the change.
    pub(crate) fn refused_by(&self) -> Vec<String> {
        let violations = self.result(Phase::Gate).map(|result| result.violations);
        violations.unwrap_or_default().iter().map(|one| one.rule.clone()).collect()
    }
    /// Nothing that the api or a person gets to see holds the attempt's token.
    pub(crate) fn assert_token_is_nowhere(&self) {
        for received in self.api.received() {
            let body = String::from_utf8_lossy(&received.body).into_owned();
            assert!(!body.contains(TOKEN), "the token went out in {}", received.path);
        }
        assert!(!self.logs().contains(TOKEN), "the token is in a log");
    }
}
