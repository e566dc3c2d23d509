//! The cluster port on one machine: a Job is a folder and a few confined child processes.
//!
//! `create` makes the folder and starts *report*; when it has claimed the attempt, prepare, work,
//! gate and check run one after the other, each confined to what `sight` names for it, each with
//! nothing of the others alive. The first that fails ends the row. Report is then given a bounded
//! time to tell the api, and `end.json` says how it went.
//!
//! A Job runs once: a folder that exists is never started again (DECISIONS 1). When this process is
//! killed, its Jobs end with it; [`LocalCluster::open`] makes sure of that and calls them lost.

mod folder;
mod repository;
mod runner;
mod sight;
mod survivors;

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;

use async_trait::async_trait;
use leviathan_confine::{Isolation, Limits, StopToken};
use leviathan_core::ids::AttemptId;
use leviathan_core::ports::cluster::{Cluster, ClusterError, Job, JobSecrets, JobStatus};

use folder::{End, Folder};
use runner::Runner;

/// How phases are started.
#[derive(Debug, Clone)]
pub struct Launcher {
    /// The program; its `main` calls `leviathan_confine::entry_point` first.
    pub program: PathBuf,
    /// What stands before `<phase> --job DIR`.
    pub prefix_args: Vec<String>,
    /// The folder that holds all state of this machine: no phase sees more of it than its Job's.
    pub state: PathBuf,
    /// Limits of each phase, but for the time: that is the Job's.
    pub limits: Limits,
    /// Whether the target's commands (work and check) may use the network. One machine has no
    /// egress proxy, so that it is everything or nothing.
    pub network: bool,
    /// Whether workspaces are kept after the end, to be looked at.
    pub keep_folders: bool,
}

impl Launcher {
    /// With network, the default limits, and workspaces removed after the end.
    pub fn new(program: PathBuf, prefix_args: Vec<String>, state: PathBuf) -> Self {
        let limits = Limits::default();
        Self { program, prefix_args, state, limits, network: true, keep_folders: false }
    }
}

/// Jobs as child processes of this one.
pub struct LocalCluster {
    launcher: Arc<Launcher>,
    jobs: PathBuf,
    running: Mutex<BTreeMap<AttemptId, Running>>,
    /// Held as long as this cluster: another one must not end our Jobs as survivors.
    _lock: File,
}

struct Running {
    stop: StopToken,
    thread: Arc<Mutex<Option<JoinHandle<()>>>>,
}

impl Running {
    fn is_over(&self) -> bool {
        // Locked: somebody waits for its end, so it has none yet.
        self.thread
            .try_lock()
            .is_ok_and(|thread| thread.as_ref().is_none_or(JoinHandle::is_finished))
    }
}

impl LocalCluster {
    /// Opens the cluster whose Jobs lie under `<state>/jobs`. Ends what a killed process has left
    /// there first, which can take seconds; fails when another living process has it open.
    pub fn open(launcher: Launcher) -> io::Result<Self> {
        let jobs = std::path::absolute(&launcher.state)?.join("jobs");
        std::fs::create_dir_all(&jobs)?;
        let jobs = std::fs::canonicalize(jobs)?;
        let lock = File::create(jobs.join("lock"))?;
        lock.try_lock().map_err(|error| {
            let place = jobs.display();
            io::Error::other(format!("another process runs the Jobs in {place}: {error}"))
        })?;
        survivors::end_all(&jobs, launcher.keep_folders)?;
        survivors::remove_oldest(&jobs)?;
        let state = std::fs::canonicalize(&launcher.state)?;
        let program = std::fs::canonicalize(&launcher.program)?;
        let launcher = Arc::new(Launcher { state, program, ..launcher });
        Ok(Self { launcher, jobs, running: Mutex::default(), _lock: lock })
    }

    /// What holds the target's commands back on this machine, as a line for the start message.
    pub fn isolation(&self) -> String {
        let isolation: Isolation = leviathan_confine::available_with(&self.launcher.program);
        let network = if self.launcher.network {
            "network: open for the target's commands (one machine has no egress proxy)"
        } else {
            "network: none for the target's commands"
        };
        format!("{isolation}; {network}")
    }

    /// The folder of an attempt's Job, where its logs are.
    pub fn folder(&self, attempt: &AttemptId) -> PathBuf {
        self.jobs.join(attempt.as_str())
    }

    /// Every attempt that has a folder.
    pub fn attempts(&self) -> io::Result<Vec<AttemptId>> {
        let names = std::fs::read_dir(&self.jobs)?.flatten().map(|entry| entry.file_name());
        let mut found: Vec<AttemptId> = names
            .filter_map(|name| name.to_str()?.parse().ok())
            .filter(|attempt| self.folder(attempt).is_dir())
            .collect();
        found.sort();
        Ok(found)
    }

    /// Ends the Job and removes its folder, logs included.
    pub async fn remove(&self, attempt: &AttemptId) -> Result<(), ClusterError> {
        self.delete(attempt).await?;
        let folder = Folder::at(self.folder(attempt));
        blocking("remove", attempt, move || folder.remove()).await
    }

    /// Ends every Job, and returns when all their processes are gone.
    pub async fn end_all(&self) -> Result<(), ClusterError> {
        let all: Vec<AttemptId> = self.running().keys().cloned().collect();
        for running in self.running().values() {
            running.stop.stop();
        }
        for attempt in all {
            self.delete(&attempt).await?;
        }
        Ok(())
    }

    fn running(&self) -> MutexGuard<'_, BTreeMap<AttemptId, Running>> {
        // Nothing that holds it can panic half-way.
        self.running.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn start(&self, job: &Job, secrets: &JobSecrets) -> io::Result<()> {
        // Held to the end: two calls for one attempt must not both start it.
        let mut all = self.running();
        let folder = Folder::at(self.folder(&job.attempt));
        if !folder.create(job)? {
            return Ok(());
        }
        // Logs of long ago are no reason not to run this one.
        if let Err(error) = survivors::remove_oldest(&self.jobs) {
            tracing::warn!(%error, "old Jobs' folders stay");
        }
        let stop = StopToken::new();
        let runner = Runner {
            job: job.clone(),
            folder,
            launcher: Arc::clone(&self.launcher),
            stop: stop.clone(),
            notes: Mutex::new(()),
        };
        let secrets = secrets.clone();
        let pod_uid = format!("local-{:032x}", rand::random::<u128>());
        let thread = std::thread::Builder::new()
            .name(format!("job {}", job.attempt))
            .spawn(move || drop(runner.run(&secrets, &pod_uid)))?;
        let thread = Arc::new(Mutex::new(Some(thread)));
        all.insert(job.attempt.clone(), Running { stop, thread });
        Ok(())
    }
}

#[async_trait]
impl Cluster for LocalCluster {
    async fn create(&self, job: &Job, secrets: &JobSecrets) -> Result<(), ClusterError> {
        self.start(job, secrets).map_err(|error| problem("create", &job.attempt, &error))
    }

    async fn observe(&self, attempt: &AttemptId) -> Result<JobStatus, ClusterError> {
        let folder = Folder::at(self.folder(attempt));
        {
            let mut all = self.running();
            if all.get(attempt).is_some_and(|running| !running.is_over()) {
                return Ok(JobStatus::Running);
            }
            all.remove(attempt);
        }
        if let Some(end) = folder.read_end() {
            return Ok(end.job_status());
        }
        let exists = folder.root().is_dir();
        Ok(if exists { End::lost().job_status() } else { JobStatus::Missing })
    }

    async fn delete(&self, attempt: &AttemptId) -> Result<(), ClusterError> {
        let thread = {
            let all = self.running();
            let Some(running) = all.get(attempt) else { return Ok(()) };
            running.stop.stop();
            Arc::clone(&running.thread)
        };
        blocking("delete", attempt, move || {
            let Ok(mut thread) = thread.lock() else { return Ok(()) };
            thread.take().map_or(Ok(()), |thread| {
                thread.join().map_err(|_panicked| io::Error::other("its thread ended by a panic"))
            })
        })
        .await?;
        self.running().remove(attempt);
        Ok(())
    }
}

impl Drop for LocalCluster {
    /// What runs is ended: without this cluster nobody would watch it.
    fn drop(&mut self) {
        let all = std::mem::take(&mut *self.running());
        all.values().for_each(|running| running.stop.stop());
        for running in all.into_values() {
            if let Ok(mut thread) = running.thread.lock()
                && let Some(thread) = thread.take()
            {
                let _panicked = thread.join();
            }
        }
    }
}

async fn blocking(
    action: &'static str,
    attempt: &AttemptId,
    work: impl FnOnce() -> io::Result<()> + Send + 'static,
) -> Result<(), ClusterError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(io::Error::other)
        .and_then(|result| result)
        .map_err(|error| problem(action, attempt, &error))
}

fn problem(action: &'static str, attempt: &AttemptId, error: &io::Error) -> ClusterError {
    ClusterError { action, attempt: attempt.clone(), reason: error.to_string() }
}
