//! What the tick does for the log itself, after each pass. Each step is for later readers: one that
//! fails is logged, delays only itself, and the next pass tries it again.

use std::sync::Arc;

use leviathan_core::ports::{ObjectStore, Signer};
use leviathan_log::seal::Checkpoint;
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
    /// The checkpoint that was written, if something was new.
    pub checkpoint: Option<Checkpoint>,
}

/// What checkpoints are signed with, and where else they are kept (DECISIONS 15).
#[derive(Clone)]
pub struct Seal {
    /// The log's key.
    pub signer: Arc<dyn Signer>,
    /// The second place of trust, if there is one.
    pub second: Option<Arc<dyn ObjectStore>>,
}

impl Tick {
    /// Every step, in order.
    pub(crate) async fn upkeep(&self) -> Upkeep {
        let views = self.write_views().await;
        let snapshot = self.write_snapshot().await;
        Upkeep { views, snapshot, checkpoint: self.seal().await }
    }

    /// Tiles and a signed checkpoint over what is new.
    async fn seal(&self) -> Option<Checkpoint> {
        let seal = self.seal.as_ref()?;
        match self.log.seal(seal.signer.as_ref(), seal.second.as_deref()).await {
            Ok(checkpoint) => checkpoint,
            Err(error) => {
                tracing::error!("nothing was sealed: {error}");
                None
            }
        }
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
