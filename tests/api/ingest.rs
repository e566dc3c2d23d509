//! Bundles of the original's workers and of new clients, and what can be read of them afterwards.

use jiff::SignedDuration;
use leviathan_core::idempotency_key::IdempotencyKey;
use leviathan_core::ports::Clock as _;
use serde_json::{Value, json};

use crate::world::{LEGACY, OPERATOR, bundle, event, over_each_store};

fn ok(ingested: u64) -> Value {
    json!({"ingested": ingested, "bundle_id": "bundle-1", "status": "ok"})
}

#[test]
fn what_a_worker_sends_is_shown() {
    over_each_store(|world| {
        let answer = world.ingest(&json!([
            event("1", "target.registered", &json!({"target_id": "shop", "name": "shop"})),
            event("2", "task.created", &json!({"task_id": "t", "target_id": "shop", "title": "T"})),
            event(
                "3",
                "attempt.created",
                &json!({"attempt_id": "a", "task_id": "t", "target_id": "shop"})
            ),
            event("4", "artifact.created", &json!({"attempt_id": "a", "artifact_id": "log"})),
            event(
                "5",
                "pr.created",
                &json!({"attempt_id": "a", "pr_number": 7, "pr_url": "https://forge/7"})
            ),
            event("6", "attempt.succeeded", &json!({"attempt_id": "a", "status": "succeeded"})),
            event("7", "attempt.failed", &json!({"attempt_id": "z", "error_summary": "no space"})),
        ]));
        assert_eq!((answer.status, answer.json()), (200, ok(7)));

        let summary = world.read("/v1/graph/summary");
        assert_eq!(
            summary["nodes_by_type"],
            json!({"Target": 1, "Task": 1, "Attempt": 1, "Artifact": 1, "PullRequest": 1})
        );
        assert_eq!(summary["edges_by_type"], json!({"DEPENDS_ON": 2, "PRODUCED": 2}));
        assert_eq!((&summary["total_nodes"], &summary["total_events"]), (&json!(5), &json!(7)));
        assert_eq!(
            summary["recent_events"][0],
            json!({"event_id": "7", "timestamp": "2026-11-24T11:00:00", "event_type": "attempt.failed",
                "actor_id": "worker", "target": null, "attempt_id": "z"})
        );

        let row = json!({"attempt_id": "a", "task_id": "t", "target": "shop", "status": "succeeded",
            "timestamp": "2026-11-24T11:00:00", "pr_url": "https://forge/7", "pr_number": 7});
        assert_eq!(world.read("/v1/attempts"), json!({"attempts": [row], "count": 1}));
        assert_eq!(world.read("/v1/attempts?target=shop")["count"], json!(1));
        assert_eq!(world.read("/v1/attempts?target=bank"), json!({"attempts": [], "count": 0}));

        let shown = world.read("/v1/attempts/a");
        assert_eq!(shown["attempt_node"]["properties"]["status"], json!("succeeded"));
        let types: Vec<_> =
            shown["events"].as_array().unwrap().iter().map(|e| e["event_type"].clone()).collect();
        assert_eq!(
            types,
            ["attempt.created", "artifact.created", "pr.created", "attempt.succeeded"]
        );
        assert_eq!(shown["artifacts"][1]["node_id"], json!("pr-7"));
        assert_eq!(world.read("/v1/attempts/t")["attempt_node"], json!(null), "a task's id");

        assert_eq!(
            world.read("/v1/failures"),
            json!({"count": 1, "failures": [{"attempt_id": "z", "task_id": null, "target": null,
                "error": "no space", "timestamp": "2026-11-24T11:00:00"}]})
        );
    });
}

#[test]
fn events_come_back_as_they_were_sent_newest_first() {
    over_each_store(|world| {
        let body = r#"{"target":"shop","bundle_id":"bundle-1","events":[
            {"event_id":"1","event_type":"x.one","timestamp":"2026-11-24T10:00:00Z","payload":{"b":1.50,"a":12345678901234567890123,"z":-0.0}},
            {"event_id":"2","event_type":"x.two","timestamp":1764000000,"actor_id":"me","payload":{"ü":"\ud83d\ude00"},"hash":"mine","more":1}]}"#;
        assert_eq!(world.post(LEGACY, body).json(), ok(2));
        let text = world.get("/v1/events/recent", OPERATOR).text;
        assert!(text.contains(r#"{"b":1.50,"a":12345678901234567890123,"z":-0.0}"#), "{text}");
        let recent = world.read("/v1/events/recent");
        assert_eq!(recent[0]["event_id"], json!("2"));
        assert_eq!(recent[0]["timestamp"], json!("2025-11-24T16:00:00+00:00"));
        assert_eq!(recent[0]["payload"], json!({"ü": "😀"}));
        assert_eq!(recent[1]["timestamp"], json!("2026-11-24T10:00:00+00:00"));
        assert_eq!(recent[1]["actor_id"], json!(null));
        let keys: Vec<_> = recent[0].as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, ["event_id", "event_type", "timestamp", "actor_id", "payload", "hash"]);
        assert_eq!(recent[0]["hash"].as_str().unwrap().len(), 64);
    });
}

#[test]
fn sending_again_changes_nothing_and_says_the_same() {
    over_each_store(|world| {
        let events =
            json!([event("1", "x", &json!({})), event("2", "x", &json!({})), {"broken": 1}]);
        for _ in 0..3 {
            assert_eq!(world.ingest(&events).json(), ok(2));
        }
        assert_eq!(world.event_types(), ["x", "x", "event.refused"]);
        // A post that holds some of it, by another worker of the same bundle id.
        assert_eq!(
            world.ingest(&json!([event("2", "x", &json!({})), event("3", "x", &json!({}))])).json(),
            ok(2)
        );
        // And a person's client.
        let answer = world.post(OPERATOR, &bundle(&json!([event("3", "x", &json!({}))])));
        assert_eq!(answer.json(), ok(1));
        assert_eq!(world.event_types(), ["x", "x", "event.refused", "x"]);
    });
}

#[test]
fn a_new_clients_bundle_is_all_or_nothing() {
    over_each_store(|world| {
        let key = IdempotencyKey::new(world.clock.now(), [9; 16]).to_string();
        let with_key = |body: &str| world.post_with(LEGACY, &[("idempotency-key", &key)], body);
        let broken = bundle(&json!([event("1", "x", &json!({})), {"event_id": "2"}, "three"]));
        let answer = with_key(&broken);
        assert_eq!(answer.status, 422);
        let broken = bundle(&json!([event("1", "x", &json!({})), {"event_id": "2"}]));
        let answer = with_key(&broken);
        let faults = answer.json()["detail"].clone();
        assert_eq!((answer.status, faults.as_array().unwrap().len()), (422, 3), "{faults}");
        assert!(world.commits().is_empty());

        let sound = bundle(&json!([event("1", "x", &json!({}))]));
        assert_eq!(with_key(&sound).json(), ok(1));
        assert_eq!(with_key(&sound).json(), ok(1));
        assert_eq!(world.event_types(), ["x"]);
        let answer = with_key(&bundle(&json!([event("2", "x", &json!({}))])));
        assert_eq!((answer.status, &answer.json()["code"]), (409, &json!("key_used")));
        world.clock.advance(SignedDuration::from_hours(25));
        let answer = with_key(&sound);
        assert_eq!((answer.status, &answer.json()["code"]), (409, &json!("key_expired")));
        let answer = world.post_with(LEGACY, &[("idempotency-key", "bundle-1")], &sound);
        assert_eq!(
            (answer.status, &answer.json()["detail"][0]["loc"]),
            (422, &json!(["header", "idempotency-key"]))
        );
        assert_eq!(world.event_types(), ["x"]);
    });
}

#[test]
fn a_large_payload_comes_back_whole() {
    over_each_store(|world| {
        let payload = json!({"attempt_id": "a", "log": "line of a log\n".repeat(20_000), "n": 1});
        assert_eq!(world.ingest(&json!([event("1", "x", &payload)])).json(), ok(1));
        assert_eq!(world.read("/v1/events/recent")[0]["payload"], payload);
        assert_eq!(world.read("/v1/attempts/a")["events"][0]["payload"], payload);
        let commit = &world.commits()[0];
        let stored = serde_json::to_string(&commit.events[0]).unwrap();
        assert!(stored.len() < 2_000, "the log holds the short part: {} bytes", stored.len());
    });
}

#[test]
fn a_secret_in_a_payload_is_nowhere() {
    over_each_store(|world| {
        let secret = format!("ghp_{}", "kQ3vX9mT2bLw7RzY5nJc8HdF4sGp1AeU6oVi");
        let payload = json!({"attempt_id": "a", "error_summary":
            format!("git push https://x-access-token:{secret}@forge.example/o/r failed")});
        let events = json!([event("1", "attempt.failed", &payload), {"broken": secret}]);
        assert_eq!(world.ingest(&events).json(), ok(1));
        for path in ["/v1/events/recent", "/v1/attempts/a", "/v1/failures", "/v1/graph/summary"] {
            let text = world.get(path, OPERATOR).text;
            assert!(!text.contains(&secret), "{path}: {text}");
        }
        assert!(world.get("/v1/failures", OPERATOR).text.contains("[redacted:"));
        for commit in world.commits() {
            assert!(!format!("{commit:?}").contains(&secret));
        }
    });
}

#[test]
fn the_body_must_say_that_it_is_json() {
    over_each_store(|world| {
        let token = format!("Bearer {LEGACY}");
        let body = bundle(&json!([]));
        for kind in [None, Some("text/plain"), Some("application/x-www-form-urlencoded")] {
            let mut headers = vec![("authorization", token.as_str())];
            headers.extend(kind.map(|kind| ("content-type", kind)));
            let answer = world.call("POST", "/v1/events/ingest", &headers, body.as_bytes());
            assert_eq!(answer.status, 422, "{kind:?}");
            assert_eq!(answer.json()["detail"][0]["loc"], json!(["body"]), "{kind:?}");
        }
        let answer = world.post(LEGACY, "");
        assert_eq!(
            (answer.status, answer.json()),
            (
                422,
                json!({"detail": [{"type": "missing", "loc": ["body"], "msg": "Field required", "input": null}]})
            )
        );
    });
}

#[test]
fn another_process_sees_what_this_one_took_in() {
    over_each_store(|world| {
        assert_eq!(world.ingest(&json!([event("1", "x", &json!({}))])).json(), ok(1));
        assert_eq!(world.read("/v1/graph/summary")["total_events"], json!(1));
        // Appended beside the API, by another program of this log.
        world.backlog();
        let tasks = world.read("/v1/tasks?target=shop");
        assert_eq!(tasks["count"], json!(3));
        assert_eq!(tasks["tasks"][0]["task_id"], json!("a"));
        assert_eq!(tasks["tasks"][2]["ready"], json!(false));
        assert_eq!(world.read("/v1/tasks?target=bank")["count"], json!(0));
        let _attempt = world.submitted();
        let tasks = world.read("/v1/tasks");
        let running: Vec<_> = tasks["tasks"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|t| t["status"] == json!("in_progress"))
            .collect();
        assert_eq!(running.len(), 1);
        let refused = &tasks["tasks"][2];
        assert_eq!(refused["reason"]["predicate"], json!("ready"), "{refused}");
        assert_eq!(world.read("/v1/attempts")["attempts"][0]["status"], json!("submitted"));
    });
}

#[test]
fn an_append_and_a_read_cost_one_request_however_long_the_log_is() {
    over_each_store(|world| {
        for round in 0..3 {
            for n in 0..20 {
                let payload = json!({"attempt_id": format!("{round}-{n}")});
                let created = event(&format!("{round}-{n}"), "attempt.created", &payload);
                assert_eq!(world.ingest(&json!([created])).status, 200);
            }
            let _ = world.requests();
            let payload = json!({"attempt_id": format!("{round}-0")});
            let started = json!([event(&format!("{round} started"), "attempt.started", &payload)]);
            assert_eq!(world.ingest(&started).status, 200);
            let appended = world.requests();
            assert_eq!((appended.puts, appended.gets, appended.lists), (1, 0, 0));
            for path in [
                "/v1/attempts",
                "/v1/events/recent",
                "/v1/graph/summary",
                "/v1/tasks",
                &format!("/v1/attempts/{round}-0"),
            ] {
                world.read(path);
                let read = world.requests();
                assert_eq!((read.puts, read.gets, read.lists), (0, 1, 0), "{path}");
            }
        }
    });
}
