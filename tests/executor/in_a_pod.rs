//! Every phase as a container of a pod runs it: only marks and results between them, report beside
//! them, no cluster that watches.

use std::process::{Child, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use crate::api::Api;
use crate::world::{World, write};

const TOKEN: &str = "attempt-token-in-a-file";

fn pod(mut world: World, api: &Api) -> World {
    world.job.api_url.clone_from(&api.url);
    write(&world.path("job/attempt-token"), TOKEN.as_bytes());
    let file = world.path("job/attempt-token").to_string_lossy().into_owned();
    world.variables.insert("LEVIATHAN_ATTEMPT_TOKEN_FILE".to_owned(), file);
    world.variables.insert("LEVIATHAN_POD_UID".to_owned(), "pod-1".to_owned());
    world
}

fn start(world: &World, container: &str) -> Child {
    world.program(container).arg("--pod").stderr(Stdio::piped()).spawn().expect("a container")
}

fn ended(mut child: Child, container: &str) -> ExitStatus {
    let began = Instant::now();
    loop {
        if let Some(status) = child.try_wait().expect("a status") {
            return status;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "{container} does not end");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn until(what: &str, holds: impl Fn() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(60), "never: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn sigterm(child: &Child) {
    let pid = Pid::from_raw(i32::try_from(child.id()).expect("a pid")).expect("a pid");
    kill_process(pid, Signal::TERM).expect("a signal");
}

/// The containers in order, as the kubelet runs them; each must succeed.
fn run_all(world: &World) {
    let report = start(world, "report");
    for container in ["prepare", "work", "gate", "check", "end"] {
        let status = ended(start(world, container), container);
        assert!(status.success(), "{container}: {status}");
    }
    sigterm(&report);
    assert!(ended(report, "report").success());
}

fn last(api: &Api) -> (String, serde_json::Value) {
    api.events().pop().expect("events")
}

#[test]
fn an_attempt_goes_its_whole_way() {
    let api = Api::answering(&[]);
    let world = World::with(&[("src/a", "1\n")])
        .tool(&["sh", "-c", "echo seen by report; echo 2 > src/a"])
        .invariant("sees the change", &["sh", "-c", "test \"$(cat src/a)\" = 2"]);
    let world = pod(world, &api);
    run_all(&world);
    let (event_type, payload) = last(&api);
    assert_eq!(event_type, "attempt.checked", "{payload}");
    let work = api.artifact("work.log").expect("work's log");
    let work = String::from_utf8_lossy(&work.body).into_owned();
    assert!(work.contains("seen by report") && work.contains("work passed"), "{work}");
    let told = api.received().iter().all(|one| one.authorization == format!("Bearer {TOKEN}"));
    assert!(told, "the token comes from its file");
}

#[test]
fn a_failing_tool_is_told_and_every_container_succeeds() {
    let api = Api::answering(&[]);
    let world = World::with(&[("src/a", "1\n")]).tool(&["sh", "-c", "exit 4"]);
    let world = pod(world, &api);
    run_all(&world);
    let (event_type, payload) = last(&api);
    assert_eq!((event_type.as_str(), &payload["phase"]), ("attempt.failed", &json!("work")));
    assert!(!world.path("job/phases/gate/result.json").exists(), "gate had nothing to do");
}

#[test]
fn a_claim_that_is_refused_starts_nothing() {
    let api = Api::answering(&[409]);
    let world = pod(World::with(&[("src/a", "1\n")]), &api);
    run_all(&world);
    assert_eq!(api.received().len(), 1);
    assert!(!world.path("job/base.git").exists());
}

#[test]
fn a_result_counts_only_when_its_container_is_gone() {
    let api = Api::answering(&[]);
    let world = pod(World::with(&[("src/a", "1\n")]), &api);
    let report = start(&world, "report");
    assert!(ended(start(&world, "prepare"), "prepare").success());
    until("prepare's start is told", || api.events().len() >= 2);
    std::thread::sleep(Duration::from_millis(500));
    let told: Vec<_> =
        api.events().into_iter().map(|(_, payload)| payload["state"].clone()).collect();
    assert!(!told.contains(&json!("ended")), "{told:?}");
    assert!(ended(start(&world, "work"), "work").success());
    until("prepare's end is told", || {
        api.events().iter().any(|(_, payload)| payload["state"] == json!("ended"))
    });
    sigterm(&report);
    assert!(ended(report, "report").success());
}

#[test]
fn sigterm_ends_a_phase_at_once_and_report_sends_its_log() {
    let api = Api::answering(&[]);
    let script = "touch src/begun; sleep 1000";
    let world = World::with(&[("src/a", "1\n")]).tool(&["sh", "-c", script]);
    let world = pod(world, &api);
    let report = start(&world, "report");
    assert!(ended(start(&world, "prepare"), "prepare").success());
    let work = start(&world, "work");
    until("the tool runs", || world.workspace("src/begun").exists());
    until("work's start is told", || {
        let start = |payload: &serde_json::Value| {
            payload["phase"] == json!("work") && payload["state"] == json!("started")
        };
        api.events().iter().any(|(_, payload)| start(payload))
    });
    let began = Instant::now();
    sigterm(&work);
    assert_eq!(ended(work, "work").code(), Some(143));
    assert!(began.elapsed() < Duration::from_secs(10));
    sigterm(&report);
    assert!(ended(report, "report").success());
    let (event_type, payload) = last(&api);
    assert_eq!((event_type.as_str(), &payload["phase"]), ("attempt.progress", &json!("work")));
    assert!(payload["detail"].as_str().expect("a detail").contains("ended before"), "{payload}");
}
