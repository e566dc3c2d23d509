//! Who does the log's upkeep: a decision of its own, then whatever is due.

use crate::process::Process;

impl Process {
    /// Does so many passes.
    pub(crate) async fn ticker(self, passes: u64) {
        for _ in 0..passes {
            self.pause(3_000).await;
            drop(self.note().await);
            self.views().await;
            self.snapshot().await;
        }
    }

    async fn views(&self) {
        match self.log.write_views().await {
            Ok(written) if written.blocks > 0 => {
                let blocks = written.blocks;
                self.steps.note(self.owner, &format!("{blocks} blocks of views stand there"));
                self.shared.network.tally.count("views written");
                if written.folded_again > 0 {
                    self.shared.network.tally.count("views by folding again");
                }
            }
            Ok(_) => {}
            Err(problem) => self.shared.history.failed(&self.steps, self.owner, problem),
        }
    }

    async fn snapshot(&self) {
        let tally = &self.shared.network.tally;
        match self.log.snapshot().await {
            Ok(None) => {}
            Ok(Some(written)) => {
                self.steps.note(self.owner, &format!("{} stands there", written.key));
                tally.count(if written.was_there {
                    "snapshot was there"
                } else {
                    "snapshot written"
                });
            }
            Err(problem) => self.shared.history.failed(&self.steps, self.owner, problem),
        }
    }
}
