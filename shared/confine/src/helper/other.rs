//! Systems without Landlock and namespaces. On macOS the command runs under `sandbox-exec` where
//! it is present. Untried: nobody has run this on such a system yet.

use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::process::{Resource, Rlimit, Signal, kill_process_group, setrlimit, setsid};

use super::{Failure, WORD, instructions};
use crate::instructions::{Access, Instructions, Status};

const SANDBOX: &str = "/usr/bin/sandbox-exec";

pub(super) fn run(stage: &str) -> Result<i32, Failure> {
    match stage {
        "outer" => outer(),
        "execute" => execute(),
        "probe" => Ok(0),
        other => Err(Failure { step: "choose a stage", reason: format!("no stage {other:?}") }),
    }
}

fn outer() -> Result<i32, Failure> {
    let _instructions = instructions()?;
    let _already_leader = setsid();
    let program = std::env::current_exe().map_err(Failure::at("find itself"))?;
    let mut child = Command::new(program)
        .args([WORD, "execute"])
        .env_clear()
        .process_group(0)
        .spawn()
        .map_err(Failure::at("start the next stage"))?;
    Status::Main { pid: child.id() }.say();
    let status = child.wait().map_err(Failure::at("wait for the command"))?;
    // What stayed in the command's group. A process that left it survives: nothing here adopts it.
    if let Some(group) = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw) {
        let _nobody_left = kill_process_group(group, Signal::KILL);
    }
    Status::Ended { code: status.code(), signal: status.signal(), survivors: 0 }.say();
    Ok(0)
}

fn execute() -> Result<i32, Failure> {
    use std::os::fd::AsFd as _;
    let instructions = instructions()?;
    for (resource, most) in [
        (Resource::Core, 0),
        (Resource::Nofile, instructions.open_files),
        (Resource::Fsize, instructions.file_bytes),
    ] {
        let limit = Rlimit { current: Some(most), maximum: Some(most) };
        setrlimit(resource, limit).map_err(Failure::at("set limits"))?;
    }
    let join = "join the command's outputs";
    let output = std::io::stdout().as_fd().try_clone_to_owned().map_err(Failure::at(join))?;
    let listener = std::io::stderr().as_fd().try_clone_to_owned().map_err(Failure::at(join))?;
    let mut command = if Path::new(SANDBOX).exists() {
        let mut command = Command::new(SANDBOX);
        command.args(["-p", &profile(&instructions), "--", &instructions.program]);
        command
    } else {
        Command::new(&instructions.program)
    };
    let error = command
        .args(&instructions.args)
        .env_clear()
        .envs(&instructions.environment)
        .current_dir(&instructions.directory)
        .stderr(Stdio::from(output))
        .exec();
    let reason = error.to_string();
    Status::NotStarted { reason }.write(std::fs::File::from(listener));
    Ok(70)
}

/// The view in the language of `sandbox-exec`.
fn profile(instructions: &Instructions) -> String {
    let mut text = String::from(
        "(version 1)(deny default)(allow process*)(allow sysctl-read)(allow mach-lookup)\
         (allow signal (target same-sandbox))(allow file-read-metadata)",
    );
    if instructions.network {
        text.push_str("(allow network*)(allow system-socket)");
    }
    for rule in &instructions.view.rules {
        let path = rule.path.to_string_lossy().replace('\\', "\\\\").replace('"', "\\\"");
        let rights = match rule.access {
            Access::List => {
                text.push_str(&format!("(allow file-read-data (literal \"{path}\"))"));
                continue;
            }
            Access::Read => "file-read*",
            Access::Device | Access::Write => "file-read* file-write*",
        };
        text.push_str(&format!("(allow {rights} (subpath \"{path}\"))"));
    }
    text
}
