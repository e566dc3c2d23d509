//! A program as the local cluster starts it: the confine helper, or one phase. The suites can't be
//! it themselves, because the test harness has its own `main`.

use std::process::ExitCode;

fn main() -> ExitCode {
    leviathan_confine::entry_point();
    ExitCode::from(2)
}
