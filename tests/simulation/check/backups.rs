//! Whether a backup that was made while others appended is a beginning of the log that stands for
//! itself, as it was said to be, and whether one more run completes it.

use leviathan_log::keys;

use super::answers::Excuse;
use super::{at_once, bystander, demand, sealed};
use crate::backing_up::BackedUp;
use crate::event_loop::Owner;
use crate::process::Shared;
use crate::spoiler::objects;

pub(super) fn are_of_the_log(
    shared: &Shared,
    excused: impl Fn(Owner) -> Excuse,
) -> Result<(), String> {
    let (store, backup) = (&shared.store, &shared.backup);
    let log = objects(store, keys::EVENTS);
    let copied = objects(backup, keys::EVENTS);
    for commit in &copied {
        demand(log.contains(commit), || format!("the backup has another {}", commit.0))?;
    }
    let dense = (0..).zip(&copied).take_while(|(seq, (key, _))| *key == keys::commit(*seq)).count();
    for BackedUp { owner, acknowledged, result } in shared.history.backups() {
        match result {
            Ok(report) => {
                let end = report.before + report.commits;
                demand(end >= acknowledged && end <= dense as u64, || {
                    format!(
                        "process {owner} was told of a backup of {end} commits: {acknowledged} \
                         were acknowledged before it began, {dense} are in it"
                    )
                })?;
                shared.network.tally.count("backed up");
                if report.before > 0 && report.commits > 0 {
                    shared.network.tally.count("backup went on");
                }
            }
            Err(_) if excused(owner).was_misled => {}
            Err(problem) => return Err(format!("process {owner}: no backup: {problem}")),
        }
    }
    // Which tiles are missing is found by LIST: after an old one the next run copies the rest.
    let copiers = shared.history.copiers();
    if !copiers.iter().any(|owner| shared.network.told_an_old_list(*owner)) {
        sealed::read(backup).map_err(|problem| format!("in the backup: {problem}"))?;
        if !copied.is_empty() {
            shared.network.tally.count("backup judged before it was completed");
        }
    }
    // One more run, in peace, completes it.
    at_once(bystander(store.clone()).backup(backup.clone(), None, false, |_| {}))
        .map_err(|problem| format!("the backup can't be completed: {problem}"))?;
    let report = at_once(bystander(backup.clone()).verify(None, |_| {}));
    let fault = report.map_err(|problem| problem.to_string())?.fault;
    demand(fault.is_none(), || format!("the backup is not sound: {fault:?}"))?;
    for prefix in [keys::EVENTS, keys::TILES, keys::CHECKPOINTS] {
        demand(objects(store, prefix) == objects(backup, prefix), || {
            format!("the backup is not the log under {prefix}")
        })?;
    }
    Ok(())
}
