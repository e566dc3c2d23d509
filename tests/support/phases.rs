//! A program as the local cluster starts it: the confine helper, or one phase. The suites can't be
//! it themselves, because the test harness has its own `main`.

use std::path::PathBuf;
use std::process::ExitCode;

use leviathan_confine::{ConfinedCommand, Confinement, Limits, run, system_folders};
use leviathan_core::ports::cluster::{Cluster as _, Job, JobSecrets, JobStatus};
use leviathan_local::{Launcher, LocalCluster};

fn main() -> ExitCode {
    leviathan_confine::entry_point();
    let mut args = std::env::args().skip(1);
    match args.next().as_deref() {
        Some("confine-forever") => confine_forever(args),
        Some("run-job") => run_job(args),
        _ => ExitCode::from(2),
    }
}

/// `run-job PROGRAM STATE JOB`: runs a Job on a local cluster to its end, or until we are killed.
fn run_job(mut args: impl Iterator<Item = String>) -> ExitCode {
    let mut path = || PathBuf::from(args.next().unwrap_or_default());
    let mut launcher = Launcher::new(path(), Vec::new(), path());
    launcher.keep_folders = true;
    let job = std::fs::read(path()).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let (Some(job), Ok(cluster)) = (job, LocalCluster::open(launcher)) else {
        return ExitCode::FAILURE;
    };
    let job: Job = job;
    let secrets = JobSecrets { attempt_token: "token".to_owned() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let Ok(runtime) = runtime else { return ExitCode::FAILURE };
    runtime.block_on(async {
        if cluster.create(&job, &secrets).await.is_err() {
            return ExitCode::FAILURE;
        }
        while matches!(cluster.observe(&job.attempt).await, Ok(JobStatus::Running)) {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        ExitCode::SUCCESS
    })
}

/// `confine-forever MARK FOLDER`: runs a command that never ends, so that a suite can kill us.
fn confine_forever(mut args: impl Iterator<Item = String>) -> ExitCode {
    let mark = args.next().unwrap_or_default();
    let folder = PathBuf::from(args.next().unwrap_or_default());
    let system = system_folders(&std::env::var("PATH").unwrap_or_default(), None);
    let script = "trap '' TERM HUP; setsid sh -c 'sleep 1000; :' $0 & touch begun; wait";
    let command = ConfinedCommand {
        program: "sh".to_owned(),
        args: vec!["-c".to_owned(), script.to_owned(), mark],
        directory: folder.clone(),
        environment: system.environment_in(&folder),
        stdin: Vec::new(),
        output: folder.join("log"),
    };
    let confinement = Confinement {
        readable: system.readable,
        writable: vec![folder],
        hidden: system.hidden,
        network: false,
        limits: Limits::default(),
        helper: None,
    };
    match run(&command, &confinement) {
        Ok(_ended) => ExitCode::SUCCESS,
        Err(_error) => ExitCode::FAILURE,
    }
}
