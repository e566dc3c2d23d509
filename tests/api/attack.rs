//! What somebody sends who means harm, or whose program is broken.

use jiff::SignedDuration;
use leviathan_core::decide::attempt::MAX_EXECUTOR_EVENTS;
use leviathan_core::ids::AttemptId;
use leviathan_core::ports::Clock as _;
use serde_json::{Value, json};

use crate::world::{LEGACY, OPERATOR, World, bundle, event, over_each_store};

fn claimed(world: &World) -> (AttemptId, String) {
    world.backlog();
    let attempt = world.submitted();
    let token = world.token(&attempt);
    let claim = json!({"attempt_id": attempt, "pod_uid": "p", "status": "running"});
    assert_eq!(
        world.post(&token, &bundle(&json!([event("c", "attempt.started", &claim)]))).status,
        200
    );
    (attempt, token)
}

fn progress(attempt: &AttemptId, n: u32) -> Value {
    let payload = json!({"attempt_id": attempt, "phase": "work", "state": "started",
        "milliseconds": null, "detail": n.to_string()});
    event(&format!("p{n}"), "attempt.progress", &payload)
}

#[test]
fn another_attempts_events_are_forbidden() {
    over_each_store(|world| {
        let (_, token) = claimed(world);
        let other: AttemptId = "another-attempt".parse().unwrap();
        let before = world.commits().len();
        for body in [
            bundle(&json!([progress(&other, 1)])),
            bundle(&json!([event("e", "attempt.succeeded", &json!({"attempt_id": other}))])),
            bundle(&json!([event("e", "target.registered", &json!({"target_id": "evil"}))])),
            json!({"target": "bank", "bundle_id": "b", "events": [progress(&other, 1)]})
                .to_string(),
        ] {
            assert_eq!(world.post(&token, &body).status, 403, "{body}");
        }
        assert_eq!(world.commits().len(), before);
    });
}

#[test]
fn an_old_a_forged_and_a_foreign_token_are_invalid() {
    over_each_store(|world| {
        let (attempt, token) = claimed(world);
        let body = bundle(&json!([progress(&attempt, 1)]));
        let now = world.clock.now();
        let other_life = world.key.mint(&attempt, 2, now + SignedDuration::from_hours(1));
        let ended = world.key.mint(&attempt, 1, now - SignedDuration::from_secs(1));
        let forged = leviathan_api::TokenKey::new(&[1; 32]).unwrap().mint(
            &attempt,
            1,
            now + SignedDuration::from_hours(1),
        );
        let longer = token.replacen(".1.", ".1.9", 1);
        for bad in [&other_life, &ended, &forged, &longer] {
            let answer = world.post(bad, &body);
            assert_eq!((answer.status, answer.json()), (401, json!({"detail": "Invalid token"})));
        }
        let bytes = b"x";
        assert_eq!(world.put_artifact(&other_life, bytes, "?kind=log&name=n").status, 401);
        world.clock.advance(SignedDuration::from_hours(2));
        assert_eq!(world.post(&token, &body).status, 401, "its time is over");
    });
}

#[test]
fn an_attempt_cannot_fill_the_log() {
    over_each_store(|world| {
        let (attempt, token) = claimed(world);
        let rest = MAX_EXECUTOR_EVENTS - 2;
        let many: Vec<Value> = (0..rest).map(|n| progress(&attempt, n)).collect();
        assert_eq!(world.post(&token, &bundle(&json!(many))).status, 200);
        assert_eq!(world.put_artifact(&token, b"the last", "?kind=log&name=n").status, 200);
        let answer = world.post(&token, &bundle(&json!([progress(&attempt, 9_999)])));
        assert_eq!((answer.status, &answer.json()["code"]), (409, &json!("too_many_events")));
        let answer = world.put_artifact(&token, b"one more", "?kind=log&name=m");
        assert_eq!((answer.status, &answer.json()["code"]), (409, &json!("too_many_events")));
        let digest = leviathan_core::ids::Digest::of(b"one more");
        assert_eq!(
            world.get(&format!("/v1/artifacts/{digest}"), OPERATOR).status,
            404,
            "nor the store"
        );
    });
}

#[test]
fn a_body_over_the_limit_is_refused_and_not_kept() {
    over_each_store(|world| {
        let padding = "x".repeat(10 * 1024 * 1024);
        let body = bundle(&json!([event("e", "x", &json!({"a": padding}))]));
        let answer = world.post(LEGACY, &body);
        assert_eq!((answer.status, &answer.json()["code"]), (413, &json!("too_large")));
        // Under some digest: it is the size that is looked at first.
        let path = format!("/v1/artifacts/{}", "0".repeat(64));
        let headers = [("authorization", &*format!("Bearer {OPERATOR}"))];
        let answer = world.call("PUT", &path, &headers, &vec![0; 17 * 1024 * 1024]);
        assert_eq!((answer.status, &answer.json()["code"]), (413, &json!("too_large")));
        let many: Vec<Value> = (0..1_025).map(|n| event(&n.to_string(), "x", &json!({}))).collect();
        let answer = world.post(LEGACY, &bundle(&json!(many)));
        assert_eq!((answer.status, &answer.json()["code"]), (413, &json!("too_large")));
        assert!(answer.json()["detail"].as_str().unwrap().contains("1024"), "{}", answer.text);
        assert!(world.commits().is_empty());
    });
}

#[test]
fn json_that_no_event_can_hold_costs_that_event_alone() {
    over_each_store(|world| {
        let deep = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
        let objects = format!("{}1{}", "{\"a\":".repeat(10_000), "}".repeat(10_000));
        let hidden = r#"{"$serde_json::private::Number":"x"}"#;
        let unraw = r#"{"$serde_json::private::RawValue":"[[["}"#;
        let huge = format!("1{}", "0".repeat(5_000));
        let payloads = [
            (deep.as_str(), false),
            (objects.as_str(), false),
            ("1e999", false),
            ("-1e400", false),
            (r#""\ud800""#, false),
            (r#""\udc00\ud800""#, false),
            (hidden, false),
            (unraw, false),
            (huge.as_str(), true),
            ("1e-999", true),
            (r#""\u0000""#, true),
            (r#"{"":null}"#, true),
            (r#"{"$serde_json::private::Number":"5"}"#, true),
            (r#"{"$serde_json::private::RawValue":"[1]"}"#, true),
        ];
        for (n, (payload, sound)) in payloads.iter().enumerate() {
            let body = format!(
                r#"{{"target":"shop","bundle_id":"b{n}","events":[
                {{"event_id":"{n}","event_type":"x","timestamp":"2026-01-01","payload":{{"a":{payload}}}}},
                {{"event_id":"beside {n}","event_type":"x","timestamp":"2026-01-01","payload":{{}}}}]}}"#
            );
            let answer = world.post(LEGACY, &body);
            let shown: String = payload.chars().take(40).collect();
            assert_eq!(answer.status, 200, "{shown}: {}", answer.text);
            assert_eq!(answer.json()["ingested"], json!(1 + u64::from(*sound)), "{shown}");
        }
        // Everything in it can be read back.
        world.verify_log();
        let recent = world.read("/v1/events/recent");
        assert_eq!(recent.as_array().unwrap().len(), payloads.len() * 2);
        assert!(world.get("/v1/events/recent", OPERATOR).text.contains(&huge), "digit for digit");
    });
}

#[test]
fn what_is_no_json_is_refused_whole() {
    over_each_store(|world| {
        let deep = "[".repeat(100_000);
        for body in [
            r#"{"target":"t","bundle_id":"b","events":[{"payload":{"a":NaN}}]}"#,
            r#"{"target":"t","bundle_id":"b","events":[{"payload":{"a":Infinity}}]}"#,
            r#"{"target":"t","bundle_id":"b","events":[]}}"#,
            r#"{"target":"t","bundle_id":"b","events":[}"#,
            "{'target':1}",
            deep.as_str(),
            "\u{feff}{}",
        ] {
            let answer = world.post(LEGACY, body);
            let shown: String = body.chars().take(80).collect();
            assert_eq!(answer.status, 422, "{shown}: {}", answer.text);
            assert_eq!(answer.json()["detail"][0]["type"], json!("json_invalid"), "{shown}");
        }
        let headers =
            [("authorization", &*format!("Bearer {LEGACY}")), ("content-type", "application/json")];
        let answer = world.call("POST", "/v1/events/ingest", &headers, b"{\"target\":\"\xff\"}");
        assert_eq!(answer.status, 400);
        assert!(world.commits().is_empty());
    });
}

#[test]
fn no_answer_repeats_what_is_long() {
    over_each_store(|world| {
        let long = "y".repeat(1_000_000);
        let body = json!({"target": [long], "bundle_id": "b", "events": long}).to_string();
        let answer = world.post(LEGACY, &body);
        assert_eq!(answer.status, 422);
        assert!(answer.text.len() < 1_000, "{} bytes", answer.text.len());
    });
}

#[test]
fn who_is_refused_while_still_sending_gets_the_answer() {
    over_each_store(|world| {
        let bytes = vec![b' '; 3 * 1024 * 1024];
        let authorized = format!("Bearer {OPERATOR}");
        for _ in 0..5 {
            for (method, path, token, status) in [
                ("POST", "/v1/events/ingest", "Bearer wrong", 401),
                ("POST", "/v1/nothing", "Bearer wrong", 404),
                ("POST", "/v1/attempts", authorized.as_str(), 405),
                ("POST", "/v1/attempts/", authorized.as_str(), 307),
                ("PUT", "/v1/artifacts/nothing", authorized.as_str(), 422),
            ] {
                let answer = world.call(method, path, &[("authorization", token)], &bytes);
                assert_eq!(answer.status, status, "{method} {path}");
            }
        }
    });
}
