//! The caller's side: starts the helper, feeds it, keeps the output, watches limits, and returns
//! only when nothing of the command is alive.

mod follow;

use std::io;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use crate::command::{ConfineError, ConfinedCommand, Confinement, Ended, StopToken};
use crate::helper::WORD;
use crate::instructions::{Instructions, Mode, frame};
use crate::isolation;
use crate::output::CappedFile;
use crate::tree::Process;
use crate::view;

use follow::Running;

/// Runs the command to its end; see [`run_until`].
pub fn run(command: &ConfinedCommand, confinement: &Confinement) -> Result<Ended, ConfineError> {
    run_until(command, confinement, &StopToken::new())
}

/// Runs the command until it ends, a limit is reached, or `stop` is used. Blocks this thread, and
/// must not outlive it: the command ends with the thread. When it returns `Ok`, nothing that the
/// command started is alive.
pub fn run_until(
    command: &ConfinedCommand,
    confinement: &Confinement,
    stop: &StopToken,
) -> Result<Ended, ConfineError> {
    run_watched(command, confinement, stop, &mut |_| {})
}

/// The same, and tells of each process to end when this one was killed: see [`Process`]. `started`
/// is called on this thread.
pub fn run_watched(
    command: &ConfinedCommand,
    confinement: &Confinement,
    stop: &StopToken,
    started: &mut dyn FnMut(Process),
) -> Result<Ended, ConfineError> {
    let setup = |step: &str| {
        let (program, step) = (command.program.clone(), step.to_owned());
        move |error: io::Error| ConfineError::Setup { program, step, reason: error.to_string() }
    };
    let began = Instant::now();
    let limits = &confinement.limits;
    let mut kept = CappedFile::create(&command.output, limits.output_bytes)
        .map_err(setup("open the output file"))?;
    let (output, writer) = io::pipe().map_err(setup("make a pipe"))?;
    let helper = helper_program(confinement.helper.as_deref()).map_err(setup("find itself"))?;
    let mode = isolation::mode(&helper);
    let mut child = Command::new(&helper)
        .args([WORD, "outer"])
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(writer)
        .stderr(Stdio::piped())
        .spawn()
        .map_err(setup("start the helper"))?;
    started(Process::of(child.id()));
    let input = feed(command, confinement, mode, &child).map_err(setup("instruct the helper"));
    let input = match input {
        Ok(input) => input,
        Err(error) => {
            let _gone = (child.kill(), child.wait());
            return Err(error);
        }
    };
    let mut running = Running::new(child, input, output);
    running
        .go(limits, stop, began, &mut kept, started)
        .map_err(|problem| problem.error(command))?;
    let output_cut = kept.finish().map_err(setup("write the output file"))?;
    let (ending, survivors_killed) = running.ending(command)?;
    let milliseconds = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(Ended { ending, milliseconds, output_cut, survivors_killed })
}

/// The running program itself, even when its file was replaced.
pub(crate) fn helper_program(given: Option<&Path>) -> io::Result<std::path::PathBuf> {
    match given {
        Some(program) => Ok(program.to_owned()),
        None if cfg!(target_os = "linux") => Ok("/proc/self/exe".into()),
        None => std::env::current_exe(),
    }
}

/// All that goes into the helper's standard input: a frame for each stage, then the command's.
fn feed(
    command: &ConfinedCommand,
    confinement: &Confinement,
    mode: Mode,
    child: &Child,
) -> io::Result<Vec<u8>> {
    let inherited = isolation::own_folders_around_us();
    let own = inherited.clone().unwrap_or_default();
    let view = view::view(confinement, mode == Mode::Namespace, &own);
    let mut environment = command.environment.clone();
    let around = match mode {
        Mode::Namespace => Some(isolation::own_folders(&view)),
        Mode::Sweep => inherited.map(|folders| isolation::name_folders(&folders)),
    };
    environment.extend(around.map(|folders| (isolation::AROUND.to_owned(), folders)));
    let limits = &confinement.limits;
    let frame = frame(&Instructions {
        mode,
        parent_of_command: if mode == Mode::Namespace { 1 } else { child.id() },
        network: confinement.network,
        view,
        open_files: limits.open_files,
        file_bytes: limits.file_bytes,
        // The kernel counts threads too.
        processes: u64::from(limits.processes).saturating_mul(4),
        program: command.program.clone(),
        args: command.args.clone(),
        directory: command.directory.clone(),
        environment,
    })?;
    let stages = if mode == Mode::Namespace { 3 } else { 2 };
    let mut input = frame.repeat(stages);
    input.extend_from_slice(&command.stdin);
    Ok(input)
}
