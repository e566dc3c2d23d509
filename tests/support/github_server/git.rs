//! Git itself, by plumbing, on a bare repository.

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// One bare repository.
pub(super) struct Git {
    pub(super) dir: PathBuf,
}

/// What one run gave.
pub(super) struct Ran {
    pub(super) ok: bool,
    pub(super) stdout: Vec<u8>,
}

impl Ran {
    /// The output as a line.
    pub(super) fn line(&self) -> String {
        String::from_utf8_lossy(&self.stdout).trim_end().to_owned()
    }
}

impl Git {
    /// Runs it with nothing on its input.
    pub(super) fn run<T: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = T>) -> Ran {
        self.with(args, &[], &[])
    }

    /// Runs it with this environment and input.
    pub(super) fn with<T: AsRef<OsStr>>(
        &self,
        args: impl IntoIterator<Item = T>,
        environment: &[(&str, &str)],
        input: &[u8],
    ) -> Ran {
        let mut command = command();
        command.arg("--git-dir").arg(&self.dir).args(args).envs(environment.iter().copied());
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("git can be started");
        let mut stdin = child.stdin.take().expect("its input is a pipe");
        let input = input.to_vec();
        // One that ends early closes the pipe.
        let writing = std::thread::spawn(move || drop(stdin.write_all(&input)));
        let output = child.wait_with_output().expect("git can be waited for");
        writing.join().expect("writing ends");
        Ran { ok: output.status.success(), stdout: output.stdout }
    }

    /// The id of what an expression names.
    pub(super) fn id(&self, expression: &str) -> Option<String> {
        let ran = self.run(["rev-parse", "--verify", "--quiet", "--end-of-options", expression]);
        ran.ok.then(|| ran.line())
    }

    /// Where a branch stands.
    pub(super) fn branch(&self, branch: &str) -> Option<String> {
        self.id(&format!("refs/heads/{branch}^{{commit}}"))
    }

    /// `blob`, `tree`, `commit`; `None`: no such object.
    pub(super) fn kind(&self, id: &str) -> Option<String> {
        if id.len() != 40 || !id.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        let ran = self.run(["cat-file", "-t", id]);
        ran.ok.then(|| ran.line())
    }
}

/// Runs git in a folder; it has to succeed.
pub(super) fn run<T: AsRef<OsStr>>(folder: &Path, args: impl IntoIterator<Item = T>) {
    let status = command().current_dir(folder).args(args).status().expect("git can be started");
    assert!(status.success(), "git: {status}");
}

fn command() -> Command {
    let mut command = Command::new("git");
    for (name, _) in std::env::vars_os() {
        if name.as_encoded_bytes().starts_with(b"GIT_") {
            command.env_remove(name);
        }
    }
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    command
}
