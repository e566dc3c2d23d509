//! A log in which nothing happens, as the tick keeps it: one heartbeat every quarter of an hour, each
//! with a checkpoint of its own.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::SignedDuration;
use leviathan_core::event::Role;
use leviathan_core::ports::Signer as _;
use leviathan_local::forge::LocalForge;
use leviathan_local::queue::channel_queue;
use leviathan_local::{FileSigner, MemoryStore};
use leviathan_log::artifacts::Artifacts;
use leviathan_log::seal::VerifierKey;
use leviathan_log::{Known, Log};
use leviathan_tests::clock::HandClock;
use leviathan_tests::log_builders::{log_over, note, transaction};
use leviathan_tick::{Pass, Seal, Tick};
use tempfile::TempDir;

struct World {
    clock: Arc<HandClock>,
    log: Arc<Log>,
    tick: Tick,
    signer: Arc<FileSigner>,
    _folder: TempDir,
}

fn world() -> World {
    let folder = TempDir::new().unwrap();
    let clock = Arc::new(HandClock::default());
    let store = Arc::new(MemoryStore::new());
    let log = Arc::new(log_over(store.clone(), clock.clone(), 1));
    let signer = Arc::new(FileSigner::open_or_make(&folder.path().join("key")).unwrap());
    let tick = Tick {
        log: log.clone(),
        forge: Arc::new(LocalForge::new(folder.path().join("forge"), clock.clone())),
        queue: Arc::new(channel_queue().0),
        artifacts: Artifacts::new(store),
        clock: clock.clone(),
        organisation_policy: None,
        stand_ins: BTreeMap::new(),
        read: Default::default(),
        seal: Some(Seal { signer: signer.clone(), second: None }),
    };
    World { clock, log, tick, signer, _folder: folder }
}

impl World {
    async fn passes(&self, passes: u64, apart: SignedDuration) -> Vec<Pass> {
        let mut done = Vec::new();
        for _ in 0..passes {
            self.clock.advance(apart);
            done.push(self.tick.run(false).await.unwrap());
        }
        done
    }
}

#[tokio::test]
async fn an_empty_log_stays_empty() {
    let world = world();
    let passes = world.passes(3, SignedDuration::from_mins(20)).await;
    assert!(passes.iter().all(|pass| !pass.appended && !pass.report.heartbeat));
    assert_eq!(world.log.view().await.unwrap().position.seq, None);
}

#[tokio::test]
async fn silence_is_sealed_every_quarter_of_an_hour() {
    let world = world();
    world.log.transact(&transaction("own"), |_, _| note(1)).await.unwrap();
    let began = world.log.view().await.unwrap();
    // A tick each minute, for an hour and a bit.
    let passes = world.passes(62, SignedDuration::from_mins(1)).await;
    let beats: Vec<usize> =
        (1..).zip(&passes).filter(|(_, pass)| pass.report.heartbeat).map(|(at, _)| at).collect();
    assert_eq!(beats, [15, 30, 45, 60]);
    assert!(passes.iter().all(|pass| !pass.appended), "nothing for whoever waits for news");

    let sealed: Vec<_> = passes.iter().filter_map(|pass| pass.upkeep.checkpoint.as_ref()).collect();
    let sizes: Vec<u64> = sealed.iter().map(|checkpoint| checkpoint.size).collect();
    assert_eq!(sizes, [1, 2, 3, 4, 5], "the first event, then each heartbeat");
    assert!(sealed.windows(2).skip(1).all(|pair| {
        pair[1].recorded_at.duration_since(pair[0].recorded_at) == SignedDuration::from_mins(15)
    }));

    let end = world.log.view().await.unwrap();
    let event = &world.log.read(end.position.seq.unwrap()).await.unwrap().events[0];
    assert_eq!((event.event_type.as_str(), event.principal.role), ("log.heartbeat", Role::Tick));
    assert_eq!(end.position.min_reader, 1, "an older program may go on");
    let counted = leviathan_core::state::State { events: 5, ..began.state.clone() };
    assert_eq!(end.state, counted, "no decision can depend on it");
    let key = VerifierKey::new(world.signer.name(), &world.signer.public_key()).unwrap();
    let known = Known { key: Some(key), ..Known::default() };
    let report = world.log.verify_with(&known, |_| ()).await.unwrap();
    assert_eq!((report.fault, report.checkpoints), (None, 5));
}

#[tokio::test]
async fn what_happens_puts_the_heartbeat_off() {
    let world = world();
    for number in 0..4 {
        world.log.transact(&transaction("own"), move |_, _| note(number)).await.unwrap();
        let passes = world.passes(14, SignedDuration::from_mins(1)).await;
        assert!(passes.iter().all(|pass| !pass.report.heartbeat));
    }
    assert_eq!(world.log.view().await.unwrap().state.events, 4);
}
