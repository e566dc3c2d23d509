//! An attempt's executor, from its claim to its result.

use jiff::SignedDuration;
use leviathan_core::ids::{AttemptId, Digest};
use leviathan_core::ports::{Clock as _, Message};
use serde_json::{Value, json};

use crate::world::{Answer, World, bundle, event, over_each_store};

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
