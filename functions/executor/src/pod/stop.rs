//! SIGTERM in a pod. The first process of a container does not end by it unless it asks for it, and
//! would outlive its pod's end by the whole grace period.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use signal_hook::consts::SIGTERM;
use signal_hook::iterator::Signals;

use crate::job::JobFolder;
use crate::run::say;

/// What a shell says of a process that SIGTERM ended.
const ENDED_BY_SIGTERM: i32 = 143;

/// How often it is looked whether to stop.
const POLL: Duration = Duration::from_millis(100);

/// How long report stays after the attempt's time in a pod that nobody ends, in seconds.
const AFTER_THE_END: i64 = 60;

/// Whether SIGTERM came.
#[derive(Debug, Clone)]
pub(crate) struct Stop(Option<Arc<AtomicBool>>);

impl Stop {
    /// For where SIGTERM does what it always does.
    pub(crate) fn never() -> Self {
        Self(None)
    }

    pub(crate) fn is_asked(&self) -> bool {
        self.0.as_ref().is_some_and(|asked| asked.load(Ordering::Relaxed))
    }

    /// A side-car that ends is started again: one that is done stays until its pod ends.
    pub(crate) fn wait_in_pod(&self, folder: &JobFolder) {
        let last = folder.job.not_after.as_second().saturating_add(AFTER_THE_END);
        while self.0.is_some() && !self.is_asked() && Timestamp::now().as_second() < last {
            std::thread::sleep(POLL);
        }
    }
}

/// This process ends at once when SIGTERM comes, and with it everything in its container.
pub(crate) fn end_at_sigterm() {
    at_sigterm(|| {
        say("ended from outside (SIGTERM)");
        std::process::exit(ENDED_BY_SIGTERM)
    });
}

/// This process is told when SIGTERM comes.
pub(crate) fn stop_at_sigterm() -> Stop {
    let asked = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&asked);
    at_sigterm(move || told.store(true, Ordering::Relaxed));
    Stop(Some(asked))
}

fn at_sigterm(act: impl Fn() + Send + 'static) {
    let listening = Signals::new([SIGTERM]).and_then(|mut signals| {
        let listener = move || signals.forever().for_each(|_| act());
        std::thread::Builder::new().name("signals".to_owned()).spawn(listener)
    });
    if let Err(error) = listening {
        say(format!("SIGTERM is not listened to: {error}"));
    }
}
