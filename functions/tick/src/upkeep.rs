//! What the tick does for the log itself, after each pass. Each step is for later readers: one that
//! fails is logged, delays only itself, and the next pass tries it again.

use leviathan_log::snapshot::Written;
use leviathan_log::views::ViewsWritten;

use crate::Tick;

/// What the upkeep of one pass did.
#[derive(Debug, Default)]
pub struct Upkeep {
    /// The snapshot that was written, if one was due.
    pub snapshot: Option<Written>,
    /// The views that were written.
    pub views: ViewsWritten,
}

impl Tick {
    /// Every step, in order.
    pub(crate) async fn upkeep(&self) -> Upkeep {
        Upkeep { views: self.write_views().await, snapshot: self.write_snapshot().await }
    }

    /// The snapshot of each multiple of 64 commits, and the hint that names it (DECISIONS 8).
    async fn write_snapshot(&self) -> Option<Written> {
        match self.log.snapshot().await {
            Ok(written) => written,
            Err(error) => {
                tracing::error!("no snapshot was written: {error}");
                None
            }
        }
    }

    /// What left the state, before a snapshot forgets it (DECISIONS 4).
    async fn write_views(&self) -> ViewsWritten {
        self.log.write_views().await.unwrap_or_else(|error| {
            tracing::error!("views are not complete: {error}");
            ViewsWritten::default()
        })
    }
}
