//! Log lines: on stderr, for people on a terminal and as JSON in a function.

use tracing_subscriber::EnvFilter;

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
