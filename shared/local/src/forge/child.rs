//! Waiting for a child process: its three pipes are served at once, its output is bounded, and it
//! is ended with everything that it started when its time is over.

use std::io::{self, Read, Write};
use std::process::{Child, ExitStatus};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// The most bytes of an error text that are kept.
const MOST_ERROR: u64 = 64 * 1024;

/// How a child process ended, and what it wrote.
pub(super) struct Ended {
    /// Its exit code or signal.
    pub(super) status: ExitStatus,
    /// At most one byte more than was allowed, so that too much can be told from just enough.
    pub(super) stdout: Vec<u8>,
    /// The beginning of it.
    pub(super) stderr: Vec<u8>,
}

/// Waits until both of its output pipes are closed and it has ended; `None`: its time was over. It
/// must lead a process group of its own.
pub(super) fn wait(
    child: &mut Child,
    input: Vec<u8>,
    limit: Duration,
    most_output: u64,
) -> io::Result<Option<Ended>> {
    let streams = streams(child, input, most_output);
    let deadline = Instant::now() + limit;
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    for _ in 0..2 {
        match streams.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(Stream::Out(bytes)) => stdout = bytes,
            Ok(Stream::Error(bytes)) => stderr = bytes,
            Err(_) => {
                end(child);
                return Ok(None);
            }
        }
    }
    Ok(Some(Ended { status: child.wait()?, stdout, stderr }))
}

enum Stream {
    Out(Vec<u8>),
    Error(Vec<u8>),
}

/// Serves the three pipes at once: one alone could fill up and stop the others.
fn streams(child: &mut Child, input: Vec<u8>, most: u64) -> Receiver<Stream> {
    let (sender, receiver) = channel();
    if let Some(mut stdin) = child.stdin.take() {
        // A command that ends early closes the pipe; its exit code tells why.
        std::thread::spawn(move || drop(stdin.write_all(&input)));
    }
    if let Some(stdout) = child.stdout.take() {
        let sender = sender.clone();
        std::thread::spawn(move || {
            sender.send(Stream::Out(collect(stdout, most.saturating_add(1))))
        });
    }
    if let Some(stderr) = child.stderr.take() {
        std::thread::spawn(move || sender.send(Stream::Error(collect(stderr, MOST_ERROR))));
    }
    receiver
}

/// Keeps the first `most` bytes and reads the rest away.
fn collect(mut from: impl Read, most: u64) -> Vec<u8> {
    let mut kept = Vec::new();
    // A broken pipe ends the stream; what came before it is kept.
    drop(from.by_ref().take(most).read_to_end(&mut kept));
    drop(std::io::copy(&mut from, &mut std::io::sink()));
    kept
}

/// Ends the command and what it started (ssh, a remote helper).
fn end(child: &mut Child) {
    let group = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw);
    if let Some(group) = group {
        rustix::process::kill_process_group(group, rustix::process::Signal::KILL).ok();
    }
    child.kill().ok();
    child.wait().ok();
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::CommandExt;
    use std::process::{Command, Stdio};

    use super::*;

    fn command(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]).process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn shell(script: &str) -> Child {
        command(script).spawn().unwrap()
    }

    #[test]
    fn pipes_larger_than_their_buffers_do_not_block() {
        let input = vec![b'x'; 1024 * 1024];
        let mut child = shell("cat; head -c 1000000 /dev/zero >&2");
        let ended = wait(&mut child, input.clone(), Duration::from_secs(60), 1 << 21).unwrap();
        let ended = ended.unwrap();
        assert_eq!((ended.stdout, ended.stderr.len() as u64), (input, MOST_ERROR));
        assert!(ended.status.success());
    }

    #[test]
    fn too_much_output_is_cut_and_can_be_told() {
        let mut child = shell("head -c 5000 /dev/zero");
        let ended = wait(&mut child, Vec::new(), Duration::from_secs(60), 100).unwrap().unwrap();
        assert_eq!(ended.stdout.len(), 101);
    }

    #[test]
    fn what_it_started_ends_with_it() {
        let (read, mut write) = io::pipe().unwrap();
        let mut child = command("exec 3<&0; sleep 1000 & echo; wait").stdin(read).spawn().unwrap();
        let ended = wait(&mut child, Vec::new(), Duration::from_millis(200), 100).unwrap();
        assert!(ended.is_none());
        // Once nobody holds the other end, writing to it fails.
        let gone = (0..1000).any(|_| {
            std::thread::sleep(Duration::from_millis(10));
            write.write_all(b"x").is_err()
        });
        assert!(gone);
    }
}
