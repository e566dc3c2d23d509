//! report: claims once, tells all of it once, keeps its token to itself.

use std::fs;
use std::time::{Duration, Instant};

use leviathan_core::fact::{FailureClass, Phase};
use leviathan_core::ids::Digest;
use leviathan_executor::result::{PhaseFailure, PhasePassed, PhaseResult};
use serde_json::{Value, json};

use crate::api::Api;
use crate::world::{World, write};

const TOKEN: &str = "attempt-token-that-nobody-may-see";

fn reporting(mut world: World, api: &Api) -> World {
    world.job.api_url = format!("{}/", api.url);
    world.variables.insert("LEVIATHAN_ATTEMPT_TOKEN".to_owned(), TOKEN.to_owned());
    world.variables.insert("LEVIATHAN_POD_UID".to_owned(), "pod-1".to_owned());
    world
}

fn sources() -> World {
    World::with(&[("src/a", "1\n"), (".gitignore", "target/\n")])
        .invariant("first", &["sh", "-c", "echo the first says"])
        .tool(&["sh", "-c", "echo 2 > src/a; mkdir target; echo x > target/y"])
}

fn passed(phase: Phase) -> PhaseResult {
    PhaseResult::of(phase, Ok(PhasePassed::saying("done")), 7)
}

/// The events of one type.
fn of_type(api: &Api, event_type: &str) -> Vec<Value> {
    let events = api.events().into_iter().filter(|(found, _)| found == event_type);
    events.map(|(_, payload)| payload).collect()
}

/// Runs report, which must end with this code; what it printed.
fn report(world: &World, code: i32) -> String {
    let output = world.start("report");
    let log = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{log}");
    assert!(!log.contains(TOKEN) && !String::from_utf8_lossy(&output.stdout).contains(TOKEN));
    log
}

#[test]
fn a_whole_attempt_is_claimed_watched_and_reported() {
    let api = Api::answering(&[]);
    let world = reporting(sources(), &api);
    let mut child = world.program("report").spawn().unwrap();
    let began = Instant::now();
    while !world.path("job/report/claimed").exists() {
        assert!(began.elapsed() < Duration::from_secs(20), "never claimed");
        std::thread::sleep(Duration::from_millis(10));
    }
    for phase in ["prepare", "work", "gate", "check"] {
        let ended = world.pass(phase);
        write(&world.path(format!("job/logs/{phase}.log")), ended.log.as_bytes());
    }
    assert!(child.wait().unwrap().success());

    let types: Vec<String> = api.events().into_iter().map(|(event_type, _)| event_type).collect();
    assert_eq!(types.first().map(String::as_str), Some("attempt.started"));
    assert_eq!(types.last().map(String::as_str), Some("attempt.checked"));
    let progress = of_type(&api, "attempt.progress");
    let said: Vec<String> = progress
        .iter()
        .map(|p| format!("{} {}", p["phase"].as_str().unwrap(), p["state"].as_str().unwrap()))
        .collect();
    let mut expected = Vec::new();
    for phase in ["prepare", "work", "gate", "check"] {
        expected.extend([format!("{phase} started"), format!("{phase} ended")]);
    }
    assert_eq!(said, expected);
    assert!(progress[1]["milliseconds"].is_u64() && progress[0]["milliseconds"].is_null());
    assert_eq!(progress[5]["detail"], "1 file changed, 1 ignored path left out");

    let checked = &of_type(&api, "attempt.checked")[0];
    let diff = fs::read(world.path("job/gate/diff")).unwrap();
    assert_eq!(checked["diff_digest"], json!(Digest::of(&diff)));
    assert_eq!(
        (&checked["files"], &checked["ignored_files"], &checked["skeleton"]),
        (&json!(1), &json!(1), &json!(false))
    );
    let check_log = api.artifact("check-1.log").unwrap();
    assert_eq!(check_log.body, b"the first says\n");
    assert_eq!(checked["checks"][0]["log"], json!(Digest::of(b"the first says\n")));
    let uploaded = api.artifact("diff").unwrap();
    assert_eq!(uploaded.body, diff);
    assert_eq!(uploaded.path, format!("/v1/artifacts/{}", Digest::of(&diff)));
    assert!(uploaded.query.contains("kind=diff"));
    assert!(api.artifact("work.log").is_some());
}

#[test]
fn bundles_have_the_envelope_and_a_key_and_are_authorised() {
    let api = Api::answering(&[]);
    let world = reporting(sources(), &api);
    world.leave(
        Phase::Prepare,
        &PhaseResult::of(Phase::Prepare, Err(PhaseFailure::infra("x", "y")), 1),
    );
    write(&world.path("job/logs/prepare.log"), b"a line\n");
    report(&world, 0);
    let received = api.received();
    assert!(received.iter().all(|request| request.authorization == format!("Bearer {TOKEN}")));
    assert!(received.iter().all(|request| !request.path.contains(TOKEN)));
    let bundles: Vec<_> = received.iter().filter(|r| r.method == "POST").collect();
    assert_eq!(bundles.len(), 2);
    assert_ne!(bundles[0].key, bundles[1].key);
    assert_ne!(bundles[0].json()["bundle_id"], bundles[1].json()["bundle_id"]);
    for bundle in bundles {
        assert_eq!(bundle.path, "/v1/events/ingest");
        assert_eq!(bundle.key.as_bytes()[14], b'7', "a UUID of version 7: {}", bundle.key);
        let body = bundle.json();
        assert_eq!(body["target"], "target");
        for event in body["events"].as_array().unwrap() {
            assert_eq!(event["actor_id"], "executor");
            assert_eq!(event["payload"]["attempt_id"], "t-1-aaaaaaaaaa");
            let time: jiff::Timestamp = event["timestamp"].as_str().unwrap().parse().unwrap();
            assert!(time <= jiff::Timestamp::now());
        }
    }
    let body = received.last().unwrap().json();
    let artifact = &body["artifacts"][0];
    let digest = Digest::of(b"a line\n").to_string();
    assert_eq!(artifact["sha256"], json!(digest));
    assert_eq!((&artifact["kind"], &artifact["size"]), (&json!("log"), &json!(7)));
    assert_eq!(artifact["uri"], json!(format!("artifacts/sha256/{}/{digest}", &digest[..2])));
    let types = received.last().unwrap().types();
    assert_eq!(types, ["attempt.progress", "attempt.progress", "attempt.failed"]);
}

#[test]
fn a_refused_claim_ends_without_work() {
    let api = Api::answering(&[409]);
    let world = reporting(sources(), &api);
    report(&world, 0);
    assert!(!world.path("job/report/claimed").exists());
    assert_eq!(api.received().len(), 1);

    let api = Api::answering(&[401]);
    let world = reporting(sources(), &api);
    let log = report(&world, 1);
    assert!(log.contains("401"), "{log}");
    assert!(!world.path("job/report/claimed").exists());
}

#[test]
fn what_got_no_clear_answer_is_sent_again_byte_for_byte() {
    let api = Api::answering(&[503, 500, 429]);
    let world = reporting(sources(), &api);
    world.leave(
        Phase::Prepare,
        &PhaseResult::of(Phase::Prepare, Err(PhaseFailure::infra("x", "y")), 1),
    );
    report(&world, 0);
    let received = api.received();
    let claims = &received[..4];
    assert!(claims.iter().all(|claim| claim.types() == ["attempt.started"]));
    assert!(claims.iter().all(|claim| claim.key == claims[0].key && claim.body == claims[0].body));
    assert_eq!(of_type(&api, "attempt.failed").len(), 1);
}

#[test]
fn an_unreachable_api_is_tried_until_the_attempt_is_over() {
    let api = Api::answering(&[]);
    let mut world = reporting(sources(), &api);
    world.job.api_url = "http://127.0.0.1:9".to_owned();
    world.job.not_after = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(2);
    let began = Instant::now();
    let log = report(&world, 1);
    assert!(began.elapsed() < Duration::from_secs(15), "bounded by the attempt's time");
    assert!(log.contains("again in") && log.contains("time is over"), "{log}");
}

#[test]
fn a_refused_change_is_told_with_its_violations_and_without_its_bytes() {
    let api = Api::answering(&[]);
    let key = ["AKIA", "Q3EGRIFZ5PLNCMWT"].concat();
    let world = reporting(sources(), &api);
    world.pass("prepare");
    world.change("src/a", &format!("key = \"{key}\"\n"));
    world.leave(Phase::Work, &passed(Phase::Work));
    write(&world.path("job/logs/work.log"), format!("the tool printed {key}\n").as_bytes());
    world.fail("gate", "scope_violation");
    report(&world, 0);
    let failed = &of_type(&api, "attempt.failed")[0];
    assert_eq!((&failed["class"], &failed["phase"]), (&json!("task"), &json!("gate")));
    assert_eq!(failed["violations"][0]["rule"], "secret");
    assert!(api.artifact("diff").is_none());
    assert!(api.artifact("work.log").is_some());
    for request in api.received() {
        assert!(!String::from_utf8_lossy(&request.body).contains(&key), "{}", request.path);
    }
}

#[test]
fn failed_checks_are_told_each_with_its_log() {
    let api = Api::answering(&[]);
    let world = sources().invariant("second", &["sh", "-c", "echo no; exit 1"]);
    let world = reporting(world, &api);
    for phase in ["prepare", "work", "gate"] {
        world.pass(phase);
    }
    world.fail("check", "invariant_failed");
    report(&world, 0);
    let failed = &of_type(&api, "attempt.failed")[0];
    assert_eq!((&failed["class"], &failed["phase"]), (&json!("task"), &json!("check")));
    let verdicts: Vec<&Value> =
        failed["checks"].as_array().unwrap().iter().map(|check| &check["passed"]).collect();
    assert_eq!(verdicts, [&json!(true), &json!(false)]);
    assert_eq!(failed["checks"][1]["log"], json!(Digest::of(b"no\n")));
    assert!(api.artifact("diff").is_none(), "only a checked change is handed over");
}

#[test]
fn a_phase_that_died_is_told_with_what_the_cluster_saw() {
    let api = Api::answering(&[]);
    let world = reporting(sources(), &api);
    world.leave(Phase::Prepare, &passed(Phase::Prepare));
    write(&world.path("job/phases/work/started"), b"");
    write(&world.path("job/phases/work/exit.json"), br#"{"reason":"killed: out of memory"}"#);
    report(&world, 0);
    let failed = &of_type(&api, "attempt.failed")[0];
    assert_eq!(failed["failure_type"], "phase_died");
    assert_eq!(failed["error_summary"], "killed: out of memory");
    assert_eq!((&failed["class"], &failed["phase"]), (&json!(FailureClass::Infra), &json!("work")));
}

#[test]
fn an_attempt_whose_time_ends_is_told_as_such() {
    let api = Api::answering(&[]);
    let mut world = reporting(sources(), &api);
    world.job.not_after = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(6);
    write(&world.path("job/phases/prepare/started"), b"");
    write(&world.path("job/logs/prepare.log"), b"so far\n");
    report(&world, 0);
    let failed = &of_type(&api, "attempt.failed")[0];
    assert_eq!((&failed["failure_type"], &failed["class"]), (&json!("time_over"), &json!("task")));
    assert_eq!(api.artifact("prepare.log").unwrap().body, b"so far\n");
}

#[test]
fn nothing_changed_is_checked_without_a_diff() {
    let api = Api::answering(&[]);
    let world = reporting(sources().tool(&["true"]), &api);
    for phase in ["prepare", "work", "gate", "check"] {
        world.pass(phase);
    }
    report(&world, 0);
    let checked = &of_type(&api, "attempt.checked")[0];
    assert_eq!((&checked["diff_digest"], &checked["files"]), (&Value::Null, &json!(0)));
    assert!(api.artifact("diff").is_none());
}

#[test]
fn a_diff_that_changed_after_the_gate_is_not_uploaded() {
    let api = Api::answering(&[]);
    let world = reporting(sources(), &api);
    for phase in ["prepare", "work", "gate", "check"] {
        world.pass(phase);
    }
    let place = world.path("job/gate/diff");
    let other = fs::read_to_string(&place).unwrap().replace("2\\n", "3\\n");
    fs::write(&place, other).unwrap();
    report(&world, 0);
    assert_eq!(of_type(&api, "attempt.failed")[0]["failure_type"], "diff_not_uploaded");
    assert!(of_type(&api, "attempt.checked").is_empty());
    assert!(api.artifact("diff").is_none());
}

#[test]
fn a_restarted_report_claims_again_and_says_nothing_twice() {
    // Claim, progress; then 409: the attempt was cancelled meanwhile.
    let api = Api::answering(&[200, 409]);
    let world = reporting(sources(), &api);
    world.leave(Phase::Prepare, &passed(Phase::Prepare));
    report(&world, 0);
    assert_eq!(api.received().len(), 2);

    let api = Api::answering(&[]);
    let world = reporting(world, &api);
    world.leave(Phase::Work, &PhaseResult::of(Phase::Work, Err(PhaseFailure::task("x", "y")), 1));
    report(&world, 0);
    let progress = of_type(&api, "attempt.progress");
    assert!(progress.iter().all(|said| said["phase"] == "work"), "{progress:?}");
    assert_eq!(of_type(&api, "attempt.started").len(), 1);

    let api = Api::answering(&[]);
    report(&reporting(world, &api), 0);
    assert!(api.received().is_empty(), "all was told before");
}

#[test]
fn links_and_fifos_in_the_place_of_logs_are_not_read() {
    let api = Api::answering(&[]);
    let world = reporting(sources(), &api);
    write(&world.path("outside/secret"), b"theirs");
    fs::create_dir_all(world.path("job/logs")).unwrap();
    std::os::unix::fs::symlink(world.path("outside/secret"), world.path("job/logs/prepare.log"))
        .unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, world.path("job/logs/work.log"), 0o600.into()).unwrap();
    world.leave(Phase::Prepare, &passed(Phase::Prepare));
    world.leave(Phase::Work, &PhaseResult::of(Phase::Work, Err(PhaseFailure::task("x", "y")), 1));
    report(&world, 0);
    assert!(api.received().iter().all(|request| request.method == "POST"), "nothing is uploaded");
    assert_eq!(of_type(&api, "attempt.failed").len(), 1);
}

#[test]
fn report_without_its_variables_says_which() {
    let world = sources();
    let output = world.start("report");
    assert_eq!(output.status.code(), Some(2));
    let log = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(log.contains("LEVIATHAN_ATTEMPT_TOKEN") && log.contains("LEVIATHAN_POD_UID"), "{log}");
}

#[cfg(target_os = "linux")]
#[test]
fn the_token_cannot_be_read_from_the_running_process() {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    use std::os::unix::process::CommandExt as _;
    let api = Api::answering(&[]);
    let world = reporting(sources(), &api);
    let mut program = world.program("report");
    if rustix::process::getuid().is_root() {
        // Root may look into anything; what is asked is what others of the same user may.
        fs::set_permissions(world.path(""), fs::Permissions::from_mode(0o755)).unwrap();
        fs::set_permissions(world.path("job"), fs::Permissions::from_mode(0o777)).unwrap();
        program.uid(65534);
    }
    let mut child = program.spawn().unwrap();
    let began = Instant::now();
    while !world.path("job/report/claimed").exists() && began.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(10));
    }
    let claimed = world.path("job/report/claimed").exists();
    let place = format!("/proc/{}/", child.id());
    let command_line = fs::read_to_string(format!("{place}cmdline")).unwrap();
    // What is not dumpable belongs to root in /proc, whoever runs it: others of the same user get
    // neither its environment nor its memory.
    let owner = fs::metadata(format!("{place}environ")).unwrap().uid();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(claimed, "it was looked at while it ran");
    assert!(!command_line.contains(TOKEN));
    assert_eq!(owner, 0);
}

#[test]
fn a_proxy_in_the_environment_does_not_get_the_token() {
    let (api, proxy) = (Api::answering(&[]), Api::answering(&[]));
    let mut world = reporting(sources(), &api);
    for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
        world.variables.insert(name.to_owned(), proxy.url.clone());
    }
    let failure = PhaseFailure::infra("x", "y");
    world.leave(Phase::Prepare, &PhaseResult::of(Phase::Prepare, Err(failure), 1));
    report(&world, 0);
    assert!(proxy.received().is_empty());
    assert_eq!(api.received().len(), 2);
}
