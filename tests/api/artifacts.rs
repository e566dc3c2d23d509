//! Bytes by their digest.

use leviathan_core::ids::Digest;
use serde_json::json;

use crate::world::{LEGACY, OPERATOR, bundle, event, over_each_store};

#[test]
fn what_is_stored_comes_back_and_runs_in_no_browser() {
    over_each_store(|world| {
        let bytes = b"<script>alert(1)</script>\0\n";
        for token in [OPERATOR, LEGACY, OPERATOR] {
            let answer = world.put_artifact(token, bytes, "");
            assert_eq!(
                (answer.status, answer.json()),
                (200, json!({"sha256": Digest::of(bytes), "size": bytes.len(), "status": "ok"}))
            );
        }
        let answer = world.get(&format!("/v1/artifacts/{}", Digest::of(bytes)), OPERATOR);
        assert_eq!((answer.status, answer.text.as_bytes()), (200, &bytes[..]));
        assert_eq!(answer.header("content-type"), Some("application/octet-stream"));
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert!(world.commits().is_empty(), "a person's artifact is nobody's event");
    });
}

#[test]
fn only_its_own_digest_names_an_artifact() {
    over_each_store(|world| {
        let headers = [("authorization", &*format!("Bearer {OPERATOR}"))];
        let other = Digest::of(b"other");
        let answer = world.call("PUT", &format!("/v1/artifacts/{other}"), &headers, b"bytes");
        assert_eq!(
            (answer.status, &answer.json()["detail"][0]["loc"]),
            (422, &json!(["path", "sha256"]))
        );
        let answer = world.get(&format!("/v1/artifacts/{other}"), OPERATOR);
        assert_eq!(
            (answer.status, answer.json()),
            (404, json!({"detail": format!("Artifact {other} not found")}))
        );
        for name in ["x", "..", "%2e%2e", &other.as_str().to_uppercase(), &other.as_str()[1..]] {
            let answer = world.get(&format!("/v1/artifacts/{name}"), OPERATOR);
            assert!(matches!(answer.status, 404 | 422), "{name}: {}", answer.status);
        }
    });
}

#[test]
fn an_attempts_artifact_is_recorded_once() {
    over_each_store(|world| {
        world.backlog();
        let attempt = world.submitted();
        let token = world.token(&attempt);
        let query = "?kind=log&name=work.log";
        let answer = world.put_artifact(&token, b"a log", query);
        assert_eq!(
            (answer.status, &answer.json()["code"]),
            (409, &json!("out_of_order")),
            "no claim yet"
        );
        let claim = json!({"attempt_id": attempt, "pod_uid": "p", "status": "running"});
        world.post(&token, &bundle(&json!([event("c", "attempt.started", &claim)])));

        for query in
            ["", "?kind=log", "?kind=LOG&name=a", "?kind=log&name=", "?kind=log&name=a%0Ab"]
        {
            assert_eq!(world.put_artifact(&token, b"a log", query).status, 422, "{query}");
        }
        let before = world.commits().len();
        for _ in 0..3 {
            assert_eq!(world.put_artifact(&token, b"a log", query).status, 200);
        }
        assert_eq!(world.commits().len(), before + 1);
        let shown = world.read(&format!("/v1/attempts/{attempt}"));
        let properties = &shown["artifacts"][0]["properties"];
        assert_eq!(
            (&properties["sha256"], &properties["size_bytes"], &properties["artifact_type"]),
            (&json!(Digest::of(b"a log")), &json!(5), &json!("log"))
        );
    });
}
