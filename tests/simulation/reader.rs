//! Who reads: a reader that goes on from where it was, and one that starts cold each time.

use crate::history::Seen;
use crate::process::{Process, WINDOW};

impl Process {
    /// Looks this many times, and keeps what it has read.
    pub(crate) async fn reader(self, reads: u64) {
        for _ in 0..reads {
            self.pause(3_000).await;
            let begun = self.shared.history.moment();
            let result = self.log.view().await.map(Seen::View);
            self.shared.history.has_read(&self.steps, self.owner, begun, result);
        }
    }

    /// Starts this many times and looks once each time.
    pub(crate) async fn cold_starter(self, starts: u64) {
        for _ in 0..starts {
            self.pause(5_000).await;
            let begun = self.shared.history.moment();
            let log = self.cold_log().showing_within(WINDOW);
            let result = log.view().await.map(Seen::View);
            self.shared.network.tally.count("cold start");
            if log.cold_start().await.snapshot.is_some() {
                self.shared.network.tally.count("cold start from a snapshot");
            }
            self.shared.history.has_read(&self.steps, self.owner, begun, result);
            if let Ok(shown) = log.shown().await {
                self.shared.history.was_shown(&self.steps, self.owner, shown.graph.clone());
            }
        }
    }
}
