//! How badly a run is treated: by chance, drawn from its seed, or by one thing at one place.

use leviathan_tests::clock::SeededEntropy;

use crate::faults::{Disturbance, Fault, Request};

/// What happens to a run.
#[derive(Debug, Clone, Default)]
pub(crate) struct Weather {
    /// Chances in 1,000 for each request that the fault can befall.
    pub(crate) faults: Vec<(Fault, u64)>,
    /// Chances in 1,000 for each step.
    pub(crate) disturbances: Vec<(Disturbance, u64)>,
    /// How far each process's clock is off, in seconds.
    pub(crate) skews: Vec<i64>,
    /// Whether somebody damages the log at the end.
    pub(crate) vandal: bool,
    /// This fault at this request, counted over all processes from 0.
    pub(crate) at_request: Option<(u64, Fault)>,
    /// And this at the request that the same process makes so many requests later.
    pub(crate) then: Option<(u64, Fault)>,
    /// This at this turn, to whoever took the step before it.
    pub(crate) at_turn: Option<(u64, Disturbance)>,
}

impl Weather {
    /// From the run's own chance, for this many processes.
    pub(crate) fn draw(chance: &SeededEntropy, processes: usize) -> Self {
        let level = |most: u64| match chance.below(3) {
            0 => 0,
            1 => chance.below(most / 3 + 1),
            _ => chance.below(most + 1),
        };
        Self {
            faults: Fault::ALL.map(|fault| (fault, level(most(fault)))).to_vec(),
            disturbances: vec![
                (Disturbance::Killed, level(12)),
                (Disturbance::Frozen, level(20)),
                (Disturbance::StoreLost, level(20)),
                (Disturbance::CallerLeaves, level(20)),
            ],
            skews: (0..processes).map(|_| skew(chance)).collect(),
            vandal: chance.chance(20),
            ..Self::default()
        }
    }

    /// The fault that befalls this request. `since`: how many requests the process has made since
    /// the chosen one.
    pub(crate) fn fault(
        &self,
        chance: &SeededEntropy,
        (at, since): (u64, Option<u64>),
        request: Request,
    ) -> Option<Fault> {
        if let Some((chosen, fault)) = self.at_request
            && chosen == at
        {
            return Some(fault);
        }
        if let Some((later, fault)) = self.then
            && since == Some(later)
            && fault.befalls(request)
        {
            return Some(fault);
        }
        let befalling = self.faults.iter().filter(|(fault, _)| fault.befalls(request));
        pick(chance, befalling)
    }

    /// What happens in this turn.
    pub(crate) fn disturbance(&self, chance: &SeededEntropy, turn: u64) -> Option<Disturbance> {
        match self.at_turn {
            Some((chosen, disturbance)) if chosen == turn => Some(disturbance),
            _ => pick(chance, self.disturbances.iter()),
        }
    }
}

fn pick<'a, T: Copy + 'a>(
    chance: &SeededEntropy,
    among: impl Iterator<Item = &'a (T, u64)>,
) -> Option<T> {
    let mut roll = chance.below(1_000);
    for (what, chance) in among {
        if roll < *chance {
            return Some(*what);
        }
        roll -= chance;
    }
    None
}

/// In 1,000 requests, in the worst weather.
fn most(fault: Fault) -> u64 {
    match fault {
        Fault::NotReached => 100,
        Fault::AnswerLost | Fault::Conflict => 200,
        Fault::StoredLate | Fault::StoredAfterNotFound | Fault::SentTwice => 100,
        Fault::ErrorBody => 50,
        Fault::StaleList => 500,
        Fault::Refused | Fault::Truncated | Fault::DeleteMarker => 15,
        Fault::StoreAhead | Fault::StoreBehind => 15,
    }
}

fn skew(chance: &SeededEntropy) -> i64 {
    let seconds = i64::try_from(chance.below(121)).expect("small") - 60;
    match chance.below(40) {
        0 => 3600 + seconds,
        1 => -3600 + seconds,
        2..20 => 0,
        _ => seconds,
    }
}
