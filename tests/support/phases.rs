//! A program as the local cluster starts it: the confine helper, or one phase. The suites can't be
//! it themselves, because the test harness has its own `main`.

use std::path::PathBuf;
use std::process::ExitCode;

use leviathan_confine::{ConfinedCommand, Confinement, Limits, run, system_folders};

fn main() -> ExitCode {
    leviathan_confine::entry_point();
    let mut args = std::env::args().skip(1);
    match args.next().as_deref() {
        Some("confine-forever") => confine_forever(args),
        _ => ExitCode::from(2),
    }
}

/// `confine-forever MARK FOLDER`: runs a command that never ends, so that a suite can kill us.
fn confine_forever(mut args: impl Iterator<Item = String>) -> ExitCode {
    let mark = args.next().unwrap_or_default();
    let folder = PathBuf::from(args.next().unwrap_or_default());
    let system = system_folders(&std::env::var("PATH").unwrap_or_default(), None);
    let script = "trap '' TERM HUP; setsid sh -c 'sleep 1000; :' $0 & touch begun; wait";
    let command = ConfinedCommand {
        program: "sh".to_owned(),
        args: vec!["-c".to_owned(), script.to_owned(), mark],
        directory: folder.clone(),
        environment: system.environment_in(&folder),
        stdin: Vec::new(),
        output: folder.join("log"),
    };
    let confinement = Confinement {
        readable: system.readable,
        writable: vec![folder],
        hidden: system.hidden,
        network: false,
        limits: Limits::default(),
        helper: None,
    };
    match run(&command, &confinement) {
        Ok(_ended) => ExitCode::SUCCESS,
        Err(_error) => ExitCode::FAILURE,
    }
}
