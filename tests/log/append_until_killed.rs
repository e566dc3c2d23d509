//! The process that the kill test kills: appends numbers to the log in a folder, and says each one
//! on standard output once it is acknowledged. It never ends by itself.
//!
//! With a third argument it dies by the kernel's hand when a file that it writes has grown to that
//! many bytes (SIGXFSZ): killed at exactly that byte.

use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;

use leviathan_core::decide::Decision;
use leviathan_local::FolderStore;
use leviathan_tests::clock::{SeededEntropy, TrueClock};
use leviathan_tests::log_builders::{event, log_over, transaction};
use rustix::process::{Resource, Rlimit, setrlimit};
use serde_json::json;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (Some(folder), Some(first)) = (arguments.next(), arguments.next()) else {
        return ExitCode::from(2);
    };
    let Ok(first) = first.parse::<u64>() else { return ExitCode::from(2) };
    if let Some(bytes) = arguments.next() {
        let Ok(bytes) = bytes.parse::<u64>() else { return ExitCode::from(2) };
        let limit = Rlimit { current: Some(bytes), maximum: Some(bytes) };
        if setrlimit(Resource::Fsize, limit).is_err() {
            return ExitCode::from(6);
        }
    }
    let Ok(store) = FolderStore::open(folder) else { return ExitCode::from(3) };
    let log = log_over(Arc::new(store), Arc::new(TrueClock), SeededEntropy::new(first).next());
    for number in first.. {
        // Sometimes long, so that the kill often comes in the middle of a file.
        let text = "x".repeat(usize::try_from(number % 40).unwrap_or_default() * 1_000);
        let payload = json!({ "number": number, "text": text });
        let decide = move |_: &_, _: &_| Decision::new(vec![event(&payload)], ());
        if log.transact(&transaction("killed"), decide).await.is_err() {
            return ExitCode::from(4);
        }
        let mut output = std::io::stdout().lock();
        if writeln!(output, "{number}").and_then(|()| output.flush()).is_err() {
            return ExitCode::from(5);
        }
    }
    ExitCode::SUCCESS
}
