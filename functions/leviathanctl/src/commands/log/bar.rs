//! The progress of a command that can take minutes.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// Counts things of this name, such as `commits checked`. Hidden by itself where stderr is no
/// terminal.
pub(crate) fn bar(what: &'static str) -> ProgressBar {
    let bar = ProgressBar::new_spinner().with_message(what);
    if let Ok(style) = ProgressStyle::with_template("{spinner} {pos} {msg}, {elapsed}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}
