//! Proofs of single events, and what `verify` finds in tiles and checkpoints.

use std::sync::Arc;

use bytes::Bytes;
use leviathan_core::ports::{ObjectStore, Signer};
use leviathan_local::MemoryStore;
use leviathan_log::seal::{Bundle, EventName, SealFault, VerifierKey};
use leviathan_log::{Known, LogError, Report, keys};

use crate::seal::{World, copy, get, over, signer, world};

fn key(world: &World) -> VerifierKey {
    VerifierKey::new(world.signer.name(), &world.signer.public_key()).unwrap()
}

/// Sealed at 300 and at 703 events.
async fn sealed() -> World {
    let world = world();
    world.append(300).await;
    world.seal().await.unwrap().unwrap();
    world.append(403).await;
    world.seal().await.unwrap().unwrap();
    world
}

async fn report(world: &World, key: Option<VerifierKey>) -> Report {
    let known = Known { key, ..Known::default() };
    world.cold().verify_with(&known, |_| {}).await.unwrap()
}

#[tokio::test]
async fn each_event_is_proven_and_a_changed_bundle_is_not_believed() {
    let (world, key) = {
        let world = sealed().await;
        let key = key(&world);
        (world, key)
    };
    let log = world.cold();
    for offset in [0, 1, 255, 256, 511, 512, 702] {
        let bundle = log.prove(&key, &EventName::Offset(offset)).await.unwrap();
        let proven = bundle.check(&key).unwrap();
        assert_eq!((proven.event.offset, proven.checkpoint.size), (offset, 703));
        let by_id = EventName::Id(proven.event.event_id.clone());
        assert_eq!(log.prove(&key, &by_id).await.unwrap(), bundle);
        let text = serde_json::to_string(&bundle).unwrap();
        assert_eq!(serde_json::from_str::<Bundle>(&text).unwrap(), bundle);
        let other = VerifierKey::new("other/log", &signer().public_key()).unwrap();
        assert!(bundle.check(&other).is_err());
        for (from, to) in [("test.noted", "test.noteD"), ("\"n\":", "\"m\":")] {
            let event = bundle.event.replacen(from, to, 1);
            assert!(Bundle { event, ..bundle.clone() }.check(&key).is_err());
        }
        for (at, _) in bundle.proof.char_indices() {
            let mut proof = bundle.proof.clone();
            proof.remove(at);
            assert!(Bundle { proof, ..bundle.clone() }.check(&key).is_err(), "without byte {at}");
        }
    }
}

#[tokio::test]
async fn what_is_not_there_or_not_sealed_is_told_so() {
    let world = sealed().await;
    let key = key(&world);
    world.append(1).await;
    let log = world.cold();
    for name in ["703", "9999"] {
        let error = log.prove(&key, &name.into()).await.unwrap_err();
        assert!(matches!(error, LogError::Seal(SealFault::NotSealed { .. })), "{error}");
    }
    for name in ["nobody", "3-777", "99-0", ""] {
        let error = log.prove(&key, &name.into()).await.unwrap_err();
        assert!(matches!(error, LogError::Seal(SealFault::NoEvent(_))), "{name}: {error}");
    }
}

#[tokio::test]
async fn a_proof_is_at_most_seven_gets() {
    let world = sealed().await;
    let key = key(&world);
    let log = world.cold();
    for name in ["5", "0-5", "300", "3-1", "702"] {
        world.counter.take();
        log.prove(&key, &name.into()).await.unwrap();
        let requests = world.counter.take();
        assert!(requests.gets <= 7 && requests.lists == 0 && requests.puts == 0, "{requests:?}");
    }
}

#[tokio::test]
async fn a_sound_log_is_sound_with_its_seal_and_from_a_trusted_checkpoint_on() {
    let world = sealed().await;
    world.append(3).await;
    let found = report(&world, Some(key(&world))).await;
    assert_eq!(found.fault, None);
    assert_eq!((found.events, found.checkpoints), (706, 2));
    assert_eq!(found.sealed.map(|checkpoint| checkpoint.size), Some(703));
    let since = world.cold().checkpoint(&key(&world), 300).await.unwrap();
    let known = Known { since: Some(since), key: Some(key(&world)), ..Known::default() };
    world.counter.take();
    let found = world.cold().verify_with(&known, |_| {}).await.unwrap();
    assert_eq!((found.fault, found.checkpoints), (None, 1));
    assert!(world.counter.take().gets < 40, "not the log, only what came after");
}

async fn damage(world: &World, key: &str, change: impl Fn(&mut Vec<u8>)) {
    let mut bytes = get(&world.store, key).await.to_vec();
    change(&mut bytes);
    world.store.replace(key, Bytes::from(bytes)).await.unwrap();
}

#[tokio::test]
async fn each_tampered_object_is_found_with_its_own_error() {
    for tile in [
        "tile/0/000",
        "tile/0/001.p/44",
        "tile/0/002.p/191",
        "tile/1/000.p/1",
        "tile/1/000.p/2",
        "tile/entries/000",
        "tile/entries/001.p/44",
        "tile/entries/002.p/191",
    ] {
        let world = sealed().await;
        damage(&world, tile, |bytes| bytes[7] ^= 1).await;
        match report(&world, None).await.fault {
            Some(LogError::Seal(SealFault::Tile { key, .. })) if key == tile => {}
            other => panic!("{tile}: {other:?}"),
        }
    }
    for size in [300, 703] {
        let world = sealed().await;
        // The signature alone: only who has the key sees it.
        damage(&world, &keys::checkpoint(size), |bytes| {
            let at = bytes.len() - 30;
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        })
        .await;
        assert_eq!(report(&world, None).await.fault, None);
        let fault = report(&world, Some(key(&world))).await.fault;
        assert!(matches!(fault, Some(LogError::Seal(SealFault::Checkpoint { .. }))), "{fault:?}");
    }
    let world = sealed().await;
    world.store.create("tile/notes.txt", Bytes::new()).await.unwrap();
    let fault = report(&world, None).await.fault;
    assert!(matches!(fault, Some(LogError::Seal(SealFault::Foreign { .. }))), "{fault:?}");
    let world = sealed().await;
    damage(&world, &keys::commit(2), |bytes| {
        let at = bytes.len() - 90;
        bytes[at] ^= 1;
    })
    .await;
    let fault = report(&world, None).await.fault;
    assert!(matches!(fault, Some(LogError::Damaged { .. })), "{fault:?}");
}

/// The same commits but for the last ones.
async fn with_commits(world: &World, commits: u64) -> World {
    let other = over(Arc::new(MemoryStore::new()));
    for prefix in [keys::TILES, keys::CHECKPOINTS, keys::CHECKPOINT] {
        copy(&world.store, &other.store, prefix).await;
    }
    for seq in 0..commits {
        copy(&world.store, &other.store, &keys::commit(seq)).await;
    }
    other
}

#[tokio::test]
async fn a_truncated_log_a_forked_log_and_a_missing_tile_are_found() {
    let world = sealed().await;
    let cut = with_commits(&world, 6).await;
    match report(&cut, Some(key(&world))).await.fault {
        Some(LogError::Seal(SealFault::Shorter { sealed: 703, .. })) => {}
        other => panic!("{other:?}"),
    }
    // Its history from commit 3 on is another one, as long as before; so that no tile tells.
    let forked = over(Arc::new(MemoryStore::new()));
    copy(&world.store, &forked.store, keys::CHECKPOINTS).await;
    for seq in 0..3 {
        copy(&world.store, &forked.store, &keys::commit(seq)).await;
    }
    forked.append(403).await;
    match report(&forked, Some(key(&world))).await.fault {
        Some(LogError::Seal(SealFault::Forked { .. })) => {}
        other => panic!("{other:?}"),
    }
    let since = world.cold().checkpoint(&key(&world), 703).await.unwrap();
    let known = Known { since: Some(since), ..Known::default() };
    let found = forked.cold().verify_with(&known, |_| {}).await.unwrap();
    assert!(matches!(found.fault, Some(LogError::Seal(SealFault::Forked { .. }))));
    let lost = over(Arc::new(MemoryStore::new()));
    for key in world.store.list("", None, 1_000).await.unwrap() {
        if key != "tile/1/000.p/2" {
            copy(&world.store, &lost.store, &key).await;
        }
    }
    match report(&lost, Some(key(&world))).await.fault {
        Some(LogError::Seal(SealFault::Tile { key, .. })) if key == "tile/1/000.p/2" => {}
        other => panic!("{other:?}"),
    }
}
