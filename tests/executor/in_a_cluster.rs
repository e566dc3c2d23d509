//! Every phase as the local cluster runs it: confined, one after the other, report beside them.

use std::time::{Duration, Instant};

use leviathan_core::policy::Tool;
use leviathan_core::ports::cluster::{Cluster as _, JobSecrets, JobStatus};
use leviathan_local::{Launcher, LocalCluster};
use leviathan_tests::programs;
use serde_json::json;

use crate::api::Api;
use crate::world::World;

/// Runs the Job to its end; what the cluster says of it.
fn run(world: &mut World, api: &Api) -> JobStatus {
    world.job.api_url.clone_from(&api.url);
    let program = programs::executor().to_owned();
    let launcher =
        Launcher { keep_folders: true, ..Launcher::new(program, Vec::new(), world.path("state")) };
    std::fs::create_dir_all(world.path("state")).expect("a state folder");
    let cluster = LocalCluster::open(launcher).expect("a cluster");
    let secrets = JobSecrets { attempt_token: "attempt-token".to_owned() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        cluster.create(&world.job, &secrets).await.expect("a Job");
        let began = Instant::now();
        loop {
            let status = cluster.observe(&world.job.attempt).await.expect("a status");
            if status != JobStatus::Running {
                return status;
            }
            assert!(began.elapsed() < Duration::from_secs(120), "the Job does not end");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
}

fn last_event(api: &Api) -> (String, serde_json::Value) {
    api.events().pop().expect("events")
}

#[test]
fn an_attempt_goes_its_whole_way() {
    let api = Api::answering(&[]);
    let mut world = World::with(&[("src/a", "1\n")])
        .tool(&["sh", "-c", "echo 2 > src/a && git status --short && test -n \"$LEVIATHAN_TASK\""])
        .invariant("sees the change", &["sh", "-c", "test \"$(cat src/a)\" = 2 && git status"]);
    assert_eq!(run(&mut world, &api), JobStatus::Completed);
    let (event_type, payload) = last_event(&api);
    assert_eq!(event_type, "attempt.checked", "{payload}");
    assert_eq!((&payload["files"], &payload["checks"][0]["passed"]), (&json!(1), &json!(true)));
    let work = api.artifact("work.log").expect("work's log");
    let work = String::from_utf8_lossy(&work.body).into_owned();
    assert!(work.contains(" M src/a") && work.contains("work passed"), "{work}");
}

#[test]
fn a_skeleton_goes_its_way_and_says_so() {
    let api = Api::answering(&[]);
    let mut world = World::with(&[("README.md", "# r\n")]).allowing(&["docs/"]);
    world.set_tool(Tool::Docs);
    assert_eq!(run(&mut world, &api), JobStatus::Completed);
    let (event_type, payload) = last_event(&api);
    assert_eq!((event_type.as_str(), &payload["skeleton"]), ("attempt.checked", &json!(true)));
}

#[test]
fn a_failing_tool_is_told_and_the_job_completes() {
    let api = Api::answering(&[]);
    let mut world = World::with(&[("src/a", "1\n")]).tool(&["sh", "-c", "exit 4"]);
    assert_eq!(run(&mut world, &api), JobStatus::Completed);
    let (event_type, payload) = last_event(&api);
    assert_eq!((event_type.as_str(), &payload["phase"]), ("attempt.failed", &json!("work")));
    assert_eq!(payload["failure_type"], "command_failed");
}

#[test]
fn a_process_that_outlives_its_phase_changes_nothing() {
    let api = Api::answering(&[]);
    let script = "(trap '' TERM HUP; while :; do echo late > src/late; sleep 0.05; done) \
                  >/dev/null 2>&1 & echo 2 > src/a";
    let mut world = World::with(&[("src/a", "1\n")])
        .tool(&["sh", "-c", script])
        .invariant("is alone", &["sh", "-c", "sleep 0.3; test \"$(cat src/a)\" = 2"]);
    // What the process wrote while work ran is part of the change; what came after is not.
    run(&mut world, &api);
    let (event_type, payload) = last_event(&api);
    assert_eq!(event_type, "attempt.checked", "{payload}");
    let place = world.path(format!("state/jobs/{}/workspace", world.job.attempt));
    assert!(place.join("src/a").exists(), "the workspace is kept");
    std::fs::remove_file(place.join("src/late")).ok();
    std::thread::sleep(Duration::from_millis(300));
    let alive = place.join("src/late").exists();
    assert!(!alive, "something of the tool is still alive");
}

#[test]
fn a_claim_that_is_refused_starts_nothing() {
    let api = Api::answering(&[409]);
    let mut world = World::with(&[("src/a", "1\n")]);
    run(&mut world, &api);
    assert_eq!(api.received().len(), 1);
    let prepared = world.path(format!("state/jobs/{}/phases/prepare/started", world.job.attempt));
    assert!(!prepared.exists());
}
