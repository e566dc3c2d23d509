//! Whatever is done to stored bytes, `verify` finds it: any bit, any cut, any line, any commit.

use std::sync::Arc;

use bytes::Bytes;
use leviathan_core::decide::Decision;
use leviathan_core::event::NewEvent;
use leviathan_core::ports::ObjectStore as _;
use leviathan_local::MemoryStore;
use leviathan_log::{Head, Log, LogError, Report, keys};
use leviathan_tests::clock::HandClock;
use leviathan_tests::log_builders::{event, log_over, object, transaction};
use proptest::prelude::*;
use serde_json::{Value, json};

const COMMITS: usize = 4;

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

fn log(store: &Arc<MemoryStore>) -> Log {
    log_over(store.clone(), Arc::new(HandClock::default()), 1)
}

/// The stored bytes of a log of four commits with one to three events each.
fn commits() -> Vec<Vec<u8>> {
    run(async {
        let store = Arc::new(MemoryStore::new());
        let log = log(&store);
        let mut stored = Vec::new();
        for seq in 0..COMMITS {
            let sent = NewEvent {
                event_id: Some(format!("sent-{seq}")),
                actor_id: Some("worker-1".to_owned()),
                timestamp: Some("2026-11-24T12:00:00".to_owned()),
                target: Some("web".parse().unwrap()),
                ..event(&json!({ "seq": seq, "text": "ü\n" }))
            };
            let mut events = vec![event(&json!({ "seq": seq })); seq % 3];
            events.push(sent);
            let decide = move |_: &_, _: &_| Decision::new(events.clone(), ());
            log.transact(&transaction("own"), decide).await.unwrap();
            let key = keys::commit(seq as u64);
            stored.push(store.get(&key).await.unwrap().bytes.to_vec());
        }
        stored
    })
}

/// Verifies a log of these objects; `None`: there is no such object.
fn verify(objects: &[Option<Vec<u8>>], known: Option<&Head>) -> Report {
    run(async {
        let store = Arc::new(MemoryStore::new());
        for (seq, bytes) in objects.iter().enumerate() {
            if let Some(bytes) = bytes {
                let key = keys::commit(seq as u64);
                store.create(&key, Bytes::from(bytes.clone())).await.unwrap();
            }
        }
        log(&store).verify(known, |_| {}).await.unwrap()
    })
}

fn whole() -> Vec<Option<Vec<u8>>> {
    commits().into_iter().map(Some).collect()
}

fn head(objects: &[Option<Vec<u8>>]) -> Head {
    let report = verify(objects, None);
    assert_eq!(report.fault, None);
    report.head.unwrap()
}

#[test]
fn a_sound_log_is_called_sound_and_counted() {
    let objects = whole();
    let head = head(&objects);
    let report = verify(&objects, Some(&head));
    assert_eq!((report.commits, report.events, &report.fault), (4, 1 + 2 + 3 + 1, &None));
    assert_eq!(report.head, Some(head));
}

#[test]
fn an_empty_store_is_a_sound_log_unless_more_was_known() {
    let report = verify(&[], None);
    assert_eq!((report.commits, report.head, report.fault), (0, None, None));
    let known = head(&whole());
    let fault = verify(&[], Some(&known)).fault.unwrap();
    assert!(matches!(&fault, LogError::Hole { missing, .. } if *missing == keys::commit(0)));
}

#[test]
fn any_bit_that_is_another_is_found_and_the_commits_before_it_are_vouched_for() {
    let objects = whole();
    let known = head(&objects);
    for at in 0..COMMITS {
        let length = objects[at].as_ref().unwrap().len();
        for byte in 0..length {
            let mut damaged = objects.clone();
            damaged[at].as_mut().unwrap()[byte] ^= 1 << (byte % 8);
            // The newest commit is vouched for only by a head that was noted down elsewhere.
            let known = (at == COMMITS - 1).then_some(&known);
            let report = verify(&damaged, known);
            assert!(report.fault.is_some(), "commit {at}, byte {byte}");
            assert!(report.commits as usize >= at, "commit {at}, byte {byte}: {report:?}");
        }
    }
}

#[test]
fn any_cut_and_any_missing_line_is_found() {
    let objects = whole();
    for at in 0..COMMITS {
        let bytes = objects[at].clone().unwrap();
        for length in 0..bytes.len() {
            let mut damaged = objects.clone();
            damaged[at] = Some(bytes[..length].to_vec());
            assert!(verify(&damaged, None).fault.is_some(), "commit {at} cut to {length}");
        }
        let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
        for without in 0..lines.len() {
            let mut left = lines.clone();
            left.remove(without);
            let mut damaged = objects.clone();
            damaged[at] = Some(left.concat());
            assert!(verify(&damaged, None).fault.is_some(), "commit {at} without {without}");
        }
    }
}

#[test]
fn any_missing_commit_is_found_and_named() {
    let objects = whole();
    let known = head(&objects);
    for at in 0..COMMITS {
        let mut damaged = objects.clone();
        damaged[at] = None;
        // Without the newest it is a shorter log, unless somebody knows better.
        let report = verify(&damaged, (at == COMMITS - 1).then_some(&known));
        let fault = report.fault.unwrap();
        let expected = keys::commit(at as u64);
        assert!(
            matches!(&fault, LogError::Hole { missing, .. } if *missing == expected),
            "{fault}"
        );
        assert_eq!(report.commits, at as u64);
        assert!(fault.to_string().contains("Stop all writers"), "{fault}");
    }
}

#[test]
fn commits_in_another_order_are_found() {
    let objects = whole();
    for at in 0..COMMITS - 1 {
        let mut damaged = objects.clone();
        damaged.swap(at, at + 1);
        assert!(verify(&damaged, None).fault.is_some(), "{at}");
    }
}

#[test]
fn progress_is_told_in_commits() {
    let objects = whole();
    run(async {
        let store = Arc::new(MemoryStore::new());
        for (seq, bytes) in objects.into_iter().enumerate() {
            store.create(&keys::commit(seq as u64), Bytes::from(bytes.unwrap())).await.unwrap();
        }
        let mut told = Vec::new();
        log(&store).verify(None, |commits| told.push(commits)).await.unwrap();
        assert_eq!(told.last(), Some(&4));
    });
}

/// Any JSON value, not too deep.
fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-1e300..1e300).prop_map(Value::from),
        ".*".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(".*", inner, 0..4)
                .prop_map(|map| map.into_iter().collect::<Value>()),
        ]
    })
}

fn any_event() -> impl Strategy<Value = NewEvent> {
    let id = prop::option::of(".{0,20}");
    let actor = prop::option::of(".{0,20}");
    let payload = prop::collection::btree_map(".{0,9}", any_value(), 0..4);
    (id, ".{1,20}", actor, payload).prop_map(|(event_id, event_type, actor_id, payload)| NewEvent {
        event_id,
        event_type,
        actor_id,
        payload: object(&payload.into_iter().collect()),
        ..event(&Value::Null)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_is_appended_is_read_back_as_it_was(
        bundles in prop::collection::vec(prop::collection::vec(any_event(), 1..5), 1..5),
    ) {
        run(async {
            let store = Arc::new(MemoryStore::new());
            let writer = log(&store);
            let reader = log(&store);
            for bundle in &bundles {
                let events = bundle.clone();
                let decide = move |_: &_, _: &_| Decision::new(events.clone(), ());
                let commit = writer.transact(&transaction("own"), decide).await.unwrap();
                let commit = commit.commit.unwrap();
                let read = reader.read(commit.seq()).await.unwrap();
                assert_eq!(read, **commit.whole());
                for (event, sent) in read.events.iter().zip(bundle) {
                    assert_eq!(event.payload, sent.payload);
                    assert_eq!(event.event_type, sent.event_type);
                    assert_eq!(event.actor_id, sent.actor_id);
                    assert!(sent.event_id.is_none() || event.event_id == *sent.event_id.as_ref().unwrap());
                }
            }
            let report = reader.verify(None, |_| {}).await.unwrap();
            assert_eq!(report.fault, None);
            assert_eq!(*writer.view().await.unwrap(), *reader.view().await.unwrap());
        });
    }
}
