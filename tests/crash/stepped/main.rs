//! `leviathanctl` with every call through a port counted: the crash suite records the calls of one
//! run, and has others end themselves by SIGKILL before or after a chosen one (DECISIONS 18).
//!
//! `LEVIATHAN_STEPS` names a file that gets a line for each call; `LEVIATHAN_KILL` is the step at
//! which to die, such as `before log.create 17`.

mod counter;
mod ports;

use std::process::ExitCode;
use std::sync::Arc;

use leviathan_core::ports::{Cluster, Forge, ObjectStore, Queue};
use leviathanctl::dev::wrapper::PortWrapper;

use counter::Counter;
use ports::Stepped;

fn main() -> ExitCode {
    // A confined command starts as this very program, and so do the phases of a Job.
    leviathan_confine::entry_point();
    let counter = match Counter::from_environment() {
        Ok(counter) => Arc::new(counter),
        Err(_error) => return ExitCode::from(2),
    };
    leviathanctl::commands::main_with(std::env::args_os(), &Wrapper { counter })
}

struct Wrapper {
    counter: Arc<Counter>,
}

impl Wrapper {
    fn around<T: ?Sized>(&self, port: &'static str, inner: Arc<T>) -> Arc<Stepped<T>> {
        Arc::new(Stepped { port, inner, counter: Arc::clone(&self.counter) })
    }
}

impl PortWrapper for Wrapper {
    fn store(&self, name: &'static str, store: Arc<dyn ObjectStore>) -> Arc<dyn ObjectStore> {
        self.around(name, store)
    }
    fn queue(&self, queue: Arc<dyn Queue>) -> Arc<dyn Queue> {
        self.around("queue", queue)
    }
    fn cluster(&self, cluster: Arc<dyn Cluster>) -> Arc<dyn Cluster> {
        self.around("cluster", cluster)
    }
    fn forge(&self, forge: Arc<dyn Forge>) -> Arc<dyn Forge> {
        self.around("forge", forge)
    }
}
