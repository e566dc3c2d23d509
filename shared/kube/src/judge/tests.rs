//! What becomes of a Job, judged from what the cluster says of it and of its pod.

use serde_json::{Value, json};

use super::*;
use crate::manifest::tests::settings;

const NOW: &str = "2026-03-01T12:00:00Z";

fn job(conditions: &Value) -> Job {
    let job = json!({
        "metadata": { "name": "a" },
        // A failed Job may have no counts at all.
        "status": { "conditions": conditions, "failed": null },
    });
    serde_json::from_value(job).unwrap()
}

fn pod(age: Duration, status: &Value) -> Pod {
    let created = NOW.parse::<Timestamp>().unwrap() - age;
    let pod = json!({
        "metadata": { "name": "a-x", "creationTimestamp": created.to_string() },
        "status": status,
    });
    serde_json::from_value(pod).unwrap()
}

fn container(name: &str, state: &Value) -> Value {
    json!({ "name": name, "state": state, "image": "", "imageID": "", "ready": false, "restartCount": 0 })
}

fn judged(job: &Job, pods: &[Pod]) -> JobStatus {
    judge(job, pods, &settings(), NOW.parse().unwrap())
}

fn failed(reason: &str) -> Job {
    job(&json!([{ "type": "Failed", "status": "True", "reason": reason, "message": "m" }]))
}

fn told(status: JobStatus) -> (FailureClass, String) {
    match status {
        JobStatus::Failed { class, reason } => (class, reason),
        other => panic!("{other:?}"),
    }
}

#[test]
fn conditions_judge_a_job_and_counts_do_not() {
    let condition = |kind: &str, status: &str| json!([{ "type": kind, "status": status }]);
    assert_eq!(judged(&job(&condition("Complete", "True")), &[]), JobStatus::Completed);
    for (kind, status) in [
        ("Complete", "False"),
        ("Failed", "False"),
        ("SuccessCriteriaMet", "True"),
        ("FailureTarget", "True"),
    ] {
        assert_eq!(judged(&job(&condition(kind, status)), &[]), JobStatus::Running, "{kind}");
    }
    let mut counted = job(&json!([]));
    let status = counted.status.as_mut().unwrap();
    (status.succeeded, status.failed) = (Some(1), Some(1));
    assert_eq!(judged(&counted, &[]), JobStatus::Running);
    let (class, reason) = told(judged(&failed("BackoffLimitExceeded"), &[]));
    assert_eq!(
        (class, reason.as_str()),
        (FailureClass::Infra, "the cluster gave it up: BackoffLimitExceeded: m")
    );
    let (class, reason) = told(judged(&failed("DeadlineExceeded"), &[]));
    assert_eq!(class, FailureClass::Infra);
    assert!(reason.contains("time was over"), "{reason}");
}

#[test]
fn a_failed_pod_says_why() {
    let ended = |name: &str, reason: &str, code: i32, message: &str| {
        container(
            name,
            &json!({ "terminated": { "exitCode": code, "reason": reason, "message": message } }),
        )
    };
    let killed = ended("report", "Error", 137, "");
    let cases: [(Value, &str, FailureClass); 6] = [
        (
            json!({ "phase": "Failed", "initContainerStatuses": [killed, ended("work", "OOMKilled", 137, "")] }),
            "work was killed: it needed more memory",
            FailureClass::Task,
        ),
        (
            json!({ "phase": "Failed", "initContainerStatuses": [ended("gate", "OOMKilled", 137, "")] }),
            "gate was killed: it needed more memory",
            FailureClass::Infra,
        ),
        (
            json!({ "phase": "Failed", "initContainerStatuses": [ended("prepare", "StartError", 128, "no such file")] }),
            "prepare ended with exit code 128: StartError (no such file)",
            FailureClass::Infra,
        ),
        (
            json!({ "phase": "Failed", "containerStatuses": [ended("end", "Error", 1, "")] }),
            "end ended with exit code 1: Error",
            FailureClass::Infra,
        ),
        (
            json!({ "phase": "Failed", "reason": "Evicted", "message": "The node was low on resource: memory." }),
            "Evicted (The node was low on resource: memory.)",
            FailureClass::Infra,
        ),
        (
            json!({ "phase": "Failed", "conditions": [{ "type": "DisruptionTarget", "status": "True",
                "reason": "EvictionByEvictionAPI", "message": "drained" }] }),
            "EvictionByEvictionAPI (drained)",
            FailureClass::Infra,
        ),
    ];
    for (status, expected, class) in cases {
        let pods = [pod(Duration::from_secs(60), &status)];
        let (found, reason) = told(judged(&failed("BackoffLimitExceeded"), &pods));
        assert!(reason.contains(expected), "{reason:?} has no {expected:?}");
        assert_eq!(found, class, "{reason}");
    }
}

#[test]
fn a_pod_that_cannot_begin_is_given_its_time_and_no_more() {
    let waits = |name: &str, reason: &str| {
        container(name, &json!({ "waiting": { "reason": reason, "message": "m" } }))
    };
    let pull = json!({ "phase": "Pending", "initContainerStatuses": [waits("report", "ImagePullBackOff"), waits("work", "PodInitializing")] });
    let unscheduled = json!({ "phase": "Pending", "conditions": [{ "type": "PodScheduled", "status": "False",
        "reason": "Unschedulable", "message": "0/3 nodes are available" }] });
    let no_secret = json!({ "phase": "Pending", "initContainerStatuses": [waits("report", "PodInitializing")] });
    let runs = json!({ "phase": "Pending", "initContainerStatuses": [
        container("report", &json!({ "running": {} })), waits("prepare", "PodInitializing")] });
    let (minute, hour) = (Duration::from_mins(1), Duration::from_hours(1));
    let of = |age: Duration, status: &Value| judged(&job(&json!([])), &[pod(age, status)]);

    assert_eq!(of(Duration::from_secs(5), &no_secret), JobStatus::Running);
    assert_eq!(of(minute, &no_secret), JobStatus::NotStarted);
    assert_eq!(of(hour, &runs), JobStatus::Running);
    assert_eq!(of(minute, &pull), JobStatus::NotStarted, "a registry may come back");
    let (class, reason) = told(of(minute * 6, &pull));
    assert_eq!(
        (class, reason.as_str()),
        (
            FailureClass::Infra,
            "the image of report could not be pulled in 6 min: ImagePullBackOff (m)"
        )
    );
    assert_eq!(of(minute * 39, &unscheduled), JobStatus::Running);
    let (class, reason) = told(of(minute * 41, &unscheduled));
    assert_eq!(
        (class, reason.as_str()),
        (FailureClass::Infra, "no node was found for its pod in 41 min: 0/3 nodes are available")
    );
    assert_eq!(judged(&job(&json!([])), &[]), JobStatus::Running, "no pod yet");
}

#[test]
fn the_newest_pod_counts_and_foreign_text_is_tidied() {
    let evicted = |age: u64, message: &str| {
        pod(
            Duration::from_secs(age),
            &json!({ "phase": "Failed", "reason": "Evicted", "message": message }),
        )
    };
    let long = format!("new\n{}", "x".repeat(5_000));
    let pods = [evicted(600, "old"), evicted(5, &long)];
    let (_, reason) = told(judged(&failed("BackoffLimitExceeded"), &pods));
    assert!(reason.contains("new x") && !reason.contains("old"), "{reason}");
    assert!(reason.chars().count() <= 400, "{}", reason.len());
}
