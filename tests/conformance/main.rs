//! One suite for each port that has more than one implementation, run on every implementation and
//! on every wrapper: what the rules lean on holds everywhere.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is wrong"
)]

mod channel;
mod folder;
mod forge;
mod object_store;
mod queue;

use std::sync::Arc;

use leviathan_core::ports::ObjectStore;
use leviathan_local::{FolderStore, MemoryStore};
use leviathan_tests::counting_store::CountingStore;
use leviathan_tests::wrapped::{Around, Wrapped};

/// Runs a check of the suite on every store, each time on a new one.
macro_rules! on_every_store {
    ($($check:ident),+ $(,)?) => {
        mod memory_store { $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $check() {
                crate::object_store::$check(std::sync::Arc::new(crate::MemoryStore::new())).await;
            }
        )+ }
        mod folder_store { $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $check() {
                let folder = tempfile::tempdir().unwrap();
                let store = crate::FolderStore::open(folder.path().join("made/by/open")).unwrap();
                crate::object_store::$check(std::sync::Arc::new(store)).await;
            }
        )+ }
        // The S3 store, as far as a server of ours can judge it; `emulators` has better judges.
        mod s3_store { $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $check() {
                let server = leviathan_tests::s3_server::S3Server::start().await;
                crate::object_store::$check(std::sync::Arc::new(server.store("a/prefix"))).await;
            }
        )+ }
        mod counting_store { $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $check() {
                let inner = std::sync::Arc::new(crate::MemoryStore::new());
                let store = crate::CountingStore::over(inner);
                crate::object_store::$check(std::sync::Arc::new(store)).await;
            }
        )+ }
        // What every other test's store is made of.
        mod wrapped_store { $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $check() {
                let store = crate::Wrapped(crate::Through(crate::MemoryStore::new()));
                crate::object_store::$check(std::sync::Arc::new(store)).await;
            }
        )+ }
    };
}

/// Changes nothing.
struct Through(MemoryStore);

impl Around for Through {
    fn inner(&self) -> &dyn ObjectStore {
        &self.0
    }
}

object_store::checks! { on_every_store }

/// Runs a check of the suite on every forge, each time on a new repository.
macro_rules! on_every_forge {
    ($($check:ident),+ $(,)?) => {
        mod local_forge { $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $check() {
                crate::forge::$check(crate::forge::Place::local()).await;
            }
        )+ }
        // GitHub, as far as a server of ours can judge it.
        mod github { $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $check() {
                crate::forge::$check(crate::forge::Place::github().await).await;
            }
        )+ }
    };
}

forge::checks! { on_every_forge }

macro_rules! on_the_channel {
    ($($check:ident),+ $(,)?) => {
        mod channel_queue { $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $check() {
                crate::queue::$check(crate::channel::Channel::new()).await;
            }
        )+ }
    };
}

queue::checks! { on_the_channel }

/// Two ways to one folder are one store.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_openings_of_a_folder_race_as_one_store() {
    let folder = tempfile::tempdir().unwrap();
    let open = || Arc::new(FolderStore::open(folder.path()).unwrap());
    object_store::exactly_one_wins(&[open(), open(), open(), open()]).await;
}
