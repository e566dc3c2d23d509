//! The promises of the local cluster that the attacks lean on: a Job runs once, ends whole, and is
//! never taken for alive when it is not.

use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

use leviathan_core::fact::{FailureClass, Phase};
use leviathan_core::ports::cluster::{Cluster as _, Job, JobStatus};
use leviathan_executor::result::PhaseExit;
use leviathan_local::LocalCluster;

use crate::api::Api;
use crate::job_world::{launcher, run_with, runtime, secrets};
use crate::sandbox::{helper, somebody_runs};
use crate::world::World;

fn world(script: &str) -> World {
    World::with(&[("src/lib.txt", "one\n")]).tool(&["sh", "-c", script])
}

/// The world's Job against this api.
fn job(world: &World, api: &Api) -> Job {
    Job { api_url: api.url.clone(), ..world.job.clone() }
}

async fn until_over(cluster: &LocalCluster, job: &Job) -> JobStatus {
    loop {
        let status = cluster.observe(&job.attempt).await.unwrap();
        if status != JobStatus::Running {
            return status;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[test]
fn a_job_runs_once_however_often_it_is_created() {
    let world = world("echo two >> src/lib.txt");
    let api = Api::answering(&[]);
    let job = job(&world, &api);
    runtime().block_on(async {
        let cluster = LocalCluster::open(launcher(&world)).unwrap();
        assert_eq!(cluster.observe(&job.attempt).await.unwrap(), JobStatus::Missing);
        cluster.create(&job, &secrets()).await.unwrap();
        cluster.create(&job, &secrets()).await.unwrap();
        assert_eq!(until_over(&cluster, &job).await, JobStatus::Completed);
        cluster.create(&job, &secrets()).await.unwrap();
        assert_eq!(cluster.observe(&job.attempt).await.unwrap(), JobStatus::Completed);
    });
    let cluster = LocalCluster::open(launcher(&world)).unwrap();
    runtime().block_on(async {
        cluster.create(&job, &secrets()).await.unwrap();
        assert_eq!(cluster.observe(&job.attempt).await.unwrap(), JobStatus::Completed);
    });
    let started = api.events().iter().filter(|event| event.0 == "attempt.started").count();
    assert_eq!(started, 1);
}

#[test]
fn a_refused_claim_runs_nothing() {
    let world = world("echo two >> src/lib.txt");
    let api = Api::answering(&[409]);
    let job = job(&world, &api);
    let cluster = LocalCluster::open(launcher(&world)).unwrap();
    let status = runtime().block_on(async {
        cluster.create(&job, &secrets()).await.unwrap();
        until_over(&cluster, &job).await
    });
    assert_eq!(status, JobStatus::Completed, "the pod ends without work");
    let folder = cluster.folder(&job.attempt);
    assert!(!folder.join("logs/prepare.log").exists(), "prepare waits for the claim");
}

#[test]
fn deleting_ends_everything_and_may_be_said_twice() {
    let mark = format!("deleted-job-{}", std::process::id());
    let world = world(&format!("touch begun; setsid sh -c 'sleep 1000; :' {mark} & wait"));
    let api = Api::answering(&[]);
    let job = job(&world, &api);
    let cluster = LocalCluster::open(launcher(&world)).unwrap();
    let folder = cluster.folder(&job.attempt);
    runtime().block_on(async {
        cluster.delete(&job.attempt).await.unwrap();
        cluster.create(&job, &secrets()).await.unwrap();
        while !folder.join("workspace/begun").exists() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        cluster.delete(&job.attempt).await.unwrap();
        cluster.delete(&job.attempt).await.unwrap();
        assert!(!somebody_runs(&mark), "kill of the whole tree");
        assert_eq!(cluster.observe(&job.attempt).await.unwrap(), JobStatus::Missing);
        cluster.create(&job, &secrets()).await.unwrap();
        assert_eq!(cluster.observe(&job.attempt).await.unwrap(), JobStatus::Missing, "never again");
        cluster.remove(&job.attempt).await.unwrap();
    });
    assert!(!folder.exists());
}

#[test]
fn an_ended_job_keeps_its_logs_and_gives_back_the_rest() {
    let world =
        world("mkdir -p src/locked/in && touch src/locked/in/file && chmod -R a-w src/locked");
    let mut launcher = launcher(&world);
    launcher.keep_folders = false;
    let done = run_with(world, launcher, |_| {});
    for gone in ["workspace", "home", "base.git", "check", "scratch"] {
        assert!(!done.folder.join(gone).exists(), "{gone}");
    }
    for kept in ["logs/work.log", "phases/work/result.json", "job.json", "end.json"] {
        assert!(done.folder.join(kept).exists(), "{kept}");
    }
}

#[test]
fn a_phase_that_is_killed_is_spoken_for() {
    let eater = "import os, time\nkept = os.urandom(1 << 20) * 600\ntime.sleep(100)";
    let world = World::with(&[("src/lib.txt", "one\n")]).tool(&["python3", "-c", eater]);
    let mut launcher = launcher(&world);
    // Less than the tool's own limit, so that the whole phase goes, its supervisor too.
    launcher.limits.memory_bytes = 300 << 20;
    let done = run_with(world, launcher, |_| {});
    assert!(done.result(Phase::Work).is_none(), "memory limit of the phase: {}", done.logs());
    let exit = fs::read(done.folder.join("phases/work/exit.json")).unwrap();
    let exit: PhaseExit = serde_json::from_slice(&exit).unwrap();
    assert!(exit.reason.contains("more memory"), "{}", exit.reason);
    assert_eq!(exit.class, Some(FailureClass::Task));
    let told = done.api.events().into_iter().find(|event| event.0 == "attempt.failed");
    assert!(told.is_some_and(|(_, payload)| payload.to_string().contains("more memory")));
}

#[test]
fn only_one_process_has_the_jobs() {
    let world = world("true");
    let cluster = LocalCluster::open(launcher(&world)).unwrap();
    assert!(LocalCluster::open(launcher(&world)).is_err(), "the lock");
    drop(cluster);
    LocalCluster::open(launcher(&world)).unwrap();
}

#[test]
fn when_the_process_is_killed_its_jobs_are_ended_and_lost() {
    let mark = format!("orphaned-job-{}", std::process::id());
    let script =
        format!("touch begun; setsid sh -c 'trap \"\" TERM HUP; sleep 1000; :' {mark} & wait");
    let world = world(&script);
    let api = Api::answering(&[]);
    let job = job(&world, &api);
    fs::write(world.path("job-to-run.json"), serde_json::to_vec(&job).unwrap()).unwrap();
    let launcher = launcher(&world);
    let mut process = Command::new(helper())
        .arg("run-job")
        .args([&launcher.program, &launcher.state, &world.path("job-to-run.json")])
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    let folder = launcher.state.join("jobs").join(job.attempt.as_str());
    while !folder.join("workspace/begun").exists() {
        assert!(process.try_wait().unwrap().is_none(), "it ended before the tool began");
        std::thread::sleep(Duration::from_millis(20));
    }
    process.kill().unwrap();
    process.wait().unwrap();

    let cluster = LocalCluster::open(launcher).unwrap();
    assert!(!somebody_runs(&mark), "helpers that watch their caller, then pid and start time");
    let status = runtime().block_on(cluster.observe(&job.attempt)).unwrap();
    let reason = "lost when the process ended".to_owned();
    assert_eq!(status, JobStatus::Failed { class: FailureClass::Infra, reason });
    runtime().block_on(cluster.create(&job, &secrets())).unwrap();
    let status = runtime().block_on(cluster.observe(&job.attempt)).unwrap();
    assert!(matches!(status, JobStatus::Failed { .. }), "an attempt never runs twice");
}
