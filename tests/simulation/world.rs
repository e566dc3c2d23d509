//! One run: the seed draws the weather, processes come, stand still, die and come again; at the
//! end the whole history is judged.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use leviathan_core::ports::ObjectStore as _;
use leviathan_local::MemoryStore;
use leviathan_log::{Log, Rules, Writer};
use leviathan_tests::clock::SeededEntropy;

use crate::check;
use crate::event_loop::{NETWORK, Owner, Steps, Tasks};
use crate::faulty_store::{FaultyStore, Late};
use crate::history::History;
use crate::process::{Process, SkewedClock};
use crate::vandal;
use crate::weather::{Figures, Weather};

const CLIENTS: usize = 2;
const OPERATIONS: u64 = 4;
const READS: u64 = 4;
const MOST_KILLS: usize = 3;
const MOST_FREEZES: usize = 4;
const MOST_OUTAGES: usize = 4;

/// What a run has come to.
pub(crate) struct Ended {
    pub(crate) verdict: Result<(), String>,
    pub(crate) trace: Vec<String>,
    pub(crate) figures: Figures,
}

struct World {
    steps: Steps,
    weather: Arc<Weather>,
    store: Arc<MemoryStore>,
    history: History,
    rules: Rules,
    /// The owner that each process has now; a process that comes again is another one.
    alive: Vec<Owner>,
    next_owner: Owner,
    kills: usize,
    freezes: usize,
    outages: usize,
}

/// Runs this seed under these rules.
pub(crate) fn run(seed: u64, rules: Rules) -> Ended {
    let steps = Steps::new(seed);
    let processes = 2 + usize::try_from(steps.chance.below(3)).expect("small");
    let weather = Arc::new(Weather::draw(&steps.chance, processes));
    let mut world = World {
        steps,
        weather,
        store: Arc::new(MemoryStore::new()),
        history: History::default(),
        rules,
        alive: vec![0; processes],
        next_owner: 0,
        kills: 0,
        freezes: 0,
        outages: 0,
    };
    let mut tasks = Tasks::default();
    for place in 0..processes {
        world.start(&mut tasks, place);
    }
    let steps = world.steps.clone();
    let mut verdict = tasks.run(&steps, |tasks| world.disturb(tasks));
    if verdict.is_ok() {
        verdict = world.judge();
    }
    Ended { verdict, trace: steps.trace(), figures: world.history.figures() }
}

impl World {
    fn start(&mut self, tasks: &mut Tasks, place: usize) {
        let owner = self.next_owner;
        self.next_owner += 1;
        self.alive[place] = owner;
        let skew = SignedDuration::from_secs(self.weather.skews[place]);
        self.steps.note(owner, &format!("starts, its clock {} s off", skew.as_secs()));
        let store = FaultyStore {
            steps: self.steps.clone(),
            owner,
            weather: Arc::clone(&self.weather),
            store: Arc::clone(&self.store),
            history: self.history.clone(),
        };
        let log = Log::new(
            Arc::new(store),
            Arc::new(SkewedClock { steps: self.steps.clone(), owner, skew }),
            Arc::new(SeededEntropy::new(self.steps.chance.next())),
            Writer { program: format!("process-{owner}"), version: "0".to_owned() },
        );
        let process = Process {
            steps: self.steps.clone(),
            owner,
            log: Arc::new(log.with_rules(self.rules)),
            history: self.history.clone(),
        };
        for _ in 0..CLIENTS {
            tasks.spawn(owner, process.clone().client(OPERATIONS));
        }
        tasks.spawn(owner, process.reader(READS));
    }

    /// Before each step: what else happens in the world.
    fn disturb(&mut self, tasks: &mut Tasks) {
        for late in self.history.take_late() {
            tasks.spawn(NETWORK, self.arrive(late));
        }
        let chance = Arc::clone(&self.steps.chance);
        let place = usize::try_from(chance.below(self.alive.len() as u64)).expect("small");
        let owner = self.alive[place];
        let weather = &self.weather;
        if self.kills < MOST_KILLS && chance.below(1_000) < weather.kills {
            self.kills += 1;
            self.history.count("process killed");
            self.steps.note(owner, "is killed");
            tasks.kill(owner);
            self.start(tasks, place);
        } else if self.freezes < MOST_FREEZES && chance.below(1_000) < weather.freezes {
            self.freezes += 1;
            self.history.count("process frozen");
            self.steps.freeze(owner, self.in_seconds(60));
        } else if self.outages < MOST_OUTAGES && chance.below(1_000) < weather.outages {
            self.outages += 1;
            self.history.lose_store(&self.steps, owner, self.in_seconds(30));
        }
    }

    /// A time within the next so many seconds.
    fn in_seconds(&self, most: u64) -> Timestamp {
        let millis = i64::try_from(self.steps.chance.below(most * 1_000)).expect("small");
        self.steps.now().saturating_add(SignedDuration::from_millis(millis)).expect("a span")
    }

    /// A write that was given up arrives late, or never.
    fn arrive(&self, late: Late) -> impl Future<Output = ()> + Send + 'static {
        let (steps, history) = (self.steps.clone(), self.history.clone());
        let store = Arc::clone(&self.store);
        let most = if steps.chance.chance(50) { 100 } else { 20_000 };
        let millis = i64::try_from(steps.chance.below(most)).expect("small");
        let never = steps.chance.chance(25);
        async move {
            let Late { key, bytes } = late;
            let label = format!("PUT {key} arrives late{}", if never { ": lost" } else { "" });
            steps.step(NETWORK, label, SignedDuration::from_millis(millis)).await;
            let what = if never {
                "late, and never came"
            } else if store.create(&key, bytes).await.is_ok() {
                history.count("commit stored");
                "stored late"
            } else {
                "late, and another was there"
            };
            history.count(what);
        }
    }

    fn judge(&self) -> Result<(), String> {
        check::history(&self.history, &self.store, |owner| self.skew_of(owner))?;
        if self.weather.vandal {
            vandal::strike(&self.steps, &self.history, &self.store, self.rules)?;
        }
        Ok(())
    }

    /// How far the clock of a process was off. A place's skew stays with it, so the largest that
    /// any place has is an upper bound for those that are gone.
    fn skew_of(&self, owner: Owner) -> i64 {
        let place = self.alive.iter().position(|alive| *alive == owner);
        let skews = &self.weather.skews;
        place.map_or_else(
            || skews.iter().copied().max_by_key(|skew| skew.abs()).unwrap_or_default(),
            |place| skews[place],
        )
    }
}
