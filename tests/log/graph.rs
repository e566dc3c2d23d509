//! Views of the graph: what the api shows is the same whether it folded the whole log and holds all
//! of it, or began from a view and finds the rest among the others.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use leviathan_core::decide::Decision;
use leviathan_core::event::{Event, NewEvent, Principal, Role};
use leviathan_core::graph::{AttemptRow, Failure, Graph, Window};
use leviathan_core::ports::ObjectStore as _;
use leviathan_local::MemoryStore;
use leviathan_log::views::graph::{decode, prefix, start_key, start_seq, starts};
use leviathan_log::{Log, LogError, Transaction};
use leviathan_tests::clock::HandClock;
use leviathan_tests::log_builders::{log_over, object};
use serde_json::{Value, json};

/// Small enough for most of a story to leave.
const SMALL: Window = Window {
    attempts: 20,
    failures: 10,
    loose: 10,
    events_of_one: 8,
    departures: 128,
    ..Window::STANDARD
};

/// A snapshot is due so often.
const EVERY: u64 = 16;

#[derive(Clone, Default)]
struct World {
    store: Arc<MemoryStore>,
    data: Arc<MemoryStore>,
    clock: Arc<HandClock>,
}

impl World {
    fn log(&self, seed: u64) -> Log {
        log_over(self.store.clone(), self.clock.clone(), seed).with_data(self.data.clone())
    }

    fn tick(&self, seed: u64) -> Log {
        self.log(seed).keeping_snapshots_every(EVERY).showing_within(SMALL)
    }

    fn reader(&self, seed: u64) -> Log {
        self.log(seed).showing_within(SMALL)
    }

    /// A story of so many commits, and a tick that looks after each fourth.
    async fn with(commits: u64, part: impl Fn(u64) -> (Role, Vec<NewEvent>)) -> Self {
        let world = Self::default();
        let (tick, other) = (world.tick(1), world.log(2));
        for number in 0..commits {
            world.clock.advance(jiff::SignedDuration::from_secs(1));
            let (role, events) = part(number);
            let transaction = Transaction::of("story", Principal::program(role));
            let decide = move |_: &_, _: &_| Decision::new(events.clone(), ());
            other.transact(&transaction, decide).await.unwrap();
            if number % 4 == 3 {
                tick.write_views().await.unwrap();
                tick.snapshot().await.unwrap();
            }
        }
        world
    }

    /// Another data store, with what is `kept` of this one.
    async fn with_data(&self, mut kept: impl FnMut(&str) -> bool) -> Self {
        let other = Self { data: Arc::default(), ..self.clone() };
        for (key, bytes) in self.objects("").await {
            if kept(&key) {
                other.data.create(&key, bytes).await.unwrap();
            }
        }
        other
    }

    async fn objects(&self, prefix: &str) -> BTreeMap<String, Bytes> {
        let mut objects = BTreeMap::new();
        for key in self.data.list(prefix, None, 100_000).await.unwrap() {
            let bytes = self.data.get(&key).await.unwrap().bytes;
            objects.insert(key, bytes);
        }
        objects
    }

    async fn starts(&self) -> Vec<u64> {
        let keys = self.objects(&starts()).await;
        keys.keys().map(|key| start_seq(key).unwrap()).collect()
    }

    /// Every event, and what a fold of all of them shows that forgets nothing.
    async fn whole(&self) -> (Vec<Event>, Graph) {
        let (mut events, mut graph) = (Vec::new(), Graph::new(Window::ENDLESS));
        let log = self.log(7);
        for seq in 0..log.view().await.unwrap().position.next_seq() {
            for event in log.read(seq).await.unwrap().events {
                graph.apply(&event);
                events.push(event);
            }
        }
        (events, graph)
    }

    /// What this log shows is what the fold of everything shows, down to the order where `ordered`.
    async fn shows_everything(&self, log: &Log, ordered: bool, case: &str) {
        let (events, whole) = self.whole().await;
        let shown = log.shown().await.unwrap();
        assert!(shown.graph.past().first_kept() > 0, "{case}: nothing was found among the views");
        assert!(shown.graph.nodes_by_type().eq(whole.nodes_by_type()), "{case}");
        assert!(shown.graph.edges_by_type().eq(whole.edges_by_type()), "{case}");
        assert_eq!(shown.graph.events(), whole.events(), "{case}");
        assert!(shown.graph.recent().eq(whole.recent()), "{case}");
        for target in [None, Some("shop"), Some("bank"), Some("nowhere")] {
            let all = log.shown_attempts(&shown, target, usize::MAX).await.unwrap();
            let expected: Vec<AttemptRow> = whole.attempts(target).map(|(_, row)| row).collect();
            if ordered {
                assert_eq!(all, expected, "{case}: {target:?}");
                let some = log.shown_attempts(&shown, target, 33).await.unwrap();
                assert_eq!(some, expected[..33.min(expected.len())], "{case}: {target:?}");
            } else {
                assert_eq!(by_id(all), by_id(expected), "{case}: {target:?}");
            }
            let failures = log.shown_failures(&shown, target, usize::MAX).await.unwrap();
            let expected: Vec<Failure> = whole.failures(target).cloned().collect();
            assert_eq!(failures, expected, "{case}: {target:?}");
        }
        let ids: std::collections::BTreeSet<&str> =
            events.iter().filter_map(|event| event.payload.get("attempt_id")?.as_str()).collect();
        for id in ids.into_iter().chain(["never"]) {
            let found = log.shown_attempt(&shown, id).await.unwrap();
            assert_eq!(found.node.as_ref(), whole.attempt(id), "{case}: {id}");
            assert_eq!(
                found.produced.iter().collect::<Vec<_>>(),
                whole.artifacts(id),
                "{case}: {id}"
            );
            let places: Vec<u64> = found.events.iter().map(|event| event.offset).collect();
            let expected: Vec<u64> = whole.attempt_events(id).iter().map(|p| p.offset).collect();
            assert_eq!(places, expected, "{case}: {id}");
        }
        let newest = log.newest_events(&shown, 50).await.unwrap();
        assert_eq!(newest, events.into_iter().rev().take(50).collect::<Vec<_>>(), "{case}");
    }
}

fn by_id(mut rows: Vec<AttemptRow>) -> Vec<AttemptRow> {
    rows.sort_by(|a, b| a.attempt_id.cmp(&b.attempt_id));
    rows
}

fn of(event_type: &str, target: &str, payload: &Value) -> NewEvent {
    NewEvent {
        event_id: None,
        event_type: event_type.to_owned(),
        timestamp: None,
        actor_id: None,
        target: Some(target.parse().unwrap()),
        payload: object(payload),
    }
}

/// Workers of the original, one attempt after the other: created, ended, some with a pull request.
fn workers(number: u64) -> (Role, Vec<NewEvent>) {
    let target = if number.is_multiple_of(3) { "bank" } else { "shop" };
    let attempt = |event_type: &str, n: u64, more: &Value| {
        let mut payload = object(&json!({"attempt_id": format!("worker ü/{n}")}));
        payload.extend(object(more));
        of(event_type, target, &Value::Object(payload))
    };
    let task = format!("task-{number}");
    let ids = json!({"task_id": task, "target_id": target});
    let mut events = vec![
        of("task.created", target, &json!({"task_id": task, "title": "It"})),
        attempt("attempt.created", number, &ids),
        attempt("attempt.started", number, &json!({})),
    ];
    let pr =
        json!({"task_id": task, "pr_number": number, "pr_url": format!("https://forge/{number}")});
    match number % 4 {
        0 => events.push(attempt(
            "attempt.failed",
            number,
            &json!({"error_summary": "no", "target": target}),
        )),
        1 => events.extend([
            attempt("artifact.created", number, &json!({"artifact_id": format!("log-{number}")})),
            attempt("pr.created", number, &pr),
            attempt("attempt.succeeded", number, &pr),
        ]),
        2 => {
            events.push(of("task.failed", target, &json!({"reason": "gone", "target_id": target})))
        }
        _ => {}
    }
    (Role::Legacy, events)
}

/// The same, and what is said long after: a merge, a note, an end that comes late. Beside them
/// attempts of our scheduler that live long.
fn all_kinds(number: u64) -> (Role, Vec<NewEvent>) {
    let of_ours =
        |n: u64| json!({"attempt_id": format!("ours-{n}"), "task_id": "t", "target_id": "shop"});
    match number % 5 {
        4 => (Role::Tick, vec![of("attempt.created", "shop", &of_ours(number))]),
        3 if number > 60 => {
            let n = number - 59;
            (
                Role::Tick,
                vec![of("attempt.cancelled", "shop", &of_ours(n)), of("x", "shop", &of_ours(n))],
            )
        }
        2 if number > 100 => {
            let n = number - 97;
            let id = json!({"attempt_id": format!("worker ü/{n}"), "pr_number": n, "target_id": target_of(n)});
            let late = ["pr.merged", "attempt.succeeded", "attempt.invalidated", "noted"];
            let late = late[usize::try_from(number / 5 % 4).unwrap()];
            let many = (0..number % 12).map(|_| of("noted", target_of(n), &id));
            (Role::Legacy, std::iter::once(of(late, target_of(n), &id)).chain(many).collect())
        }
        _ => workers(number),
    }
}

fn target_of(n: u64) -> &'static str {
    if n.is_multiple_of(3) { "bank" } else { "shop" }
}

#[tokio::test]
async fn from_views_the_same_is_shown_as_from_the_whole_log() {
    let world = World::with(300, workers).await;
    let cold = world.reader(9);
    world.shows_everything(&cold, true, "cold").await;
    assert!(cold.cold_start().await.snapshot.is_some());
    let world = World::with(700, all_kinds).await;
    world.shows_everything(&world.reader(9), false, "late facts").await;
    // A log that shows from the middle of its life on.
    let late = world.log(10);
    late.view().await.unwrap();
    world.shows_everything(&late.showing_within(SMALL), false, "later on").await;
    let endless = log_over(world.store.clone(), world.clock.clone(), 11);
    assert_eq!(endless.shown().await.unwrap().graph, world.whole().await.1, "without data store");
}

#[tokio::test]
async fn views_of_the_graph_come_back_byte_for_byte() {
    let world = World::with(500, all_kinds).await;
    let whole = world.objects(&prefix()).await;
    let blocks: Vec<&String> = whole.keys().filter(|key| key.contains("/block/")).collect();
    assert!(blocks.len() >= 4, "{}", blocks.len());
    let newest: Vec<String> = blocks.iter().take(3).map(|key| (*key).clone()).collect();
    for case in
        ["all of it", "the newest blocks", "all but the graphs", "half of the newest blocks"]
    {
        let mut every_second = 0;
        let other = world
            .with_data(|key| {
                every_second += 1;
                let is_start = key.starts_with(&starts());
                !key.starts_with(&prefix())
                    || match case {
                        "all of it" => false,
                        "the newest blocks" => !newest.contains(&key.to_owned()),
                        "all but the graphs" => is_start,
                        _ => {
                            is_start || (!newest.contains(&key.to_owned()) && every_second % 2 == 0)
                        }
                    }
            })
            .await;
        let tick = other.tick(20);
        let written = tick.write_views().await.unwrap();
        assert!(written.folded_again > 0 || case == "the newest blocks", "{case}: {written:?}");
        let again = other.objects(&prefix()).await;
        if case == "half of the newest blocks" {
            assert!(again.iter().all(|(key, bytes)| whole[key] == *bytes), "{case}");
        } else {
            let graphs = |key: &&String| case == "all of it" && key.starts_with(&starts());
            let expected: Vec<&String> = whole.keys().filter(|key| !graphs(key)).collect();
            assert_eq!(again.keys().collect::<Vec<_>>(), expected, "{case}");
            assert!(again.iter().all(|(key, bytes)| whole[key] == *bytes), "{case}");
            world.shows_everything(&other.reader(21), false, case).await;
        }
        assert_eq!(tick.write_views().await.unwrap(), Default::default(), "{case}: once");
    }
}

/// Each graph that is there is the one that a rebuild gives.
#[tokio::test]
async fn a_graph_has_the_bytes_of_a_rebuild() {
    let world = World::with(200, all_kinds).await;
    let starts = world.starts().await;
    assert_eq!(starts, (1..=12).map(|n| n * EVERY).collect::<Vec<_>>());
    let log = world.log(7);
    let mut graph = Graph::new(SMALL);
    for seq in 0..=192 {
        log.read(seq).await.unwrap().events.iter().for_each(|event| graph.apply(event));
        if starts.contains(&seq) {
            let bytes = world.data.get(&start_key(seq)).await.unwrap().bytes;
            let (position, there) = decode(seq, &bytes).unwrap();
            assert_eq!(there.within(SMALL), graph, "{seq}");
            let again = leviathan_log::views::graph::encode(&position, &graph).unwrap();
            assert_eq!(again, bytes, "{seq}");
        }
    }
}

#[tokio::test]
async fn a_graph_that_can_not_be_used_is_passed_over_for_the_one_before_it() {
    let world = World::with(300, workers).await;
    let foreign = World::with(300, all_kinds).await;
    let newest = *world.starts().await.last().unwrap();
    let whole = world.data.get(&start_key(newest)).await.unwrap().bytes;
    let text = String::from_utf8(whole.to_vec()).unwrap();
    let body = text.lines().take(2).map(|line| format!("{line}\n")).collect::<String>();
    let sealed = |body: String| {
        let digest = leviathan_core::ids::Digest::of(body.as_bytes());
        Bytes::from(format!("{body}{{\"sha256\":\"{digest}\"}}\n"))
    };
    assert_eq!(sealed(body.clone()), whole);
    let mut flipped = whole.to_vec();
    flipped[whole.len() / 2] ^= 1;
    let theirs = foreign.data.get(&start_key(newest)).await.unwrap().bytes;
    let older = world.data.get(&start_key(newest - EVERY)).await.unwrap().bytes;
    let offset = body.replacen("\"graph_format\":1", "\"graph_format\":9", 1);
    for (what, bytes) in [
        ("gone", None),
        ("cut", Some(whole.slice(..whole.len() - 9))),
        ("flipped", Some(Bytes::from(flipped))),
        ("empty", Some(Bytes::new())),
        ("of another log", Some(theirs)),
        ("of another commit", Some(older)),
        ("of another format", Some(sealed(offset))),
        ("no graph", Some(sealed("{}\n{}\n".to_owned()))),
    ] {
        let other = world.with_data(|key| key != start_key(newest)).await;
        if let Some(bytes) = bytes {
            other.data.create(&start_key(newest), bytes).await.unwrap();
        }
        let cold = other.reader(9);
        world.shows_everything(&cold, true, what).await;
        assert_eq!(cold.cold_start().await.snapshot, Some(newest), "{what}");
    }
    let bare = world.with_data(|key| !key.starts_with(&starts())).await;
    world.shows_everything(&bare.reader(9), true, "not one graph").await;
}

/// Views that are in the way of the log's own are told, and nothing is put in their place.
#[tokio::test]
async fn other_bytes_under_a_views_name_stop_the_writer() {
    let world = World::with(100, workers).await;
    let key = start_key(*world.starts().await.last().unwrap());
    let other = world.with_data(|name| !name.starts_with("snapshots/") && name != key).await;
    other.data.create(&key, Bytes::from_static(b"{}\n")).await.unwrap();
    let tick = other.tick(3);
    tick.view().await.unwrap();
    let error = tick.snapshot().await.unwrap_err();
    assert!(matches!(&error, LogError::View { key: its, .. } if *its == key), "{error}");
    assert_eq!(tick.snapshot().await, Ok(None), "said once");
}
