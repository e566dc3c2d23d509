//! Log lines: on stderr, for people on a terminal and as JSON in a function.

use std::str::FromStr;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One readable line each.
    Text,
    /// One JSON object each.
    Json,
}

/// Starts writing log lines. `LEVIATHAN_LOG` chooses what is written, in the form of
/// `tracing_subscriber`'s filter; without it, `default` does. A second call changes nothing.
pub fn init(format: Format, default: &str) {
    let filter =
        EnvFilter::try_from_env("LEVIATHAN_LOG").unwrap_or_else(|_| EnvFilter::new(default));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A test may have set its own subscriber: then that one stays.
    let _ = match format {
        Format::Text => lines.with_target(false).try_init(),
        Format::Json => lines.json().try_init(),
    };
}

/// Which log lines are written, in the form of `tracing_subscriber`'s filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter(String);

impl FromStr for Filter {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        EnvFilter::try_new(text)?;
        Ok(Self(text.to_owned()))
    }
}

/// Starts writing log lines as JSON, a panic's too: what a function says is read by machines. A second
/// call changes nothing.
pub fn init_function(filter: &Filter) {
    let lines = tracing_subscriber::fmt().json().flatten_event(true);
    let lines = lines.with_env_filter(EnvFilter::new(&filter.0)).with_writer(std::io::stderr);
    if lines.try_init().is_ok() {
        std::panic::set_hook(Box::new(|panic| tracing::error!(%panic, "a panic")));
    }
}
