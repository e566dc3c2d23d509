//! An attempt's executor, from its claim to its result.

use jiff::SignedDuration;
use leviathan_core::ids::{AttemptId, Digest};
use leviathan_core::ports::{Clock as _, Message};
use serde_json::{Value, json};

use crate::world::{Answer, LEGACY, OPERATOR, World, bundle, event, over_each_store};

fn claim(attempt: &AttemptId, pod: &str) -> Value {
    let payload = json!({"attempt_id": attempt, "pod_uid": pod, "status": "running"});
    event(&format!("claim of {pod}"), "attempt.started", &payload)
}

fn checked(attempt: &AttemptId) -> Value {
    let payload = json!({"attempt_id": attempt, "diff_digest": Digest::of(b"diff"), "files": 1,
        "ignored_files": 0, "skeleton": false, "checks": []});
    event("checked", "attempt.checked", &payload)
}

fn says(world: &World, attempt: &AttemptId, events: &Value) -> Answer {
    world.post(&world.token(attempt), &bundle(events))
}

fn code(answer: &Answer) -> (u16, String) {
    (answer.status, answer.json()["code"].as_str().unwrap_or_default().to_owned())
}

#[test]
fn an_attempt_is_claimed_checked_and_handed_to_publish() {
    over_each_store(|world| {
        world.backlog();
        let attempt = world.submitted();
        assert_eq!(says(world, &attempt, &json!([claim(&attempt, "one")])).status, 200);
        assert_eq!(world.sent(), []);
        let result = json!([checked(&attempt)]);
        assert_eq!(says(world, &attempt, &result).status, 200);
        assert_eq!(world.sent(), [Message::Publish { epoch: 1, attempt: attempt.clone() }]);
        // The answer was lost, and it is sent again: nothing happens twice.
        let before = world.commits().len();
        assert_eq!(says(world, &attempt, &result).status, 200);
        assert_eq!((world.commits().len(), world.sent()), (before, vec![]));
        let row = &world.read("/v1/attempts?target=shop")["attempts"][0];
        assert_eq!((&row["status"], &row["attempt_id"]), (&json!("publishing"), &json!(attempt)));
        let last = world.commits().pop().unwrap();
        assert_eq!(last.events[0].principal.to_string(), format!("attempt:{attempt}"));
        assert_eq!(last.header.parts[0].bundle_id.as_deref(), Some("bundle-1"));
    });
}

#[test]
fn a_second_pod_is_sent_away_and_the_first_may_return() {
    over_each_store(|world| {
        world.backlog();
        let attempt = world.submitted();
        assert_eq!(says(world, &attempt, &json!([claim(&attempt, "one")])).status, 200);
        let before = world.commits().len();
        let answer = says(world, &attempt, &json!([claim(&attempt, "two")]));
        assert_eq!(code(&answer), (409, "held_by_another".to_owned()));
        let mut again = claim(&attempt, "one");
        again["timestamp"] = json!("2026-11-24T12:00:09Z");
        assert_eq!(says(world, &attempt, &json!([again])).status, 200);
        assert_eq!(world.commits().len(), before);
    });
}

#[test]
fn a_claim_after_the_time_is_refused() {
    over_each_store(|world| {
        world.backlog();
        let attempt = world.submitted();
        let token = world.key.mint(&attempt, 1, world.clock.now() + SignedDuration::from_hours(24));
        world.clock.advance(SignedDuration::from_hours(2));
        let answer = world.post(&token, &bundle(&json!([claim(&attempt, "one")])));
        assert_eq!(code(&answer), (409, "too_late".to_owned()));
    });
}

#[test]
fn a_result_without_a_claim_is_refused_whole() {
    over_each_store(|world| {
        world.backlog();
        let attempt = world.submitted();
        let before = world.commits().len();
        let answer = says(world, &attempt, &json!([checked(&attempt)]));
        assert_eq!(code(&answer), (409, "out_of_order".to_owned()));
        let both = json!([claim(&attempt, "one"), {"event_id": 1}]);
        assert_eq!(says(world, &attempt, &both).status, 422);
        assert_eq!((world.commits().len(), world.sent()), (before, vec![]));
    });
}

#[test]
fn an_attempts_token_reads_nothing() {
    over_each_store(|world| {
        world.backlog();
        let token = world.token(&world.submitted());
        let digest = Digest::of(b"anything");
        for path in [
            "/v1/attempts",
            "/v1/attempts/a",
            "/v1/events/recent",
            "/v1/tasks",
            "/v1/failures",
            "/v1/graph/summary",
            &format!("/v1/artifacts/{digest}"),
        ] {
            assert_eq!(code(&world.get(path, &token)), (403, "forbidden".to_owned()), "{path}");
        }
    });
}

#[test]
fn a_person_invalidates_an_attempt_and_it_shows() {
    over_each_store(|world| {
        world.backlog();
        let attempt = world.submitted();
        let theirs = json!([event("1", "attempt.created", &json!({"attempt_id": "theirs"}))]);
        world.ingest(&theirs);
        let invalidate = |token: &str, attempt: &str, body: &str| {
            let path = format!("/v1/attempts/{attempt}/invalidate");
            let token = format!("Bearer {token}");
            let headers = [("authorization", &*token), ("content-type", "application/json")];
            world.call("POST", &path, &headers, body.as_bytes())
        };
        let reason = r#"{"reason":"wrong base","more":1}"#;
        for (token, status) in [(LEGACY, 403), (&*world.token(&attempt), 403), (OPERATOR, 200)] {
            let answer = invalidate(token, attempt.as_str(), reason);
            assert_eq!(answer.status, status, "{}", answer.text);
        }
        assert_eq!(world.sent(), [Message::Stop { epoch: 1, attempt: attempt.clone() }]);
        for token in [LEGACY, OPERATOR] {
            let answer = invalidate(token, "theirs", reason);
            assert_eq!(
                (answer.status, answer.json()),
                (
                    200,
                    json!({"status": "invalidated", "attempt_id": "theirs", "invalidated": true,
                    "reason": "wrong base"})
                )
            );
        }
        for id in [attempt.as_str(), "theirs"] {
            let node = &world.read(&format!("/v1/attempts/{id}"))["attempt_node"]["properties"];
            assert_eq!(
                (&node["status"], &node["invalidation_reason"]),
                (&json!("invalidated"), &json!("wrong base"))
            );
        }
        let types = world.event_types();
        assert_eq!(types.iter().filter(|t| *t == "attempt.invalidated").count(), 2);
        let answer = invalidate(OPERATOR, "nobody", reason);
        assert_eq!(
            (answer.status, answer.json()),
            (404, json!({"detail": "Attempt nobody not found"}))
        );
        let answer = invalidate(OPERATOR, "nobody", "{}");
        assert_eq!(
            (answer.status, &answer.json()["detail"][0]["loc"]),
            (422, &json!(["body", "reason"]))
        );
    });
}
