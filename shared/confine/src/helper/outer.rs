//! Stage one: apart from the caller's session, waits for the command and leaves nothing alive.

use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::ExitStatusExt as _;
use std::process::Child;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{
    DumpableBehavior, Pid, PidfdFlags, Signal, WaitOptions, getpid, kill_process, pidfd_open,
    set_child_subreaper, set_dumpable_behavior, setsid, wait,
};

use super::{Failure, instructions, namespaces, stage};
use crate::instructions::{Mode, Status};
use crate::tree;

/// How often the remaining processes are looked for and killed before it is given up. Each round
/// takes at least a millisecond.
const SWEEPS: u32 = 2_000;

pub(super) fn run() -> Result<i32, Failure> {
    let instructions = instructions()?;
    // Not fatal: a helper that leads its group already has a session of its own.
    let _already_leader = setsid();
    let next = match instructions.mode {
        Mode::Namespace => {
            namespaces::enter(instructions.network)?;
            "init"
        }
        Mode::Sweep => {
            set_child_subreaper(Some(getpid())).map_err(Failure::at("adopt orphans"))?;
            "execute"
        }
    };
    let _best_effort = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    let child = stage(next).spawn().map_err(Failure::at("start the next stage"))?;
    Status::Main { pid: child.id() }.say();
    match instructions.mode {
        Mode::Namespace => follow_namespace(child),
        Mode::Sweep => follow_and_sweep(&child),
    }
}

/// Process 1 says itself how the command ended; here it only counts that it is gone, because then
/// the kernel has killed and reaped everything in its namespace.
fn follow_namespace(mut child: Child) -> Result<i32, Failure> {
    watch(&child)?;
    let status = child.wait().map_err(Failure::at("wait for the namespace"))?;
    if let Some(signal) = status.signal() {
        Status::Ended { code: None, signal: Some(signal), survivors: 0 }.say();
    }
    Ok(0)
}

fn follow_and_sweep(child: &Child) -> Result<i32, Failure> {
    watch(child)?;
    let main = pid(child)?;
    let mut ended = (None, None);
    let mut killed = std::collections::BTreeSet::new();
    for _ in 0..SWEEPS {
        // Reap what is dead: the command itself and the orphans that came to us.
        loop {
            match wait(WaitOptions::NOHANG) {
                Ok(Some((pid, status))) if pid == main => {
                    ended = (status.exit_status(), status.terminating_signal());
                }
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(rustix::io::Errno::INTR) => {}
                Err(_no_child_left) => {
                    let survivors = u32::try_from(killed.len()).unwrap_or(u32::MAX);
                    Status::Ended { code: ended.0, signal: ended.1, survivors }.say();
                    return Ok(0);
                }
            }
        }
        for descendant in tree::descendants(getpid().as_raw_nonzero().get()) {
            if let Some(pid) = Pid::from_raw(descendant)
                && kill_process(pid, Signal::KILL).is_ok()
                && pid != main
            {
                killed.insert(descendant);
            }
        }
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    Err(Failure { step: "end what the command left behind", reason: "it is still there".into() })
}

/// Returns when the child has ended. When the caller is gone, nobody reads standard error any
/// more: then the child is killed.
fn watch(child: &Child) -> Result<(), Failure> {
    let handle: OwnedFd = pidfd_open(pid(child)?, PidfdFlags::empty())
        .map_err(Failure::at("watch the next stage"))?;
    let listener = std::io::stderr();
    let mut caller_is_gone = false;
    loop {
        let mut watched = vec![PollFd::new(&handle, PollFlags::IN)];
        let listener = listener.as_fd();
        if !caller_is_gone {
            watched.push(PollFd::from_borrowed_fd(listener, PollFlags::empty()));
        }
        match poll(&mut watched, None) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(Failure::at("watch the next stage")(error)),
        }
        if watched.first().is_some_and(|child| !child.revents().is_empty()) {
            return Ok(());
        }
        if watched.get(1).is_some_and(|caller| !caller.revents().is_empty()) {
            caller_is_gone = true;
            let _already_dead = kill_process(pid(child)?, Signal::KILL);
        }
    }
}

fn pid(child: &Child) -> Result<Pid, Failure> {
    i32::try_from(child.id()).ok().and_then(Pid::from_raw).ok_or_else(|| Failure {
        step: "watch the next stage",
        reason: "it has no process id".into(),
    })
}
