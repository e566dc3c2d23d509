//! What every URL has in common: who gets in, in which order things are checked, how errors look.

use serde_json::{Value, json};

use crate::world::{LEGACY, OPERATOR, World, over_each_store};

/// Every URL and its method.
const ROUTES: [(&str, &str); 9] = [
    ("POST", "/v1/events/ingest"),
    ("GET", "/v1/events/recent"),
    ("GET", "/v1/artifacts/e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("GET", "/v1/attempts"),
    ("GET", "/v1/attempts/some-id"),
    ("POST", "/v1/attempts/some-id/invalidate"),
    ("GET", "/v1/tasks"),
    ("GET", "/v1/graph/summary"),
    ("GET", "/v1/failures"),
];

fn authorization(world: &World, method: &str, path: &str, header: &str) -> crate::world::Answer {
    world.call(method, path, &[("authorization", header)], b"")
}

#[test]
fn health_needs_no_token_and_says_nothing_else() {
    over_each_store(|world| {
        let answer = world.call("GET", "/healthz", &[], b"");
        assert_eq!((answer.status, answer.text.as_str()), (200, r#"{"status":"ok"}"#));
    });
}

#[test]
fn without_a_bearer_token_every_route_asks_for_one() {
    over_each_store(|world| {
        for (method, path) in ROUTES {
            for header in
                [None, Some("Basic dTpw"), Some("Bearer"), Some("Bearer "), Some(OPERATOR)]
            {
                let headers: Vec<(&str, &str)> =
                    header.into_iter().map(|header| ("authorization", header)).collect();
                let answer = world.call(method, path, &headers, b"");
                let found = (answer.status, answer.json(), answer.header("www-authenticate"));
                let asks = (401, json!({"detail": "Not authenticated"}), Some("Bearer"));
                assert_eq!(found, asks, "{method} {path} {header:?}");
            }
        }
    });
}

#[test]
fn a_wrong_token_is_told_so() {
    over_each_store(|world| {
        let near = format!("Bearer {OPERATOR}x");
        let cut = format!("Bearer {}", &OPERATOR[1..]);
        for (method, path) in ROUTES {
            for header in [near.as_str(), &cut, "bearer wrong", "Bearer leviathan-attempt.a.1.9.x"]
            {
                let answer = authorization(world, method, path, header);
                assert_eq!(
                    (answer.status, answer.json(), answer.header("www-authenticate")),
                    (401, json!({"detail": "Invalid token"}), None),
                    "{method} {path} {header}"
                );
            }
        }
    });
}

#[test]
fn the_scheme_may_be_in_any_case_and_both_tokens_read() {
    over_each_store(|world| {
        for scheme in ["Bearer", "bearer", "BEARER"] {
            for token in [OPERATOR, LEGACY] {
                let header = format!("{scheme} {token}");
                assert_eq!(authorization(world, "GET", "/v1/attempts", &header).status, 200);
            }
        }
    });
}

#[test]
fn the_route_is_checked_before_the_token_and_the_token_before_the_rest() {
    over_each_store(|world| {
        for path in [
            "/",
            "/v1",
            "/v2/attempts",
            "/v1/attempts/a/b",
            "/v1/attempts/a%2Fb",
            "/v1/attempts/a%2fb",
        ] {
            let answer = world.call("GET", path, &[], b"");
            assert_eq!(
                (answer.status, answer.json()),
                (404, json!({"detail": "Not Found"})),
                "{path}"
            );
        }
        assert_eq!(world.call("GET", "/v1/attempts?limit=abc", &[], b"").status, 401);
        assert_eq!(world.call("POST", "/v1/events/ingest", &[], b"{}").status, 401);
    });
}

#[test]
fn other_methods_are_named_those_that_there_are() {
    over_each_store(|world| {
        for (path, allow, refused) in [
            ("/healthz", "GET", vec!["HEAD", "OPTIONS", "POST", "PUT", "DELETE", "PATCH"]),
            ("/v1/attempts", "GET", vec!["HEAD", "OPTIONS", "POST", "DELETE"]),
            ("/v1/events/ingest", "POST", vec!["GET", "HEAD", "OPTIONS", "PUT"]),
            ("/v1/artifacts/x", "GET, PUT", vec!["HEAD", "OPTIONS", "POST", "DELETE"]),
        ] {
            for method in refused {
                let answer = world.call(method, path, &[], b"");
                assert_eq!(
                    (answer.status, answer.header("allow")),
                    (405, Some(allow)),
                    "{method} {path}"
                );
                if method != "HEAD" {
                    assert_eq!(answer.json(), json!({"detail": "Method Not Allowed"}));
                }
            }
        }
    });
}

#[test]
fn a_trailing_slash_leads_to_the_path_without_it() {
    over_each_store(|world| {
        for (path, location) in [
            ("/healthz/", "/healthz"),
            ("/v1/attempts/?limit=3", "/v1/attempts?limit=3"),
            ("/v1/attempts/some-id/", "/v1/attempts/some-id"),
            ("/v1/events/ingest/", "/v1/events/ingest"),
        ] {
            let answer = world.call("GET", path, &[], b"");
            assert_eq!((answer.status, answer.header("location")), (307, Some(location)), "{path}");
        }
        // Nothing else is led anywhere, least of all to another host.
        for path in ["//evil.example/", "/v1/nothing/", "//"] {
            assert_eq!(world.call("GET", path, &[], b"").status, 404, "{path}");
        }
    });
}

#[test]
fn limits_are_whole_not_negative_and_capped() {
    over_each_store(|world| {
        for path in ["/v1/attempts", "/v1/events/recent", "/v1/failures", "/v1/tasks"] {
            let faults = |limit: &str| -> Value {
                let answer = world.get(&format!("{path}?limit={limit}"), OPERATOR);
                assert_eq!(answer.status, 422, "{path} {limit}");
                answer.json()["detail"].clone()
            };
            assert_eq!(
                faults("abc"),
                json!([{"type": "int_parsing", "loc": ["query", "limit"], "input": "abc",
                    "msg": "Input should be a valid integer, unable to parse string as an integer"}])
            );
            assert_eq!(
                faults("-1"),
                json!([{"type": "greater_than_equal", "loc": ["query", "limit"], "input": "-1",
                    "msg": "Input should be greater than or equal to 0", "ctx": {"ge": 0}}])
            );
            assert_eq!(world.get(&format!("{path}?limit=0"), OPERATOR).status, 200);
            assert_eq!(
                world.get(&format!("{path}?limit=99999999999999999999"), OPERATOR).status,
                200
            );
        }
        world.ingest(&json!([crate::world::event("e", "x", &json!({}))]));
        assert_eq!(world.read("/v1/events/recent?limit=0"), json!([]));
        assert_eq!(world.read("/v1/events/recent?limit=1").as_array().unwrap().len(), 1);
    });
}

#[test]
fn an_empty_log_answers_with_empty_lists() {
    over_each_store(|world| {
        assert_eq!(world.read("/v1/attempts"), json!({"attempts": [], "count": 0}));
        assert_eq!(world.read("/v1/failures"), json!({"failures": [], "count": 0}));
        assert_eq!(world.read("/v1/tasks"), json!({"tasks": [], "count": 0}));
        assert_eq!(world.read("/v1/events/recent"), json!([]));
        assert_eq!(
            world.read("/v1/attempts/nobody"),
            json!({"attempt_node": null, "events": [], "artifacts": []})
        );
        assert_eq!(
            world.read("/v1/graph/summary"),
            json!({"nodes_by_type": {}, "edges_by_type": {}, "recent_events": [],
                "total_nodes": 0, "total_edges": 0, "node_types": {}, "edge_types": {},
                "targets": 0, "total_events": 0})
        );
    });
}
