//! Numbers the calls, writes them down, and ends the process at the chosen one.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::future::Future;
use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

use rustix::process::{Signal, getpid, kill_process};

/// One counter for the whole process.
pub(crate) struct Counter {
    record: Option<Mutex<File>>,
    kill: Option<Kill>,
    counts: Mutex<BTreeMap<String, u64>>,
}

/// Where to die.
struct Kill {
    /// After the call rather than before it.
    after: bool,
    call: String,
    number: u64,
}

impl Counter {
    /// As `LEVIATHAN_STEPS` and `LEVIATHAN_KILL` say.
    pub(crate) fn from_environment() -> io::Result<Self> {
        let record = match std::env::var_os("LEVIATHAN_STEPS") {
            Some(path) => {
                let file = OpenOptions::new().create(true).append(true).open(path)?;
                Some(Mutex::new(file))
            }
            None => None,
        };
        let kill = match std::env::var("LEVIATHAN_KILL") {
            Ok(text) => Some(Kill::read(&text).ok_or_else(|| io::Error::other(text.clone()))?),
            Err(_) => None,
        };
        Ok(Self { record, kill, counts: Mutex::default() })
    }

    /// Makes one call a step. `subject` is what it is about, for the record.
    pub(crate) async fn step<T>(
        &self,
        port: &str,
        call: &str,
        subject: &str,
        work: impl Future<Output = T> + Send,
    ) -> T {
        let call = format!("{port}.{call}");
        let number = self.next(&call);
        if let Some(record) = &self.record {
            let line = format!("{call} {number} {subject}\n");
            let mut file = record.lock().unwrap_or_else(PoisonError::into_inner);
            // A record that can't be written shows as a run without steps.
            let _ = file.write_all(line.as_bytes());
        }
        self.die_at(false, &call, number);
        let answer = work.await;
        self.die_at(true, &call, number);
        answer
    }

    fn next(&self, call: &str) -> u64 {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(call.to_owned()).or_default();
        *count += 1;
        *count
    }

    fn die_at(&self, after: bool, call: &str, number: u64) {
        let chosen = self
            .kill
            .as_ref()
            .is_some_and(|kill| kill.after == after && kill.call == call && kill.number == number);
        if chosen {
            while kill_process(getpid(), Signal::KILL).is_ok() {}
        }
    }
}

impl Kill {
    fn read(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let after = match words.next()? {
            "before" => false,
            "after" => true,
            _ => return None,
        };
        let call = words.next()?.to_owned();
        let number = words.next()?.parse().ok()?;
        Some(Self { after, call, number })
    }
}
