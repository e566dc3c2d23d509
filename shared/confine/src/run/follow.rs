//! One loop over the helper's pipes and the limits, until nothing of the command is alive.

use std::io::{self, PipeReader, Read, Write};
use std::os::fd::AsFd;
use std::process::{Child, ChildStderr, ChildStdin};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process};

use crate::command::{ConfineError, ConfinedCommand, Ending, Limits, StopToken};
use crate::instructions::Status;
use crate::output::CappedFile;
use crate::tree::{self, Process};

/// How often limits are looked at.
const LOOK: Duration = Duration::from_millis(100);

/// How long a killed command may take to be gone: an uninterruptible write to a slow disk.
const GONE_WITHIN: Duration = Duration::from_secs(30);

/// What the helper has told.
#[derive(Default)]
struct Seen {
    main: Option<u32>,
    ended: Option<(Option<i32>, Option<i32>, u32)>,
    failed: Option<(String, String)>,
    not_started: Option<String>,
}

pub(super) struct Running {
    child: Child,
    input: Option<(ChildStdin, Vec<u8>, usize)>,
    output: PipeReader,
    status: Option<ChildStderr>,
    lines: Vec<u8>,
    seen: Seen,
    ended_by_us: Option<(Ending, Instant)>,
}

pub(super) enum Problem {
    Io(&'static str, io::Error),
    StillThere,
}

impl Problem {
    pub(super) fn error(self, command: &ConfinedCommand) -> ConfineError {
        let program = command.program.clone();
        match self {
            Self::Io(step, error) => {
                ConfineError::Setup { program, step: step.to_owned(), reason: error.to_string() }
            }
            Self::StillThere => {
                let reason =
                    format!("it is not gone {} s after it was killed", GONE_WITHIN.as_secs());
                ConfineError::Survivors { program, reason }
            }
        }
    }
}

impl Running {
    pub(super) fn new(mut child: Child, input: Vec<u8>, output: PipeReader) -> Self {
        Self {
            input: child.stdin.take().map(|pipe| (pipe, input, 0)),
            status: child.stderr.take(),
            output,
            child,
            lines: Vec::new(),
            seen: Seen::default(),
            ended_by_us: None,
        }
    }

    /// Until the helper is gone, and with it everything else.
    pub(super) fn go(
        &mut self,
        limits: &Limits,
        stop: &StopToken,
        began: Instant,
        kept: &mut CappedFile,
        started: &mut dyn FnMut(Process),
    ) -> Result<(), Problem> {
        let result = self.follow(limits, stop, began, kept, started);
        if result.is_err() {
            self.kill();
        }
        // Closes the input, so that a helper that still waits for it ends.
        self.input = None;
        self.status = None;
        let _gone = self.child.wait();
        result
    }

    fn follow(
        &mut self,
        limits: &Limits,
        stop: &StopToken,
        began: Instant,
        kept: &mut CappedFile,
        started: &mut dyn FnMut(Process),
    ) -> Result<(), Problem> {
        let watch = |error: io::Error| Problem::Io("watch the command", error);
        self.make_nonblocking().map_err(watch)?;
        let mut looked = Instant::now();
        let mut told = false;
        while self.status.is_some() {
            self.wait_a_little().map_err(watch)?;
            self.write_input();
            self.read_output(kept).map_err(|error| Problem::Io("keep the output", error))?;
            self.read_status().map_err(watch)?;
            if let Some(main) = self.seen.main.filter(|_| !told) {
                started(Process::of(main));
                told = true;
            }
            if let Some((_, when)) = self.ended_by_us {
                if when.elapsed() > GONE_WITHIN {
                    return Err(Problem::StillThere);
                }
                continue;
            }
            let late = began.elapsed() >= limits.time;
            let mut reason = late.then_some(Ending::TimedOut);
            if stop.is_stopped() {
                reason = Some(Ending::Stopped);
            }
            if reason.is_none() && looked.elapsed() >= LOOK {
                looked = Instant::now();
                reason = self.over_limits(limits);
            }
            if let Some(reason) = reason.filter(|_| self.seen.ended.is_none()) {
                self.ended_by_us = Some((reason, Instant::now()));
                self.kill();
            }
        }
        self.read_output(kept).map_err(|error| Problem::Io("keep the output", error))
    }

    fn make_nonblocking(&self) -> io::Result<()> {
        rustix::io::ioctl_fionbio(&self.output, true)?;
        if let Some((input, ..)) = &self.input {
            rustix::io::ioctl_fionbio(input, true)?;
        }
        if let Some(status) = &self.status {
            rustix::io::ioctl_fionbio(status, true)?;
        }
        Ok(())
    }

    fn wait_a_little(&self) -> io::Result<()> {
        let mut watched = vec![PollFd::new(&self.output, PollFlags::IN)];
        if let Some(status) = &self.status {
            watched.push(PollFd::from_borrowed_fd(status.as_fd(), PollFlags::IN));
        }
        if let Some((input, ..)) = &self.input {
            watched.push(PollFd::from_borrowed_fd(input.as_fd(), PollFlags::OUT));
        }
        let timeout = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };
        match poll(&mut watched, Some(&timeout)) {
            // Once the output is at its end it is always ready: don't spin until the helper ends.
            Ok(1) if watched.first().is_some_and(|output| output.revents() == PollFlags::HUP) => {
                std::thread::sleep(Duration::from_millis(2));
                Ok(())
            }
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// A command that does not want its input is no error.
    fn write_input(&mut self) {
        let Some((pipe, bytes, written)) = &mut self.input else { return };
        let rest = bytes.get(*written..).unwrap_or_default();
        match pipe.write(rest) {
            Ok(count) => *written = written.saturating_add(count),
            Err(error) if again(&error) => return,
            Err(_closed) => *written = bytes.len(),
        }
        if *written >= bytes.len() {
            self.input = None;
        }
    }

    fn read_output(&mut self, kept: &mut CappedFile) -> io::Result<()> {
        let mut bytes = [0; 32 * 1024];
        // Bounded, so that a flood can't keep us from looking at the limits.
        for _ in 0..64 {
            match self.output.read(&mut bytes) {
                Ok(0) => return Ok(()),
                Ok(count) => kept.take(bytes.get(..count).unwrap_or_default())?,
                Err(error) if again(&error) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn read_status(&mut self) -> io::Result<()> {
        let Some(pipe) = &mut self.status else { return Ok(()) };
        let mut bytes = [0; 4096];
        match pipe.read(&mut bytes) {
            Ok(0) => self.status = None,
            Ok(count) => self.lines.extend_from_slice(bytes.get(..count).unwrap_or_default()),
            Err(error) if again(&error) => {}
            Err(error) => return Err(error),
        }
        while let Some(end) = self.lines.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.lines.drain(..=end).collect();
            match serde_json::from_slice(&line) {
                Ok(Status::Main { pid }) => self.seen.main = Some(pid),
                Ok(Status::Ended { code, signal, survivors }) => {
                    self.seen.ended.get_or_insert((code, signal, survivors));
                }
                Ok(Status::Failed { step, reason }) => {
                    self.seen.failed.get_or_insert((step, reason));
                }
                Ok(Status::NotStarted { reason }) => self.seen.not_started = Some(reason),
                Ok(Status::Landlock { .. } | Status::NamespacesWork) | Err(_) => {}
            }
        }
        Ok(())
    }

    fn over_limits(&self, limits: &Limits) -> Option<Ending> {
        let usage = tree::usage(i32::try_from(self.child.id()).unwrap_or(-1));
        if usage.memory_bytes > limits.memory_bytes {
            Some(Ending::MemoryExceeded)
        } else if usage.processes > limits.processes {
            Some(Ending::TooManyProcesses)
        } else {
            None
        }
    }

    /// Kills the process that everything else ends with; before it is known, the helper itself.
    fn kill(&mut self) {
        let main = self.seen.main.and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw);
        match main {
            Some(main) => {
                let _already_gone = kill_process(main, Signal::KILL);
            }
            None => {
                let _already_gone = self.child.kill();
            }
        }
    }

    pub(super) fn ending(
        &mut self,
        command: &ConfinedCommand,
    ) -> Result<(Ending, u32), ConfineError> {
        let program = command.program.clone();
        let survivors = self.seen.ended.map_or(0, |(_, _, survivors)| survivors);
        if let Some((reason, _)) = self.ended_by_us {
            return Ok((reason, survivors));
        }
        if let Some((step, reason)) = self.seen.failed.take() {
            return Err(ConfineError::Setup { program, step, reason });
        }
        if let Some(reason) = self.seen.not_started.take() {
            return Err(ConfineError::NotStarted { program, reason });
        }
        match self.seen.ended {
            Some((Some(code), _, survivors)) => Ok((Ending::Exited(code), survivors)),
            Some((None, Some(signal), survivors)) => Ok((Ending::Signalled(signal), survivors)),
            _ => {
                let step = "hear from the helper".to_owned();
                let reason = "it ended without a word: was it killed, or does its main not call \
                              leviathan_confine::entry_point first?";
                Err(ConfineError::Setup { program, step, reason: reason.to_owned() })
            }
        }
    }
}

fn again(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}
