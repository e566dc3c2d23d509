//! The command line: wiring only.

use std::process::ExitCode;

fn main() -> ExitCode {
    // A confined command starts as this very program: see the crate `leviathan-confine`.
    leviathan_confine::entry_point();
    leviathanctl::commands::main(std::env::args_os())
}
