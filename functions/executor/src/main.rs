//! The executor's door: wiring only.

use std::process::ExitCode;

fn main() -> ExitCode {
    leviathan_confine::entry_point();
    leviathan_executor::run_from_args(std::env::args_os().skip(1))
}
