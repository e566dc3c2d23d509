//! The commands of docs/development.md for working on one function by hand: run as they stand there,
//! on other ports.

use std::fs;
use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::Value;

/// The first request compiles the function.
const PATIENCE: Duration = Duration::from_secs(600);

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// What one terminal runs, by the page.
fn terminal(page: &str, number: u32) -> String {
    let begin = format!("```sh\n# terminal {number}:");
    let (_, rest) = page.split_once(&begin).unwrap();
    let (block, _) = rest.split_once("```").unwrap();
    format!("set -e\n#{block}")
}

/// Commands in a process group of their own, ended as by Ctrl-C, and killed if that is not enough.
struct Terminal(Child);

impl Terminal {
    fn run(commands: &str) -> Self {
        let mut bash = Command::new("bash");
        bash.args(["-c", commands]).current_dir(root()).stdin(Stdio::null()).process_group(0);
        Self(bash.spawn().unwrap())
    }

    fn signal(&self, signal: Signal) {
        let group = i32::try_from(self.0.id()).ok().and_then(Pid::from_raw);
        // It may have ended by itself.
        let _ended = kill_process_group(group.unwrap(), signal);
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.signal(Signal::INT);
        let until = Instant::now() + Duration::from_secs(10);
        while Instant::now() < until && matches!(self.0.try_wait(), Ok(None)) {
            sleep(Duration::from_millis(50));
        }
        self.signal(Signal::KILL);
        drop(self.0.wait());
    }
}

#[test]
fn the_documented_commands_answer_a_request() {
    let free = || TcpListener::bind("127.0.0.1:0").unwrap();
    let (emulator, function) = (free(), free());
    let port = |listener: &TcpListener| listener.local_addr().unwrap().port().to_string();
    let mut page = fs::read_to_string(root().join("docs/development.md")).unwrap();
    let environment = tempfile::NamedTempFile::new().unwrap();
    for (documented, here) in [
        ("127.0.0.1:4566", format!("127.0.0.1:{}", port(&emulator))),
        ("9010", port(&function)),
        ("target/watch.env", environment.path().display().to_string()),
    ] {
        assert!(page.contains(documented), "{documented}");
        page = page.replace(documented, &here);
    }
    if let Ok(tools) = std::env::var("LEVIATHAN_TOOLS") {
        page = page.replace("~/.cache/leviathan/tools", &tools);
    }
    drop((emulator, function));
    let _localstack = Terminal::run(&terminal(&page, 1));
    let _watch = Terminal::run(&terminal(&page, 2));
    let ask = terminal(&page, 3);
    let began = Instant::now();
    let answer = loop {
        let asked = Command::new("bash").args(["-c", &ask]).output().unwrap();
        if asked.status.success() {
            break asked.stdout;
        }
        let said = String::from_utf8_lossy(&asked.stderr);
        assert!(began.elapsed() < PATIENCE, "no answer: {said}");
        sleep(Duration::from_millis(500));
    };
    let answer: Value = serde_json::from_slice(&answer).unwrap();
    assert_eq!(answer["tasks"], serde_json::json!([]), "{answer}");
}
