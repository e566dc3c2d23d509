//! One run: processes come, stand still, die and come again; at the end the whole history is
//! judged. Everything follows from the seed, the scene and the weather.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use leviathan_log::Rules;

use crate::check;
use crate::event_loop::{NETWORK, Owner, Steps, Tasks};
use crate::faults::{Disturbance, Request};
use crate::figures::Figures;
use crate::process::{Process, Shared};
use crate::rollback;
use crate::spoiler;
use crate::vandal;
use crate::weather::Weather;

/// At most so many of each disturbance in a run.
const MOST_DISTURBANCES: [(Disturbance, u64); 4] = [
    (Disturbance::Killed, 3),
    (Disturbance::Frozen, 4),
    (Disturbance::StoreLost, 4),
    (Disturbance::CallerLeaves, 6),
];

/// Who takes part.
#[derive(Debug, Clone)]
pub(crate) struct Scene {
    /// With these clients and a reader each.
    pub(crate) processes: usize,
    /// In each process, at the same time.
    pub(crate) clients: u64,
    /// Of each client, one after the other.
    pub(crate) operations: u64,
    /// Of each process's reader.
    pub(crate) reads: u64,
    /// Of the one process that starts cold each time.
    pub(crate) cold_starts: u64,
    /// Processes that do the log's upkeep.
    pub(crate) tickers: usize,
    /// Of each of them.
    pub(crate) ticks: u64,
    /// Processes that seal the log, with one key.
    pub(crate) sealers: usize,
    /// Of each of them.
    pub(crate) seals: u64,
    /// Processes that back the log up.
    pub(crate) copiers: usize,
    /// Of each of them.
    pub(crate) backups: u64,
    /// Events that the log holds before anybody comes.
    pub(crate) before: u64,
    /// A snapshot is due at every so many commits.
    pub(crate) snapshot_every: u64,
    /// Whether somebody closes the log, from the first process.
    pub(crate) closes: bool,
}

/// Who runs at a place.
enum Role {
    Clients,
    Ticker,
    Sealer,
    Copier,
    ColdStarter,
}

impl Scene {
    /// For random weather: at least 4 writers, up to 4 in a process, 2 readers and 40 calls in all.
    pub(crate) fn draw(steps: &Steps) -> Self {
        let processes = 2 + usize::try_from(steps.chance.below(3)).expect("small");
        let clients = 2 + steps.chance.below(3);
        let each = 40_u64.div_ceil((clients + 1) * processes as u64);
        Self {
            processes,
            clients,
            operations: each,
            reads: each,
            cold_starts: 3,
            tickers: 1 + usize::try_from(steps.chance.below(2)).expect("small"),
            ticks: 4,
            sealers: 2 + usize::try_from(steps.chance.below(2)).expect("small"),
            seals: 3,
            copiers: usize::from(steps.chance.chance(40)),
            backups: 3,
            before: if steps.chance.below(8) == 0 { 200 + steps.chance.below(80) } else { 0 },
            snapshot_every: 3 + steps.chance.below(6),
            closes: steps.chance.below(12) == 0,
        }
    }

    /// One for each process.
    pub(crate) fn places(&self) -> usize {
        self.processes + self.tickers + self.sealers + self.copiers + 1
    }

    fn role(&self, place: usize) -> Role {
        match place {
            place if place < self.processes => Role::Clients,
            place if place < self.processes + self.tickers => Role::Ticker,
            place if place < self.processes + self.tickers + self.sealers => Role::Sealer,
            place if place < self.places() - 1 => Role::Copier,
            _ => Role::ColdStarter,
        }
    }
}

/// What a run has come to.
pub(crate) struct Ended {
    /// What is wrong; empty: nothing.
    pub(crate) problems: Vec<String>,
    pub(crate) trace: Vec<String>,
    pub(crate) figures: Figures,
    /// All requests, in their order.
    pub(crate) requests: Vec<Request>,
    /// How many steps there were.
    pub(crate) turns: u64,
}

struct World {
    shared: Shared,
    scene: Scene,
    /// The owner that each place has now; a process that comes again is another one.
    alive: Vec<Owner>,
    next_owner: Owner,
    disturbed: [u64; 4],
}

/// Runs this seed under these rules, in weather of its own.
pub(crate) fn run(seed: u64, rules: Rules) -> Ended {
    let steps = Steps::new(seed);
    let scene = Scene::draw(&steps);
    let weather = Weather::draw(&steps.chance, scene.places());
    play(steps, scene, weather, rules)
}

/// Plays this scene in this weather.
pub(crate) fn play(steps: Steps, scene: Scene, weather: Weather, rules: Rules) -> Ended {
    let shared = Shared::new(steps.clone(), weather, rules);
    let places = scene.places();
    let mut world =
        World { shared, scene, alive: vec![0; places], next_owner: 0, disturbed: [0; 4] };
    let mut tasks = Tasks::default();
    world.shared.begin_with(world.scene.before);
    for place in 0..places {
        world.start(&mut tasks, place);
    }
    let mut problems = match tasks.run(&steps, |tasks| world.disturb(tasks)) {
        Ok(()) => check::judge(&world.shared, |owner| world.skew_of(owner)),
        Err(problem) => vec![problem],
    };
    if world.shared.network.weather.vandal && problems.is_empty() {
        problems.extend(vandal::strike(&world.shared).err());
        problems.extend(spoiler::spoil(&world.shared).err());
        problems.extend(rollback::roll_back(&world.shared).err());
    }
    Ended {
        problems,
        trace: steps.trace(),
        figures: world.shared.network.tally.figures(),
        requests: world.shared.network.requests(),
        turns: steps.turn(),
    }
}

impl World {
    fn steps(&self) -> &Steps {
        &self.shared.network.steps
    }

    fn start(&mut self, tasks: &mut Tasks, place: usize) {
        let owner = self.next_owner;
        self.next_owner += 1;
        self.alive[place] = owner;
        let skew = self.shared.network.weather.skews.get(place).copied().unwrap_or_default();
        let process = Process::start(&self.shared, owner, skew);
        match self.scene.role(place) {
            Role::ColdStarter => {
                tasks.spawn(owner, process.cold_starter(self.scene.cold_starts));
            }
            Role::Ticker => {
                let process = process.keeping_snapshots(self.scene.snapshot_every);
                tasks.spawn(owner, process.ticker(self.scene.ticks));
            }
            Role::Sealer => tasks.spawn(owner, process.sealer(self.scene.seals)),
            Role::Copier => tasks.spawn(owner, process.copier(self.scene.backups)),
            Role::Clients => {
                for _ in 0..self.scene.clients {
                    tasks.spawn(owner, process.clone().client(self.scene.operations));
                }
                if self.scene.closes && place == 0 {
                    tasks.spawn(owner, process.clone().keeper());
                }
                tasks.spawn(owner, process.reader(self.scene.reads));
            }
        }
    }

    /// Before each step: what else happens in the world.
    fn disturb(&mut self, tasks: &mut Tasks) {
        for late in self.shared.network.take_late() {
            tasks.spawn(NETWORK, self.shared.network.arrive(late));
        }
        let (chance, turn) = (Arc::clone(&self.steps().chance), self.steps().turn());
        let Some(disturbance) = self.shared.network.weather.disturbance(&chance, turn) else {
            return;
        };
        let place = if self.shared.network.weather.at_turn.is_some() {
            let last = self.steps().last();
            self.alive.iter().position(|owner| *owner == last)
        } else {
            Some(usize::try_from(chance.below(self.alive.len() as u64)).expect("small"))
        };
        let Some(place) = place else { return };
        let at = MOST_DISTURBANCES.iter().position(|(of, _)| *of == disturbance).expect("all");
        if self.disturbed[at] >= MOST_DISTURBANCES[at].1 {
            return;
        }
        self.disturbed[at] += 1;
        let owner = self.alive[place];
        match disturbance {
            Disturbance::Killed => {
                self.shared.network.tally.count(disturbance.name());
                self.steps().note(owner, "is killed");
                tasks.kill(owner);
                self.start(tasks, place);
            }
            Disturbance::Frozen => {
                self.shared.network.tally.count(disturbance.name());
                self.steps().freeze(owner, self.in_seconds(60));
            }
            Disturbance::StoreLost => self.shared.network.lose_store(owner, self.in_seconds(30)),
            Disturbance::CallerLeaves => self.steps().let_caller_leave(owner),
        }
    }

    /// A time within the next so many seconds.
    fn in_seconds(&self, most: u64) -> Timestamp {
        let millis = i64::try_from(self.steps().chance.below(most * 1_000)).expect("small");
        self.steps().now().saturating_add(SignedDuration::from_millis(millis)).expect("a span")
    }

    /// How far the clock of a process was off. A place's skew stays with it, so the largest that
    /// any place has is an upper bound for those that are gone.
    fn skew_of(&self, owner: Owner) -> i64 {
        let place = self.alive.iter().position(|alive| *alive == owner);
        let skews = &self.shared.network.weather.skews;
        place.map_or_else(
            || skews.iter().copied().max_by_key(|skew| skew.abs()).unwrap_or_default(),
            |place| skews.get(place).copied().unwrap_or_default(),
        )
    }
}
