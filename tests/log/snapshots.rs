//! Snapshots: who writes which, and that a cold reader never believes one that it should not.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use leviathan_core::ports::ObjectStore;
use leviathan_core::state::STATE_FORMAT;
use leviathan_local::MemoryStore;
use leviathan_log::hint::{Hint, HintedSnapshot};
use leviathan_log::{Log, LogError, keys, snapshot};
use leviathan_tests::clock::HandClock;
use leviathan_tests::log_builders::{log_over, note, transaction};

/// A log and its data store, in memory.
#[derive(Clone, Default)]
struct World {
    store: Arc<MemoryStore>,
    data: Arc<MemoryStore>,
    clock: Arc<HandClock>,
}

impl World {
    /// With so many commits, and the snapshots that a tick would have made on the way.
    async fn with(commits: u64) -> Self {
        let world = Self::default();
        world.append(1, commits).await;
        world
    }

    fn log(&self, seed: u64) -> Log {
        log_over(self.store.clone(), self.clock.clone(), seed).with_data(self.data.clone())
    }

    /// Another process appends, writing snapshots as a tick does.
    async fn append(&self, seed: u64, commits: u64) {
        let tick = self.log(seed).keeping_snapshots();
        for number in 0..commits {
            tick.transact(&transaction("own"), move |_, _| note(number)).await.unwrap();
            tick.snapshot().await.unwrap();
        }
    }

    async fn snapshots(&self) -> Vec<u64> {
        let keys = self.data.list(keys::SNAPSHOTS, None, 1_000).await.unwrap();
        keys.iter().map(|key| keys::snapshot_seq(key).unwrap().1).collect()
    }

    async fn put(&self, key: &str, bytes: impl Into<Bytes>) {
        self.data.replace(key, bytes.into()).await.unwrap();
    }

    async fn bytes(&self, seq: u64) -> Vec<u8> {
        self.data.get(&key(seq)).await.unwrap().bytes.to_vec()
    }

    /// A copy without the data store, or without some of it.
    async fn without(&self, gone: impl Fn(&str) -> bool) -> Self {
        let other =
            Self { store: self.store.clone(), clock: self.clock.clone(), ..Self::default() };
        for key in self.data.list("", None, 1_000).await.unwrap() {
            if !gone(&key) {
                other.put(&key, self.data.get(&key).await.unwrap().bytes).await;
            }
        }
        other
    }

    /// A cold reader: from which snapshot it began and what it passed over. What it knows then must
    /// be what the whole log says.
    async fn cold(&self) -> (Option<u64>, Vec<String>) {
        let reader = self.log(9);
        let view = reader.view().await.unwrap();
        let whole = log_over(self.store.clone(), self.clock.clone(), 8);
        assert_eq!(*view, *whole.view().await.unwrap());
        let start = reader.cold_start().await;
        let why = start.passed_over.into_iter().map(|over| format!("{}: {}", over.key, over.why));
        (start.snapshot, why.collect())
    }
}

fn key(seq: u64) -> String {
    keys::snapshot(STATE_FORMAT, seq)
}

fn hint(head: u64, state_format: u32, seq: u64) -> Bytes {
    Hint::new(1, head, Some(HintedSnapshot { state_format, seq })).encode()
}

#[tokio::test]
async fn a_tick_writes_one_at_each_multiple_of_64_and_the_hint_names_the_newest() {
    let world = World::with(140).await;
    assert_eq!(world.snapshots().await, [64, 128]);
    let bytes = world.data.get(keys::HINT).await.unwrap().bytes;
    let snapshot = Some(HintedSnapshot { state_format: STATE_FORMAT, seq: 128 });
    assert_eq!(Hint::decode(&bytes), Ok(Hint::new(1, 128, snapshot)));
    assert_eq!(world.cold().await, (Some(128), vec![]));
}

#[tokio::test]
async fn who_was_not_asked_to_writes_none() {
    let world = World::default();
    let other = world.log(1);
    for number in 0..66 {
        other.transact(&transaction("own"), move |_, _| note(number)).await.unwrap();
        assert_eq!(other.snapshot().await, Ok(None));
    }
    assert_eq!(world.data.list("", None, 10).await.unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn a_tick_that_starts_late_writes_the_newest_one_that_it_passes() {
    let world = World::default();
    for number in 0..140 {
        world.log(1).transact(&transaction("own"), move |_, _| note(number)).await.unwrap();
    }
    let tick = world.log(2).keeping_snapshots();
    assert_eq!(tick.snapshot().await, Ok(None), "it has read nothing yet");
    tick.view().await.unwrap();
    let written = tick.snapshot().await.unwrap().unwrap();
    assert_eq!((written.seq, written.was_there), (128, false));
    assert_eq!(tick.snapshot().await, Ok(None), "written once");
    assert_eq!(world.snapshots().await, [128]);
}

#[tokio::test]
async fn two_ticks_write_the_same_bytes_and_the_second_is_content() {
    let world = World::with(63).await;
    let (one, two) = (world.log(2).keeping_snapshots(), world.log(3).keeping_snapshots());
    world.log(4).transact(&transaction("own"), |_, _| note(1)).await.unwrap();
    world.log(4).transact(&transaction("own"), |_, _| note(2)).await.unwrap();
    one.view().await.unwrap();
    two.view().await.unwrap();
    assert!(!one.snapshot().await.unwrap().unwrap().was_there);
    assert!(two.snapshot().await.unwrap().unwrap().was_there);
}

#[tokio::test]
async fn other_bytes_under_the_same_name_are_told_with_the_first_difference() {
    let world = World::with(60).await;
    let foreign = World::default();
    foreign.append(77, 65).await;
    world.append(1, 5).await;
    let mut other = snapshot::decode(64, &world.bytes(64).await).unwrap();
    other.state.targets.insert("shop".parse().unwrap(), target());
    for (there, why) in [
        (Bytes::from_static(b"cut"), "cut off or changed"),
        (
            Bytes::from(foreign.bytes(64).await),
            "it is of another log: its commit 64 has the digest",
        ),
        (snapshot::encode(&other).unwrap(), "targets.shop: {\"name\":\"shop\""),
    ] {
        let planted = world.without(|_| true).await;
        let tick = planted.log(3).keeping_snapshots();
        tick.view().await.unwrap();
        planted.put(&key(64), there).await;
        let error = tick.snapshot().await.unwrap_err();
        assert!(matches!(&error, LogError::Snapshot { key, .. } if key.ends_with("64")), "{error}");
        assert!(error.to_string().contains(why), "{error}");
        assert_eq!(tick.snapshot().await, Ok(None), "said once");
    }
}

fn target() -> leviathan_core::state::Target {
    leviathan_core::state::Target {
        name: "shop".to_owned(),
        repository: "/shop".to_owned(),
        default_branch: "main".to_owned(),
        synced: None,
        problem: None,
        tasks: BTreeMap::new(),
        pull_requests: BTreeMap::new(),
        last_pull_request: 0,
        forgotten: 0,
    }
}

#[tokio::test]
async fn a_snapshot_that_can_not_be_used_is_passed_over_for_the_one_before_it() {
    let world = World::with(140).await;
    let whole = world.bytes(128).await;
    let cut = whole[..whole.len() - 9].to_vec();
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 1;
    let older = world.bytes(64).await;
    let other_format = String::from_utf8(whole).unwrap();
    let other_format = other_format.replacen("\"state_format\":1", "\"state_format\":7", 1);
    for (what, bytes, why) in [
        ("cut", cut, "cut off or changed"),
        ("flipped", flipped, "cut off or changed"),
        ("empty", Vec::new(), "cut off or changed"),
        ("of another commit", older, "it is of commit 64, not of 128"),
        ("resealed by nobody", other_format.into_bytes(), "cut off or changed"),
    ] {
        let damaged = world.without(|name| name == key(128)).await;
        damaged.put(&key(128), bytes).await;
        let (from, passed) = damaged.cold().await;
        assert_eq!(from, Some(64), "{what}");
        assert_eq!(passed.len(), 1, "{what}: {passed:?}");
        assert!(passed[0].starts_with(&key(128)) && passed[0].contains(why), "{what}: {passed:?}");
    }
}

#[tokio::test]
async fn a_hint_that_can_not_be_used_costs_a_list() {
    let world = World::with(140).await;
    for (what, bytes, passed) in [
        ("gone", None, None),
        ("no hint", Some(Bytes::from_static(b"{}")), Some("cut off or changed")),
        ("of another format", Some(hint(139, 9, 128)), Some("state format is not 1")),
        ("of one that is gone", Some(hint(139, STATE_FORMAT, 132)), Some("it is not there")),
    ] {
        let other = world.without(|name| name == keys::HINT).await;
        if let Some(bytes) = bytes {
            other.put(keys::HINT, bytes).await;
        }
        let (from, over) = other.cold().await;
        assert_eq!(from, Some(128), "{what}: {over:?}");
        assert_eq!(over.len(), usize::from(passed.is_some()), "{what}: {over:?}");
        assert!(passed.is_none_or(|why| over[0].contains(why)), "{what}: {over:?}");
    }
}

#[tokio::test]
async fn an_old_hint_costs_more_reading_and_nothing_else() {
    let world = World::with(140).await;
    world.put(keys::HINT, hint(70, STATE_FORMAT, 64)).await;
    assert_eq!(world.cold().await, (Some(64), vec![]));
}

#[tokio::test]
async fn without_one_usable_snapshot_the_whole_log_is_read() {
    let world = World::with(140).await.without(|_| false).await;
    for seq in [64, 128] {
        world.put(&key(seq), "damaged").await;
    }
    let (from, passed) = world.cold().await;
    assert_eq!((from, passed.len()), (None, 2), "{passed:?}");
    assert_eq!(world.without(|_| true).await.cold().await, (None, vec![]));
}

/// Two logs that are the same up to a point and other ones from there: the second one's snapshots
/// speak of commits that the first does not have.
#[tokio::test]
async fn a_snapshot_of_another_log_is_not_believed_whatever_follows_it() {
    for commits in [129, 130, 140] {
        let world = World::with(commits).await;
        let foreign = World::with(0).await;
        foreign.append(77, 130).await;
        let planted = world.without(|name| name == keys::HINT).await;
        let planted = planted.without(|name| name >= key(128).as_str()).await;
        planted.put(&key(128), foreign.bytes(128).await).await;
        planted.put(keys::HINT, hint(128, STATE_FORMAT, 128)).await;
        let (from, passed) = planted.cold().await;
        assert_eq!(from, Some(64), "{commits}: {passed:?}");
        assert!(passed[0].contains("has another digest"), "{commits}: {passed:?}");
    }
}

/// Right digest, wrong place: somebody made it, or two versions were mixed.
#[tokio::test]
async fn a_snapshot_whose_position_is_not_that_of_its_commit_is_not_believed() {
    for commits in [129, 130] {
        let world = World::with(commits).await;
        let mut view = snapshot::decode(128, &world.bytes(128).await).unwrap();
        view.position.offset += 1;
        view.state.events += 1;
        world.put(&key(128), snapshot::encode(&view).unwrap()).await;
        let (from, passed) = world.cold().await;
        assert_eq!(from, Some(64), "{commits}: {passed:?}");
        assert!(passed[0].contains("position is not that of"), "{commits}: {passed:?}");
    }
}

/// The other way round: the commit after a sound snapshot was replaced. That is no snapshot's fault.
#[tokio::test]
async fn a_replaced_commit_behind_a_sound_snapshot_stops_the_reader() {
    let world = World::with(129).await;
    let forged = World::with(0).await;
    forged.append(77, 130).await;
    let bytes = forged.store.get(&keys::commit(129)).await.unwrap().bytes;
    world.store.create(&keys::commit(129), bytes).await.unwrap();
    let reader = world.log(9);
    for _ in 0..2 {
        let answer = reader.view().await;
        assert!(
            matches!(&answer, Err(LogError::Damaged { key, .. }) if *key == keys::commit(129)),
            "{answer:?}"
        );
    }
}
