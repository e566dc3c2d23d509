//! Each rule of the projection, in events and what is then shown.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::event::{Principal, Role};
use crate::ids::Digest;

/// Folds `(role, type, target of the bundle, payload)` in order.
fn fold(events: &[(Role, &str, &str, Value)]) -> Graph {
    let mut graph = Graph::new(Window::ENDLESS);
    apply(&mut graph, events);
    graph
}

fn apply(graph: &mut Graph, events: &[(Role, &str, &str, Value)]) {
    for (index, (role, event_type, target, payload)) in events.iter().enumerate() {
        let offset = index as u64;
        graph.apply(&Event {
            offset,
            seq: offset / 2,
            recorded_at: format!("2026-05-01T12:00:{:02}Z", index % 60).parse().unwrap(),
            event_id: format!("event-number-{index}"),
            event_type: (*event_type).to_owned(),
            timestamp: format!("2026-05-01T10:{:02}:00", index % 60),
            actor_id: None,
            principal: Principal { role: *role, name: None },
            target: target.parse().ok(),
            payload: payload.as_object().unwrap().clone(),
            hash: String::new(),
        });
    }
}

fn held(graph: &Graph) -> impl Iterator<Item = (&NodeKey, &Node)> {
    graph.nodes.by_key.values().map(|held| (&held.key, &held.node))
}

fn is_within(attempts: &Attempts, window: &Window) -> bool {
    let all = || attempts.by_id.values();
    let live = all().filter(|attempt| attempt.is_live()).count();
    let bytes: u64 = all().map(|attempt| attempt.bytes()).sum();
    let listed = attempts.by_target.values().map(std::collections::BTreeSet::len).sum::<usize>();
    attempts.bytes == bytes
        && attempts.order.len() == attempts.by_id.len()
        && listed <= attempts.by_id.len()
        && attempts.by_id.len() <= window.attempts.max(live)
        && all().all(|attempt| !attempt.is_large(window))
}

fn legacy(events: &[(&str, Value)]) -> Graph {
    let events: Vec<_> = events
        .iter()
        .map(|(kind, payload)| (Role::Legacy, *kind, "shop", payload.clone()))
        .collect();
    fold(&events)
}

fn status(graph: &Graph, attempt: &str) -> String {
    graph.attempt(attempt).unwrap().text("status").to_owned()
}

#[test]
fn a_task_and_its_attempt_hang_together() {
    let graph = legacy(&[
        ("target.registered", json!({"target_id": "shop", "name": "shop"})),
        ("task.created", json!({"task_id": "fix", "target_id": "shop", "title": "Fix it"})),
        ("attempt.created", json!({"attempt_id": "a1", "task_id": "fix", "target_id": "shop"})),
        ("artifact.created", json!({"attempt_id": "a1", "artifact_id": "log", "sha256": "00"})),
        ("pr.created", json!({"attempt_id": "a1", "pr_number": 4, "pr_url": "https://forge/4"})),
        ("something.else", json!({"attempt_id": "a1"})),
    ]);
    let nodes: Vec<_> = graph.nodes_by_type().collect();
    assert_eq!(
        nodes,
        [("Target", 1), ("Task", 1), ("Attempt", 1), ("Artifact", 1), ("PullRequest", 1)]
    );
    assert_eq!(graph.edges_by_type().collect::<Vec<_>>(), [("DEPENDS_ON", 2), ("PRODUCED", 2)]);
    let produced: Vec<_> = graph.artifacts("a1").iter().map(|node| &node.node_id).collect();
    assert_eq!(produced, ["log", "pr-4"]);
    let places: Vec<_> = graph.attempt_events("a1").iter().map(|place| place.offset).collect();
    assert_eq!(places, [2, 3, 4, 5]);
    assert_eq!(graph.recent().next().unwrap().event_type, "something.else");
    let pull_request = graph.artifacts("a1")[1];
    assert_eq!(pull_request.text("title"), "Fix it", "by way of the attempt's task");
    assert_eq!(pull_request.text("state"), "open");
}

#[test]
fn pull_requests_are_named_by_number_then_url_then_event() {
    let id = |payload: Value| {
        let graph = legacy(&[("pr.created", payload.clone())]);
        held(&graph).next().unwrap().0.node_id.clone()
    };
    assert_eq!(id(json!({"pr_number": 12, "pr_url": "u"})), "pr-12");
    let by_url: String = Digest::of(b"u").as_str().chars().take(12).collect();
    assert_eq!(id(json!({"pr_url": "u"})), format!("pr-{by_url}"));
    assert_eq!(id(json!({"pr_number": null, "pr_url": "u"})), format!("pr-{by_url}"));
    assert_eq!(id(json!({"pr_url": ""})), "pr-event-number");
}

#[test]
fn equal_ids_of_two_targets_are_two_nodes() {
    let graph = fold(&[
        (Role::Legacy, "task.created", "shop", json!({"task_id": "fix"})),
        (Role::Legacy, "task.created", "bank", json!({"task_id": "fix"})),
        (Role::Legacy, "pr.created", "shop", json!({"pr_number": 1})),
        (Role::Legacy, "pr.created", "bank", json!({"pr_number": 1})),
        (Role::Legacy, "task.created", "bank", json!({"task_id": "fix", "title": "again"})),
    ]);
    assert_eq!(graph.nodes_by_type().collect::<Vec<_>>(), [("Task", 2), ("PullRequest", 2)]);
}

#[test]
fn an_attempt_goes_its_way_and_is_not_reset() {
    let created = ("attempt.created", json!({"attempt_id": "a", "task_id": "t"}));
    let steps: &[(&[(&str, Value)], &str)] = &[
        (&[], "created"),
        (&[("attempt.started", json!({"attempt_id": "a"}))], "running"),
        (&[("attempt.started", json!({"attempt_id": "a"})), created.clone()], "running"),
        (&[("attempt.checked", json!({"attempt_id": "a"}))], "publishing"),
        (&[("attempt.failed", json!({"attempt_id": "a", "status": "failed"}))], "failed"),
        (
            &[
                ("attempt.failed", json!({"attempt_id": "a"})),
                ("attempt.started", json!({"attempt_id": "a"})),
            ],
            "failed",
        ),
        (
            &[
                ("attempt.succeeded", json!({"attempt_id": "a", "pr_url": "u"})),
                ("attempt.failed", json!({"attempt_id": "a"})),
            ],
            "succeeded",
        ),
        (
            &[
                ("attempt.succeeded", json!({"attempt_id": "a"})),
                ("attempt.invalidated", json!({"attempt_id": "a", "reason": "wrong"})),
            ],
            "invalidated",
        ),
    ];
    for (events, expected) in steps {
        let mut all = vec![created.clone()];
        all.extend_from_slice(events);
        let graph = legacy(&all);
        assert_eq!(status(&graph, "a"), *expected, "{events:?}");
        assert_eq!(graph.nodes_by_type().collect::<Vec<_>>(), [("Attempt", 1)]);
    }
    assert!(legacy(&[("attempt.started", json!({"attempt_id": "a"}))]).attempt("a").is_none());
}

#[test]
fn a_worker_of_the_original_changes_nothing_about_our_attempt() {
    let created = json!({"attempt_id": "a", "task_id": "t", "target_id": "shop"});
    let graph = fold(&[
        (Role::Tick, "attempt.created", "shop", created.clone()),
        (Role::Legacy, "attempt.failed", "shop", json!({"attempt_id": "a", "error": "no"})),
        (Role::Legacy, "attempt.created", "shop", json!({"attempt_id": "a", "task_id": "other"})),
        (Role::Attempt, "attempt.started", "shop", json!({"attempt_id": "a", "pod_uid": "p"})),
    ]);
    assert_eq!(status(&graph, "a"), "running");
    let node = graph.attempt("a").unwrap();
    assert_eq!(node.text("task_id"), "t");
    assert_eq!(node.text("started_at"), "2026-05-01T10:03:00");
    assert_eq!(graph.attempt_events("a").len(), 4, "shown all the same");
}

#[test]
fn what_happens_to_tasks_and_pull_requests_shows() {
    let task = |events: &[(&str, Value)]| {
        let mut all = vec![("task.created", json!({"task_id": "t", "title": "Old"}))];
        all.extend_from_slice(events);
        let graph = legacy(&all);
        let (_, node) = held(&graph).next().unwrap();
        (node.text("status").to_owned(), node.text("title").to_owned())
    };
    let says = |status: &str, title: &str| (status.to_owned(), title.to_owned());
    assert_eq!(task(&[]), says("pending", "Old"));
    assert_eq!(
        task(&[("task.updated", json!({"task_id": "t", "title": "New"}))]),
        says("pending", "New")
    );
    assert_eq!(task(&[("task.completed", json!({"task_id": "t"}))]), says("completed", "Old"));
    assert_eq!(
        task(&[("task.completed", json!({"task_id": "t", "status": "failed"}))]),
        says("failed", "Old")
    );
    assert_eq!(
        task(&[
            ("task.blocked", json!({"task_id": "t", "reason": "r"})),
            ("task.unblocked", json!({"task_id": "t"}))
        ]),
        says("pending", "Old")
    );

    let graph = legacy(&[
        ("pr.created", json!({"pr_number": 1})),
        ("pr.created", json!({"pr_number": 2})),
        ("pr.merged", json!({"pr_number": 1})),
        ("pr.closed", json!({"pr_number": 2})),
    ]);
    let states: Vec<_> = held(&graph).map(|(_, node)| node.text("state")).collect();
    assert_eq!(states, ["merged", "closed"]);
}

#[test]
fn attempts_are_listed_newest_first_and_by_target() {
    let graph = fold(&[
        (
            Role::Legacy,
            "attempt.created",
            "shop",
            json!({"attempt_id": "late", "created_at": "2026-05-01T09:00:00Z"}),
        ),
        (
            Role::Legacy,
            "attempt.created",
            "bank",
            json!({"attempt_id": "early", "created_at": "2026-05-01T10:30:00+02:00"}),
        ),
        (
            Role::Legacy,
            "attempt.created",
            "shop",
            json!({"attempt_id": "later", "created_at": "2026-05-01T09:30:00"}),
        ),
        (
            Role::Legacy,
            "attempt.succeeded",
            "shop",
            json!({"attempt_id": "late", "pr_url": "u", "pr_number": 3}),
        ),
    ]);
    let ids = |target, limit| -> Vec<String> {
        graph.attempts(target).take(limit).map(|(_, row)| row.attempt_id).collect()
    };
    assert_eq!(ids(None, 10), ["later", "late", "early"]);
    assert_eq!(ids(None, 1), ["later"]);
    assert_eq!(ids(Some("shop"), 10), ["later", "late"]);
    assert!(ids(Some("none"), 10).is_empty());
    let (_, late) = graph.attempts(Some("shop")).nth(1).unwrap();
    assert_eq!((late.pr_url.as_deref(), &late.pr_number), (Some("u"), &json!(3)));
    assert_eq!(late.timestamp, "2026-05-01T09:00:00+00:00");
}

#[test]
fn failures_tell_what_the_event_or_the_attempt_knows() {
    let graph = fold(&[
        (
            Role::Tick,
            "attempt.created",
            "shop",
            json!({"attempt_id": "a", "task_id": "t", "target_id": "shop"}),
        ),
        (
            Role::Attempt,
            "attempt.failed",
            "shop",
            json!({"attempt_id": "a", "error_summary": "tests fail", "failure_type": "invariant_failed"}),
        ),
        (
            Role::Legacy,
            "task.failed",
            "shop",
            json!({"task_id": "u", "reason": "gone", "target": "bank"}),
        ),
        (Role::Legacy, "attempt.failed", "shop", json!({"attempt_id": "b"})),
    ]);
    let shown: Vec<_> = graph
        .failures(None)
        .map(|f| {
            (f.attempt_id.as_deref(), f.task_id.as_deref(), f.target.as_deref(), f.error.as_deref())
        })
        .collect();
    assert_eq!(
        shown,
        [
            (Some("b"), None, None, None),
            (None, Some("u"), Some("bank"), Some("gone")),
            (Some("a"), Some("t"), Some("shop"), Some("tests fail")),
        ]
    );
    assert_eq!(graph.failures(Some("bank")).count(), 1);
}

fn any_event() -> impl Strategy<Value = (Role, &'static str, &'static str, Value)> {
    let kinds = prop::sample::select(vec![
        "target.registered",
        "task.created",
        "task.updated",
        "task.completed",
        "task.removed",
        "attempt.created",
        "attempt.started",
        "attempt.checked",
        "attempt.succeeded",
        "attempt.failed",
        "attempt.invalidated",
        "artifact.created",
        "pr.created",
        "pr.merged",
        "x",
    ]);
    let scalar = prop_oneof![
        Just(json!(null)),
        Just(json!("")),
        Just(json!("one")),
        Just(json!("two")),
        Just(json!(3)),
        Just(json!(1.5)),
        Just(json!({"a": []})),
        Just(json!("2026-01-01")),
    ];
    let keys = prop::sample::select(vec![
        "target_id",
        "task_id",
        "attempt_id",
        "artifact_id",
        "pr_number",
        "pr_url",
        "status",
        "created_at",
        "created_by",
        "completed_at",
        "title",
        "error",
    ]);
    let payload = prop::collection::btree_map(keys, scalar, 0..6);
    let role = prop::sample::select(vec![Role::Tick, Role::Attempt, Role::Legacy, Role::Operator]);
    (role, kinds, prop::sample::select(vec!["shop", "bank", ""]), payload)
        .prop_map(|(role, kind, target, payload)| (role, kind, target, json!(payload)))
}

proptest! {
    #[test]
    fn counts_are_what_is_there(events in prop::collection::vec(any_event(), 0..40)) {
        let graph = fold(&events);
        let mut nodes: BTreeMap<&str, u64> = BTreeMap::new();
        for (key, _) in held(&graph) {
            *nodes.entry(key.node_type.as_str()).or_default() += 1;
        }
        let listed: Vec<_> = graph.attempts(None).map(|(_, row)| row).collect();
        if !listed.is_empty() {
            nodes.insert("Attempt", listed.len() as u64);
        }
        prop_assert_eq!(graph.nodes_by_type().collect::<BTreeMap<_, _>>(), nodes);
        prop_assert_eq!(graph.events(), events.len() as u64);
        prop_assert!(graph.recent().count() <= SUMMARY_EVENTS);
        for row in listed {
            let node = graph.attempt(&row.attempt_id).unwrap();
            prop_assert_eq!(node.text("status"), row.status);
        }
    }

    #[test]
    fn the_same_events_again_add_no_node_and_no_edge(events in prop::collection::vec(any_event(), 0..20)) {
        // Without an id of its own a pull request takes its event's, so it is another one each time.
        let named: Vec<_> = events.into_iter().filter(|(_, kind, _, _)| !kind.starts_with("pr.")).collect();
        let once = fold(&named);
        let twice = fold(&[named.clone(), named].concat());
        prop_assert_eq!(once.nodes_by_type().collect::<Vec<_>>(), twice.nodes_by_type().collect::<Vec<_>>());
        prop_assert_eq!(once.edges_by_type().collect::<Vec<_>>(), twice.edges_by_type().collect::<Vec<_>>());
    }

    /// What leaves, with what stays, is what there was; and a graph is its own bytes.
    #[test]
    fn nothing_is_lost_on_leaving(events in prop::collection::vec(any_event(), 0..60)) {
        let whole = fold(&events);
        let mut graph = Graph::new(SMALL);
        apply(&mut graph, &events);
        prop_assert_eq!(graph.events(), whole.events());
        prop_assert!(graph.recent().eq(whole.recent()));
        prop_assert_eq!(graph.past().first_kept(), 0, "none of so few were views");
        let mut places: BTreeMap<String, Vec<u64>> = BTreeMap::new();
        let mut failures = 0;
        for (_, departure) in graph.past().newest() {
            match departure {
                Departure::Attempt(aged) => places
                    .entry(aged.attempt_id().to_owned())
                    .or_default()
                    .extend(aged.events().iter().map(|place| place.offset)),
                Departure::Failure(_) => failures += 1,
            }
        }
        prop_assert_eq!(failures + graph.failures(None).count(), whole.failures(None).count());
        for id in ["one", "two"] {
            let mut found = places.remove(id).unwrap_or_default();
            found.extend(graph.attempt_events(id).iter().map(|place| place.offset));
            let expected: Vec<u64> = whole.attempt_events(id).iter().map(|p| p.offset).collect();
            prop_assert_eq!(found, expected, "each place once, in order");
        }
        prop_assert!(is_within(&graph.attempts, &SMALL));

        let bytes = serde_json::to_vec(&graph).unwrap();
        let read: Graph = serde_json::from_slice(&bytes).unwrap();
        let read = read.within(SMALL);
        prop_assert_eq!(serde_json::to_vec(&read).unwrap(), bytes);
        prop_assert_eq!(read, graph);
    }
}

/// A window in which two attempts are too many.
const SMALL: Window = Window {
    attempts: 1,
    events_of_one: 3,
    failures: 2,
    loose: 2,
    departures: 128,
    ..Window::STANDARD
};

fn ours(number: u32) -> (Role, &'static str, &'static str, Value) {
    let id = format!("a{number}");
    (Role::Tick, "attempt.created", "shop", json!({"attempt_id": id, "task_id": "t"}))
}

fn ends(number: u32) -> (Role, &'static str, &'static str, Value) {
    (Role::Tick, "attempt.cancelled", "shop", json!({"attempt_id": format!("a{number}")}))
}

#[test]
fn an_attempt_of_ours_stays_until_it_has_ended() {
    let mut graph = Graph::new(SMALL);
    apply(&mut graph, &[ours(1), ours(2), ours(3)]);
    assert_eq!(graph.attempts(None).count(), 3);
    assert_eq!(graph.past().departed(), 0);
    let mut graph = Graph::new(SMALL);
    apply(&mut graph, &[ours(1), ours(2), ours(3), ends(2)]);
    let left: Vec<_> = graph.past().newest().map(|(_, departure)| departure.row()).collect();
    assert!(matches!(&left[..], [Row::Attempt { row, .. }] if row.attempt_id == "a2"), "{left:?}");
    assert_eq!(graph.nodes_by_type().collect::<Vec<_>>(), [("Attempt", 3)], "it counts on");
}

#[test]
fn what_an_attempt_produced_leaves_with_it() {
    let artifact = |id: &str, attempt: &str| {
        let payload = json!({"attempt_id": attempt, "artifact_id": id, "sha256": "00"});
        (Role::Attempt, "artifact.created", "shop", payload)
    };
    let mut graph = Graph::new(SMALL);
    apply(
        &mut graph,
        &[
            ours(1),
            artifact("mine", "a1"),
            artifact("both", "a1"),
            ours(2),
            artifact("both", "a2"),
            ends(1),
        ],
    );
    let (_, departure) = graph.past().newest().next().unwrap();
    let Departure::Attempt(aged) = departure else { panic!("{departure:?}") };
    let produced: Vec<_> = aged.produced().iter().map(|node| node.node_id.as_str()).collect();
    assert_eq!(produced, ["mine", "both"]);
    let here: Vec<_> = held(&graph).map(|(key, _)| key.node_id.as_str()).collect();
    assert_eq!(here, ["both"], "the other attempt still holds it");
}

#[test]
fn what_is_named_again_after_it_left_leaves_again() {
    let said = |kind| (Role::Legacy, kind, "shop", json!({"attempt_id": "a1"}));
    let mut graph = Graph::new(SMALL);
    apply(
        &mut graph,
        &[ours(1), ends(1), ours(2), ends(2), said("x"), ours(3), ends(3), ours(4), ends(4)],
    );
    let rows: Vec<_> = graph.past().newest().map(|(_, departure)| departure.row()).collect();
    assert!(matches!(&rows[0], Row::Attempt { row, .. } if row.attempt_id == "a1"), "{rows:?}");
    let later = Row::Later { attempt_id: "a1".to_owned() };
    assert!(rows.contains(&later), "{rows:?}");
}

#[test]
fn nobody_is_newer_than_when_it_was_recorded() {
    let payload = json!({"attempt_id": "x", "created_at": "9999-01-01T00:00:00Z"});
    let later = json!({"attempt_id": "a1", "created_at": "2026-05-01T12:00:01Z"});
    let kind = "attempt.created";
    let graph = fold(&[(Role::Legacy, kind, "shop", payload), (Role::Legacy, kind, "shop", later)]);
    let ids: Vec<_> = graph.attempts(None).map(|(_, row)| row.attempt_id).collect();
    assert_eq!(ids, ["a1", "x"]);
}
