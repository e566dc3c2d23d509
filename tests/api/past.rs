//! An attempt that left the state is answered for, and still a person's to invalidate.

use leviathan_core::ports::Clock as _;
use leviathan_tests::past;
use serde_json::json;

use crate::world::{LEGACY, OPERATOR, over_each_store};

#[test]
fn an_attempt_that_left_the_state_is_shown_and_can_be_invalidated() {
    over_each_store(|world| {
        let target = "old".parse().unwrap();
        let now = world.clock.now();
        world.wait(async {
            past::begin(&world.log, &target, "/srv/old", now).await;
            past::cancelled(&world.log, &target, 1..701, now).await;
        });
        let id = past::attempt_id(&target, 1);
        let state = world.wait(world.log.view()).unwrap().state.clone();
        assert!(!state.attempts.contains_key(&id), "it aged");

        let path = format!("/v1/attempts/{id}");
        let status = || world.read(&path)["attempt_node"]["properties"]["status"].clone();
        assert_eq!(status(), "cancelled");
        let listed = world.read("/v1/attempts?limit=1000");
        assert_eq!(listed["count"], 700);

        let body = json!({ "reason": "by mistake" }).to_string();
        let invalidate = |token: &str| {
            let bearer = format!("Bearer {token}");
            let headers =
                [("authorization", bearer.as_str()), ("content-type", "application/json")];
            world.call("POST", &format!("{path}/invalidate"), &headers, body.as_bytes())
        };
        let refused = invalidate(LEGACY);
        assert_eq!(refused.status, 403, "it is the scheduler's: {}", refused.text);
        let events = || world.wait(world.log.view()).unwrap().state.events;
        let before = events();
        assert_eq!(invalidate(OPERATOR).status, 200);
        assert_eq!(status(), "invalidated");
        assert_eq!(invalidate(OPERATOR).status, 200);
        assert_eq!(events(), before + 1, "the same again is nothing new");
    });
}
