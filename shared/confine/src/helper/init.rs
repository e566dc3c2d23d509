//! Stage two, with namespaces: process 1. Signals from within do not reach it; when it ends, the
//! kernel kills everything else in the namespace before anybody hears of it.

use std::process::{Command, Stdio};

use rustix::process::{
    DumpableBehavior, Signal, WaitOptions, set_dumpable_behavior, set_parent_process_death_signal,
    wait,
};

use super::{Failure, instructions, namespaces, stage};
use crate::instructions::Status;
use crate::tree;

pub(super) fn run() -> Result<i32, Failure> {
    set_parent_process_death_signal(Some(Signal::KILL))
        .map_err(Failure::at("end with the parent"))?;
    let _best_effort = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    let instructions = instructions()?;
    namespaces::mount_view(&instructions.view)?;
    if !instructions.network {
        bring_loopback_up();
    }
    let child = stage("execute").spawn().map_err(Failure::at("start the next stage"))?;
    let main = i32::try_from(child.id()).unwrap_or(-1);
    loop {
        match wait(WaitOptions::empty()) {
            Ok(Some((pid, status))) if pid.as_raw_nonzero().get() == main => {
                while matches!(wait(WaitOptions::NOHANG), Ok(Some(_))) {}
                let survivors = tree::alive().saturating_sub(1);
                let (code, signal) = (status.exit_status(), status.terminating_signal());
                Status::Ended { code, signal, survivors }.say();
                return Ok(0);
            }
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(Failure::at("wait for the command")(error)),
        }
    }
}

/// So that tests can talk to themselves. Without the program `ip` it stays down.
fn bring_loopback_up() {
    let mut ip = Command::new("ip");
    ip.args(["link", "set", "lo", "up"]).env_clear().env("PATH", "/usr/sbin:/sbin:/usr/bin:/bin");
    let _stays_down = ip.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
}
