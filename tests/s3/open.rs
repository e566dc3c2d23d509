//! Opens the place named by the argument with what the environment says, and lists it. Prints `ok`
//! and the keys, or the error; a test cannot change its own environment.

#![expect(clippy::print_stdout, reason = "its output is what the test reads")]

use leviathan_aws::{S3Place, S3Store};
use leviathan_core::ports::ObjectStore as _;

async fn list(place: &str) -> Result<Vec<String>, String> {
    let place: S3Place = place.parse().map_err(|problem| format!("{problem}"))?;
    let store = S3Store::open(place).await.map_err(|problem| problem.to_string())?;
    store.list("", None, 100).await.map_err(|problem| problem.to_string())
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let place = std::env::args().nth(1).unwrap_or_default();
    match list(&place).await {
        Ok(keys) => println!("ok {}", keys.join(" ")),
        Err(problem) => println!("{problem}"),
    }
}
