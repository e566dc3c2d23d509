//! Who backs the log up while others append and seal.

use std::sync::Arc;

use leviathan_log::{BackupError, BackupReport};

use crate::faulty_store::FaultyStore;
use crate::process::Process;

/// How one backup ended.
#[derive(Debug, Clone)]
pub(crate) struct BackedUp {
    pub(crate) owner: usize,
    /// Commits that somebody had been told of before it began.
    pub(crate) acknowledged: u64,
    /// What it says of itself; the reason, where it stopped for another than that a store did not
    /// do it.
    pub(crate) result: Result<BackupReport, String>,
}

impl Process {
    /// Backs up this many times, each time what the backup lacks.
    pub(crate) async fn copier(self, times: u64) {
        let (network, owner) = (self.shared.network.clone(), self.owner);
        let store = Arc::clone(&self.shared.backup);
        let to = Arc::new(FaultyStore { network, owner, store, name: "the backup: " });
        self.shared.history.will_back_up(owner);
        for _ in 0..times {
            self.pause(5_000).await;
            let acknowledged = self.shared.history.acknowledged();
            let copied = self.log.backup(to.clone(), None, false, |_| {}).await;
            let result = match copied {
                Ok(report) => {
                    let end = report.before + report.commits;
                    self.steps.note(owner, &format!("backed up {end} commits"));
                    Ok(report)
                }
                Err(problem) => {
                    self.steps.note(owner, &format!("no backup: {problem}"));
                    if let BackupError::Log(problem) = problem {
                        self.shared.history.failed(&self.steps, owner, problem);
                        continue;
                    }
                    if matches!(problem, BackupError::Copy(leviathan_log::CopyError::Store(_))) {
                        continue;
                    }
                    Err(problem.to_string())
                }
            };
            self.shared.history.has_backed_up(BackedUp { owner, acknowledged, result });
        }
    }
}
