//! What the object-store port promises, as checks.

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;
use leviathan_core::ports::{ObjectStore, StoreError};
use tokio::sync::Barrier;

const CREATORS: usize = 16;
const ROUNDS: usize = 40;

type Store = Arc<dyn ObjectStore>;

/// Hands the names of all checks to a macro that makes tests of them.
macro_rules! checks {
    ($make_tests:ident) => {
        $make_tests! {
            what_was_created_is_read_back,
            creating_again_changes_nothing,
            of_sixteen_creators_exactly_one_wins,
            a_reader_sees_the_whole_object_or_none,
            a_missing_object_is_not_found,
            replacing_needs_nothing_before_and_leaves_the_newest,
            keys_are_listed_in_byte_order_after_a_start,
            a_list_is_cut_at_its_limit,
            a_list_names_what_was_acknowledged_before,
            keys_that_the_port_forbids_are_refused,
        }
    };
}
pub(crate) use checks;

pub(crate) async fn what_was_created_is_read_back(store: Store) {
    for (key, bytes) in [
        ("a", &b""[..]),
        ("events/00000000000000000000", b"{}\n"),
        ("deep/er/still/b", &[0, 255, 10, 13]),
        ("with blanks and ~!'\"\\", b"x"),
        ("large", &vec![7; 5 * 1024 * 1024]),
    ] {
        store.create(key, Bytes::copy_from_slice(bytes)).await.unwrap();
        assert_eq!(store.get(key).await.unwrap().bytes, bytes, "{key}");
    }
}

pub(crate) async fn creating_again_changes_nothing(store: Store) {
    store.create("a/b", Bytes::from_static(b"first")).await.unwrap();
    for again in ["second", "first"] {
        let answer = store.create("a/b", Bytes::copy_from_slice(again.as_bytes())).await;
        assert_eq!(answer, Err(StoreError::AlreadyExists { key: "a/b".to_owned() }));
    }
    assert_eq!(store.get("a/b").await.unwrap().bytes, "first");
}

pub(crate) async fn of_sixteen_creators_exactly_one_wins(store: Store) {
    exactly_one_wins(&[store]).await;
}

/// Many rounds of 16 creators at once, over one or more ways to the same store.
pub(crate) async fn exactly_one_wins<S: ObjectStore + ?Sized + 'static>(ways: &[Arc<S>]) {
    for round in 0..ROUNDS {
        let key = format!("race/{round}");
        let start = Arc::new(Barrier::new(CREATORS));
        let mut creators = Vec::new();
        for creator in 0..CREATORS {
            let (store, start) = (Arc::clone(&ways[creator % ways.len()]), Arc::clone(&start));
            let key = key.clone();
            creators.push(tokio::spawn(async move {
                start.wait().await;
                store.create(&key, Bytes::from(format!("by {creator}"))).await
            }));
        }
        let mut winners = Vec::new();
        for (creator, task) in creators.into_iter().enumerate() {
            match task.await.unwrap() {
                Ok(_) => winners.push(creator),
                Err(problem) => {
                    assert_eq!(problem, StoreError::AlreadyExists { key: key.clone() });
                }
            }
        }
        assert_eq!(winners.len(), 1, "round {round}: {winners:?}");
        let stored = ways[0].get(&key).await.unwrap().bytes;
        assert_eq!(stored, format!("by {}", winners[0]), "round {round}");
    }
}

pub(crate) async fn a_reader_sees_the_whole_object_or_none(store: Store) {
    const READERS: usize = 3;
    let whole = Bytes::from(vec![b'x'; 4 * 1024 * 1024]);
    for round in 0..12 {
        let key = format!("object/{round}");
        let start = Arc::new(Barrier::new(READERS + 1));
        let mut readers = Vec::new();
        for _ in 0..READERS {
            let (store, start) = (Arc::clone(&store), Arc::clone(&start));
            let (key, whole) = (key.clone(), whole.clone());
            readers.push(tokio::spawn(async move {
                start.wait().await;
                loop {
                    match store.get(&key).await {
                        Ok(object) => {
                            let seen = object.bytes.len();
                            assert!(object.bytes == whole, "{seen} bytes were seen");
                            return;
                        }
                        Err(StoreError::NotFound { .. }) => tokio::task::yield_now().await,
                        Err(problem) => panic!("{problem}"),
                    }
                }
            }));
        }
        start.wait().await;
        store.create(&key, whole.clone()).await.unwrap();
        for reader in readers {
            reader.await.unwrap();
        }
    }
}

pub(crate) async fn a_missing_object_is_not_found(store: Store) {
    store.create("a/b/c", Bytes::from_static(b"x")).await.unwrap();
    for key in ["x", "a", "a/b", "a/b/d", "a/b/c/d", "events/00000000000000000000"] {
        let answer = store.get(key).await;
        assert!(
            matches!(&answer, Err(StoreError::NotFound { key: named, delete_marker: false, .. })
                if named == key),
            "{answer:?}"
        );
    }
}

pub(crate) async fn replacing_needs_nothing_before_and_leaves_the_newest(store: Store) {
    for text in ["first", "second, longer", "3"] {
        store.replace("some/hint", Bytes::copy_from_slice(text.as_bytes())).await.unwrap();
        assert_eq!(store.get("some/hint").await.unwrap().bytes, text);
    }
    let keys = store.list("", None, 10).await.unwrap();
    assert_eq!(keys, ["some/hint"], "nothing else is left behind");
}

async fn fill(store: &Store, keys: &[&str]) {
    for key in keys {
        store.create(key, Bytes::from_static(b"x")).await.unwrap();
    }
}

pub(crate) async fn keys_are_listed_in_byte_order_after_a_start(store: Store) {
    // Made in no order; `-` and `.` sort before `/`, `0` after it.
    fill(&store, &["a/c", "a-b", "b", "a/b/x", "a.z", "a0", "a/b0", "B", "a/b-y"]).await;
    let all = ["B", "a-b", "a.z", "a/b-y", "a/b/x", "a/b0", "a/c", "a0", "b"];
    assert_eq!(store.list("", None, 100).await.unwrap(), all);
    for (index, key) in all.iter().enumerate() {
        assert_eq!(store.list("", Some(key), 100).await.unwrap(), all[index + 1..], "after {key}");
    }
    for (prefix, after, expected) in [
        ("a/", None, &["a/b-y", "a/b/x", "a/b0", "a/c"][..]),
        ("a/b", None, &["a/b-y", "a/b/x", "a/b0"]),
        ("a/b/", None, &["a/b/x"]),
        ("a/", Some("a/b/x"), &["a/b0", "a/c"]),
        ("a/", Some("a/b"), &["a/b-y", "a/b/x", "a/b0", "a/c"]),
        ("a/", Some("a"), &["a/b-y", "a/b/x", "a/b0", "a/c"]),
        ("a/", Some("a/b/"), &["a/b/x", "a/b0", "a/c"]),
        ("a/", Some("a/zzz"), &[]),
        ("a/", Some("b"), &[]),
        ("c", None, &[]),
        ("a/c/d", None, &[]),
    ] {
        let listed = store.list(prefix, after, 100).await.unwrap();
        assert_eq!(listed, expected, "{prefix} after {after:?}");
    }
}

pub(crate) async fn a_list_is_cut_at_its_limit(store: Store) {
    let keys: Vec<String> = (0..25).map(|number| format!("n/{number:03}")).collect();
    for key in keys.iter().rev() {
        store.create(key, Bytes::new()).await.unwrap();
    }
    let mut pages = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let page = store.list("n/", after.as_deref(), 10).await.unwrap();
        let more = page.len() == 10;
        after = page.last().cloned();
        pages.push(page);
        if !more {
            break;
        }
    }
    // Fewer than the limit means that there are no more.
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [10, 10, 5]);
    assert_eq!(pages.concat(), keys);
    assert!(store.list("n/", None, 0).await.unwrap().is_empty());
}

pub(crate) async fn a_list_names_what_was_acknowledged_before(store: Store) {
    let mut writers = Vec::new();
    for writer in 0..4 {
        let store = Arc::clone(&store);
        writers.push(tokio::spawn(async move {
            for number in 0..20 {
                let key = format!("w/{writer}-{number:02}");
                store.create(&key, Bytes::new()).await.unwrap();
                let listed = store.list("w/", None, 1_000).await.unwrap();
                let sorted: BTreeSet<&String> = listed.iter().collect();
                assert!(listed.iter().eq(sorted.iter().copied()), "sorted, each once");
                for own in 0..=number {
                    assert!(sorted.contains(&format!("w/{writer}-{own:02}")));
                }
            }
        }));
    }
    for writer in writers {
        writer.await.unwrap();
    }
}

pub(crate) async fn keys_that_the_port_forbids_are_refused(store: Store) {
    let long = "k".repeat(1_025);
    let forbidden = [
        "",
        "/",
        "/a",
        "a/",
        "a//b",
        ".",
        "..",
        "../a",
        "a/../b",
        "a/./b",
        ".writing/x",
        "a/.b",
        "a\nb",
        "a\0b",
        "ä",
        &long,
    ];
    for key in forbidden {
        let refused = |answer: Option<StoreError>| match answer {
            Some(StoreError::Refused { .. }) => {}
            other => panic!("{key:?}: {other:?}"),
        };
        refused(store.create(key, Bytes::new()).await.err());
        refused(store.replace(key, Bytes::new()).await.err());
        refused(store.get(key).await.err());
    }
    assert!(store.list("", None, 10).await.unwrap().is_empty());
}
