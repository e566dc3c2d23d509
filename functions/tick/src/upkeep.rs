//! What the tick does for the log itself, after each pass. Each step is for later readers: one that
//! fails is logged, delays only itself, and the next pass tries it again.

use leviathan_log::snapshot::Written;

use crate::Tick;

/// What the upkeep of one pass did.
#[derive(Debug, Default)]
pub struct Upkeep {
    /// The snapshot that was written, if one was due.
    pub snapshot: Option<Written>,
}

impl Tick {
    /// Every step, in order.
    pub(crate) async fn upkeep(&self) -> Upkeep {
        Upkeep { snapshot: self.write_snapshot().await }
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
}
