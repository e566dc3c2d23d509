//! The last stage: gives up everything that the command shall not have, then becomes it.

use std::os::fd::AsFd as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};

use rustix::process::{
    Resource, Rlimit, Signal, getppid, set_parent_process_death_signal, setrlimit,
};
use rustix::thread::{
    CapabilitySet, CapabilitySets, clear_ambient_capability_set,
    remove_capability_from_bounding_set, set_capabilities, set_no_new_privs,
};

use super::{Failure, instructions, landlock_rules};
use crate::instructions::{Instructions, Mode, Status};

pub(super) fn run() -> Result<i32, Failure> {
    let instructions = instructions()?;
    set_parent_process_death_signal(Some(Signal::KILL))
        .map_err(Failure::at("end with the parent"))?;
    let parent = getppid().map_or(0, |pid| pid.as_raw_nonzero().get().cast_unsigned());
    if parent != instructions.parent_of_command {
        let reason = "the parent ended in the meantime".to_owned();
        return Err(Failure { step: "end with the parent", reason });
    }
    set_no_new_privs(true).map_err(Failure::at("refuse new privileges"))?;
    // When the machine runs out of memory, this is what the kernel shall end first.
    let _best_effort = std::fs::write("/proc/self/oom_score_adj", "1000");
    limit(&instructions)?;
    // The command starts in its folder, so it must be found before the rules hold.
    let abi = landlock_rules::restrict(&instructions.view.rules, instructions.network)?;
    drop_capabilities()?;
    Status::Landlock { abi }.say();

    let join = "join the command's outputs";
    let output = std::io::stdout().as_fd().try_clone_to_owned().map_err(Failure::at(join))?;
    // A failed exec has replaced standard error already; this duplicate closes with success.
    let listener = std::io::stderr().as_fd().try_clone_to_owned().map_err(Failure::at(join))?;
    let error = Command::new(&instructions.program)
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

fn limit(instructions: &Instructions) -> Result<(), Failure> {
    let set = |resource, most: u64| {
        // An ordinary user can't go above the hard limit that is in force.
        let hard = rustix::process::getrlimit(resource).maximum.unwrap_or(u64::MAX);
        let limit = Some(most.min(hard));
        setrlimit(resource, Rlimit { current: limit, maximum: limit })
            .map_err(Failure::at("set limits"))
    };
    set(Resource::Core, 0)?;
    set(Resource::Nofile, instructions.open_files)?;
    set(Resource::Fsize, instructions.file_bytes)?;
    if instructions.mode == Mode::Namespace {
        // Outside of a user namespace it would count all processes of the user.
        set(Resource::Nproc, instructions.processes)?;
    }
    Ok(())
}

/// A user namespace gives its first process every power over the namespace, and root has them
/// outside too: the command gets none and can get none.
fn drop_capabilities() -> Result<(), Failure> {
    for number in 0..64 {
        // Refused where there is nothing to drop, and for numbers that the kernel doesn't know.
        let one = CapabilitySet::from_bits_retain(1 << number);
        let _nothing_to_drop = remove_capability_from_bounding_set(one);
    }
    let _nothing_to_clear = clear_ambient_capability_set();
    let none = CapabilitySet::empty();
    set_capabilities(None, CapabilitySets { effective: none, permitted: none, inheritable: none })
        .map_err(Failure::at("give up capabilities"))
}
