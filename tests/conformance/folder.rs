//! What only a folder can get wrong: dead writers' leavings, links, a crowded directory.

use std::fs::{self, File, FileTimes};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use leviathan_core::ports::{ObjectStore as _, StoreError};
use leviathan_local::FolderStore;

#[tokio::test]
async fn what_a_dead_writer_left_is_removed_when_it_is_old() {
    let folder = tempfile::tempdir().unwrap();
    drop(FolderStore::open(folder.path()).unwrap());
    let writing = folder.path().join(".writing");
    let old = writing.join("0123456789abcdef-0");
    let young = writing.join("0123456789abcdef-1");
    fs::write(&old, "half an obj").unwrap();
    fs::write(&young, "half an obj").unwrap();
    let long_ago = SystemTime::now() - Duration::from_secs(2 * 60 * 60);
    let file = File::options().write(true).open(&old).unwrap();
    file.set_times(FileTimes::new().set_modified(long_ago)).unwrap();
    let store = FolderStore::open(folder.path()).unwrap();
    assert!(!old.exists(), "two hours old: its writer is dead");
    assert!(young.exists(), "its writer may be alive");
    assert!(store.list("", None, 10).await.unwrap().is_empty(), "neither is an object");
}

#[tokio::test]
async fn only_the_newest_of_one_prefix_are_kept_where_that_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let store = FolderStore::open(folder.path()).unwrap();
    for key in ["snapshots/1/064", "snapshots/1/128", "snapshots/1/192", "snapshots/2/064", "x"] {
        store.create(key, Bytes::new()).await.unwrap();
    }
    assert_eq!(store.keep_newest("snapshots/1/", 3).await, Ok(0));
    assert_eq!(store.keep_newest("snapshots/1/", 2).await, Ok(1));
    assert_eq!(
        store.list("", None, 10).await.unwrap(),
        ["snapshots/1/128", "snapshots/1/192", "snapshots/2/064", "x"]
    );
    let reader = FolderStore::read_only(folder.path());
    assert!(matches!(reader.keep_newest("x", 0).await, Err(StoreError::Refused { .. })));
}

#[tokio::test]
async fn nothing_is_left_behind_by_those_who_live() {
    let folder = tempfile::tempdir().unwrap();
    let store = FolderStore::open(folder.path()).unwrap();
    store.create("a", Bytes::from_static(b"1")).await.unwrap();
    store.create("a", Bytes::from_static(b"2")).await.unwrap_err();
    store.replace("a", Bytes::from_static(b"3")).await.unwrap();
    assert_eq!(fs::read_dir(folder.path().join(".writing")).unwrap().count(), 0);
}

#[tokio::test]
async fn a_key_can_be_no_object_where_a_folder_stands_and_no_folder_where_an_object_stands() {
    let folder = tempfile::tempdir().unwrap();
    let store = FolderStore::open(folder.path()).unwrap();
    store.create("a/b", Bytes::new()).await.unwrap();
    for key in ["a", "a/b/c"] {
        let answer = store.create(key, Bytes::new()).await;
        assert!(matches!(answer, Err(StoreError::Refused { .. })), "{key}: {answer:?}");
        let answer = store.replace(key, Bytes::new()).await;
        assert!(matches!(answer, Err(StoreError::Refused { .. })), "{key}: {answer:?}");
    }
}

#[test]
fn a_folder_that_can_not_be_made_is_refused_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let problem = FolderStore::open(file.join("store")).unwrap_err().to_string();
    assert!(problem.contains("must be one that this program may write"), "{problem}");
}

/// The log's folder holds 100,000 commits some day; a LIST near its end must stay cheap.
#[tokio::test]
async fn a_crowded_folder_is_listed_from_its_end() {
    const COMMITS: u32 = 20_000;
    let folder = tempfile::tempdir().unwrap();
    let store = FolderStore::open(folder.path()).unwrap();
    let events = folder.path().join("events");
    fs::create_dir(&events).unwrap();
    let key = |seq: u32| format!("events/{seq:020}");
    for seq in 0..COMMITS {
        File::create(folder.path().join(key(seq))).unwrap();
    }
    let last = store.list("events/", Some(&key(COMMITS - 3)), 10).await.unwrap();
    assert_eq!(last, [key(COMMITS - 2), key(COMMITS - 1)]);
    let first = store.list("events/", None, 3).await.unwrap();
    assert_eq!(first, [key(0), key(1), key(2)]);
}
