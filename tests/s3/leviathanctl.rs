//! The command line, built with its feature `s3`; the one that the other suites run is built without.

use std::process::ExitCode;

fn main() -> ExitCode {
    leviathanctl::commands::main(std::env::args_os())
}
