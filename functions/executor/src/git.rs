//! Every call of git, in one place and one way: with none of the machine's, the user's or the
//! target's configuration, without hooks, filters, helpers or prompts, and with a time limit.

use std::ffi::OsStr;
use std::io::{self, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How often a running git is looked at.
const POLL: Duration = Duration::from_millis(10);

/// The most that is kept of git's standard error, in bytes.
const MAX_ERROR_BYTES: u64 = 16 * 1024;

/// Settings for every call. Only the command line's configuration is left, and it switches off
/// whatever could start another program or take over a repository's own wishes.
const SETTINGS: &[&str] = &[
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.untrackedCache=false",
    "core.attributesFile=/dev/null",
    "core.excludesFile=/dev/null",
    "core.symlinks=true",
    "credential.helper=",
    "gc.auto=0",
    "maintenance.auto=false",
    "submodule.recurse=false",
    "fetch.recurseSubmodules=no",
    "fetch.writeCommitGraph=false",
    "protocol.allow=never",
    "protocol.file.allow=always",
    "protocol.git.allow=always",
    "protocol.http.allow=always",
    "protocol.https.allow=always",
    "protocol.ssh.allow=always",
    "protocol.ext.allow=never",
    "safe.directory=*",
];

/// Why a call of git gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum GitFault {
    /// The program is not there or could not be started.
    #[error("git could not be started; is it installed and in PATH?")]
    NotStarted(#[source] io::Error),
    /// It ended with an error.
    #[error("git {verb} failed: {message}")]
    Failed {
        /// Its first argument.
        verb: String,
        /// What it said, secrets redacted.
        message: String,
    },
    /// It did not end in time.
    #[error("git {verb} was ended after {} s", limit.as_secs())]
    TimedOut {
        /// Its first argument.
        verb: String,
        /// The time that it had.
        limit: Duration,
    },
    /// Talking to it failed.
    #[error("git {verb} broke off")]
    Broken {
        /// Its first argument.
        verb: String,
        /// The system's answer.
        #[source]
        source: io::Error,
    },
}

/// Git, working on one repository.
#[derive(Debug, Clone)]
pub struct Git<'a> {
    directory: &'a Path,
    work_tree: Option<&'a Path>,
    limit: Duration,
}

impl<'a> Git<'a> {
    /// On the repository whose git directory this is; each call may take `limit`.
    pub fn new(directory: &'a Path, limit: Duration) -> Self {
        Self { directory, work_tree: None, limit }
    }

    /// With this work tree.
    pub fn with_work_tree(self, work_tree: &'a Path) -> Self {
        Self { work_tree: Some(work_tree), ..self }
    }

    /// Runs one command to its end; the answer is its standard output.
    pub fn run<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Result<Vec<u8>, GitFault> {
        let verb = verb_of(arguments);
        let mut child =
            self.command(arguments).stdin(Stdio::null()).spawn().map_err(GitFault::NotStarted)?;
        let output = reader(child.stdout.take(), u64::MAX);
        let errors = reader(child.stderr.take(), MAX_ERROR_BYTES);
        let status = wait(&mut child, self.limit)
            .map_err(|source| GitFault::Broken { verb: verb.clone(), source })?;
        let Some(status) = status else {
            return Err(GitFault::TimedOut { verb, limit: self.limit });
        };
        let output = output
            .join()
            .unwrap_or_else(|_| Err(io::Error::other("its output was lost")))
            .map_err(|source| GitFault::Broken { verb: verb.clone(), source })?;
        let errors = errors.join().ok().and_then(Result::ok).unwrap_or_default();
        if status.success() {
            return Ok(output);
        }
        Err(GitFault::Failed { verb, message: message_of(&errors, status) })
    }

    /// Starts `cat-file --batch`, which answers for one object after the other.
    pub fn blobs(&self) -> Result<Blobs, GitFault> {
        let mut child = self
            .command(&["cat-file", "--batch"])
            .stdin(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(GitFault::NotStarted)?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            let source = io::Error::other("it has no input or output");
            return Err(GitFault::Broken { verb: "cat-file".to_owned(), source });
        };
        Ok(Blobs { child, input: Some(input), output: io::BufReader::new(output) })
    }

    fn command<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Command {
        let mut command = Command::new("git");
        command.env_clear();
        // ssh finds a person's own keys by these; git itself reads no configuration by them.
        for name in ["PATH", "HOME", "SSH_AUTH_SOCK"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command
            .env("LC_ALL", "C")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_SYSTEM", "/dev/null")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_ATTR_NOSYSTEM", "1")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_ASKPASS", "")
            .env("GIT_SSH_COMMAND", "ssh -o BatchMode=yes")
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("GIT_NO_REPLACE_OBJECTS", "1")
            .env("GIT_NO_LAZY_FETCH", "1")
            .env("GIT_DIR", self.directory);
        if let Some(work_tree) = self.work_tree {
            command.env("GIT_WORK_TREE", work_tree).current_dir(work_tree);
        }
        for setting in SETTINGS {
            command.arg("-c").arg(setting);
        }
        command
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // A group of its own: what git starts, such as ssh, ends with it.
            .process_group(0);
        command
    }
}

/// A running `cat-file --batch`.
#[derive(Debug)]
pub struct Blobs {
    child: Child,
    input: Option<std::process::ChildStdin>,
    output: io::BufReader<std::process::ChildStdout>,
}

impl Blobs {
    /// The content of the blob with this id.
    pub fn read(&mut self, id: &str) -> Result<Vec<u8>, GitFault> {
        self.ask(id).map_err(|source| GitFault::Broken { verb: "cat-file".to_owned(), source })
    }

    fn ask(&mut self, id: &str) -> io::Result<Vec<u8>> {
        let gone = || io::Error::other("it has ended");
        let input = self.input.as_mut().ok_or_else(gone)?;
        input.write_all(format!("{id}\n").as_bytes())?;
        input.flush()?;
        let mut header = Vec::new();
        io::BufRead::read_until(&mut self.output, b'\n', &mut header)?;
        let header = String::from_utf8_lossy(&header);
        let mut words = header.split_whitespace();
        let (Some(_), Some("blob"), Some(size)) = (words.next(), words.next(), words.next()) else {
            return Err(io::Error::other(format!("object {id} is not a blob: {}", header.trim())));
        };
        let size: u64 = size.parse().map_err(io::Error::other)?;
        let mut content = Vec::new();
        (&mut self.output).take(size).read_to_end(&mut content)?;
        let mut end = [0_u8; 1];
        self.output.read_exact(&mut end)?;
        Ok(content)
    }
}

impl Drop for Blobs {
    fn drop(&mut self) {
        // Its input ends, so it ends by itself; killing only makes sure of it.
        drop(self.input.take());
        let _gone_already = self.child.kill();
        let _status = self.child.wait();
    }
}

fn verb_of<S: AsRef<OsStr>>(arguments: &[S]) -> String {
    arguments.first().map(|verb| verb.as_ref().to_string_lossy().into_owned()).unwrap_or_default()
}

/// Reads a pipe to its end beside the waiting; keeps at most `limit` bytes of it.
fn reader(
    pipe: Option<impl Read + Send + 'static>,
    limit: u64,
) -> thread::JoinHandle<io::Result<Vec<u8>>> {
    thread::spawn(move || {
        let mut kept = Vec::new();
        if let Some(mut pipe) = pipe {
            (&mut pipe).take(limit).read_to_end(&mut kept)?;
            io::copy(&mut pipe, &mut io::sink())?;
        }
        Ok(kept)
    })
}

/// Waits for the end; `None` when the time was over and the process and its group were killed.
fn wait(child: &mut Child, limit: Duration) -> io::Result<Option<ExitStatus>> {
    let began = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if began.elapsed() >= limit {
            let group = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw);
            if let Some(group) = group {
                let _gone =
                    rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
            }
            child.wait()?;
            return Ok(None);
        }
        thread::sleep(POLL);
    }
}

/// What git said, as one line for a person: credentials in URLs and other secrets cut out.
fn message_of(errors: &[u8], status: ExitStatus) -> String {
    let text = String::from_utf8_lossy(errors);
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    if lines.is_empty() {
        return status.to_string();
    }
    let line = lines.join("; ");
    let words: Vec<String> = line.split(' ').map(without_credentials).collect();
    leviathan_core::secret_scan::redact(&words.join(" ")).into_owned()
}

/// `https://user:password@host/…` without what stands before the `@`.
pub fn without_credentials(word: &str) -> String {
    let Some((scheme, rest)) = word.split_once("://") else { return word.to_owned() };
    let host_end = rest.find('/').unwrap_or(rest.len());
    let (authority, path) = rest.split_at(host_end);
    match authority.rsplit_once('@') {
        Some((_, host)) => format!("{scheme}://{host}{path}"),
        None => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_in_urls_are_cut_out() {
        for (word, expected) in [
            ("'https://x-access-token:abc@host.test/o/r.git/':", "'https://host.test/o/r.git/':"),
            ("ssh://git@host.test/o/r", "ssh://host.test/o/r"),
            ("https://host.test/a@b", "https://host.test/a@b"),
            ("plain", "plain"),
        ] {
            assert_eq!(without_credentials(word), expected);
        }
    }

    #[test]
    fn a_git_that_does_not_end_is_ended() {
        let place = tempfile::tempdir().unwrap();
        let git = Git::new(place.path(), Duration::from_millis(50));
        // An alias needs configuration, which only the command line can give: it stands for a
        // transport that hangs.
        let answer = git.run(&["-c", "alias.hang=!sleep 60", "hang"]);
        assert!(matches!(answer, Err(GitFault::TimedOut { .. })), "{answer:?}");
    }
}
