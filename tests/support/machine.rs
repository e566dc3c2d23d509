//! A person's machine in a temporary folder: a home, a state folder, and our program, run with
//! nothing else of this machine's environment.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A safety net for programs that hang; nothing is measured with it.
const PATIENCE: Duration = Duration::from_secs(240);

const LOOK: Duration = Duration::from_millis(20);

/// See the module.
pub struct Machine {
    folder: TempDir,
    program: PathBuf,
    runs: AtomicU32,
}

/// What one run of the program gave.
#[derive(Debug)]
pub struct Ran {
    /// Its exit code; `None`: a signal ended it.
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// What it printed.
    pub stdout: String,
    /// What it noted.
    pub stderr: String,
}

/// A run that goes on.
pub struct Running {
    child: Child,
    stdout: PathBuf,
    stderr: PathBuf,
}

impl Machine {
    /// One on which nothing has run yet.
    pub fn new(program: &Path) -> Self {
        let folder = tempfile::Builder::new().prefix("leviathan-").tempdir();
        let folder = folder.expect("a temporary folder can be made");
        for name in ["home", "states", "runs"] {
            fs::create_dir(folder.path().join(name)).expect("a new folder is writable");
        }
        Self { folder, program: program.to_owned(), runs: AtomicU32::new(0) }
    }

    /// Where everything of it lies.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The state folder that `run` names.
    pub fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    /// A command in this machine's environment, on its state folder.
    pub fn command<T: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = T>) -> Command {
        let mut command = self.bare_command();
        command.arg("--state").arg(self.state()).args(arguments);
        command
    }

    /// A command that is told of no state folder.
    pub fn bare_command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.folder.path().join("home"))
            .env("XDG_STATE_HOME", self.folder.path().join("states"))
            .env("USER", "tester")
            .current_dir(self.folder.path())
            .stdin(Stdio::null());
        // Where Rust itself lies, for the sample's own tests.
        let home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
        for (name, usual) in [("RUSTUP_HOME", ".rustup"), ("CARGO_HOME", ".cargo")] {
            let place = std::env::var_os(name).map_or_else(|| home.join(usual), PathBuf::from);
            command.env(name, place);
        }
        command
    }

    /// Runs the program to its end.
    pub fn run<T: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = T>) -> Ran {
        self.start(self.command(arguments)).wait()
    }

    /// Runs it to its end, which has to be success; what it printed.
    pub fn done<T: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = T>) -> String {
        let ran = self.run(arguments);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        ran.stdout
    }

    /// Starts a command of this machine.
    pub fn start(&self, mut command: Command) -> Running {
        let run = self.runs.fetch_add(1, Ordering::Relaxed);
        let place = |kind| self.folder.path().join("runs").join(format!("{run}.{kind}"));
        let (stdout, stderr) = (place("stdout"), place("stderr"));
        let file = |path| File::create(path).expect("a new folder is writable");
        let child = command.stdout(file(&stdout)).stderr(file(&stderr)).spawn();
        Running { child: child.expect("the program can be started"), stdout, stderr }
    }

    /// Every process that still has to do with this machine: by its arguments, its environment or
    /// the folder it stands in. One that has only to be waited for is none any more.
    pub fn processes(&self) -> Vec<String> {
        let mark = self.folder.path().to_string_lossy().into_owned();
        let all = fs::read_dir("/proc").map(|all| all.flatten().collect()).unwrap_or_default();
        let all: Vec<fs::DirEntry> = all;
        all.into_iter()
            .filter(|entry| entry.file_name().to_string_lossy().parse::<u32>().is_ok())
            .filter_map(|entry| {
                let read = |name| fs::read(entry.path().join(name)).unwrap_or_default();
                let arguments = String::from_utf8_lossy(&read("cmdline")).replace('\0', " ");
                let environment = String::from_utf8_lossy(&read("environ")).into_owned();
                let stands = fs::read_link(entry.path().join("cwd")).unwrap_or_default();
                let ours = arguments.contains(&mark)
                    || environment.contains(&mark)
                    || stands.to_string_lossy().contains(&mark);
                ours.then(|| format!("{}: {arguments}", entry.file_name().to_string_lossy()))
            })
            .collect()
    }

    /// The same, once those that are about to end have ended.
    pub fn processes_left(&self) -> Vec<String> {
        let began = Instant::now();
        loop {
            let left = self.processes();
            if left.is_empty() || began.elapsed() > Duration::from_secs(20) {
                return left;
            }
            thread::sleep(LOOK);
        }
    }
}

impl Running {
    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it has printed so far.
    pub fn stdout(&self) -> String {
        read(&self.stdout)
    }

    /// What it has noted so far.
    pub fn stderr(&self) -> String {
        read(&self.stderr)
    }

    /// Waits until what it printed holds this text.
    pub fn wait_for(&mut self, text: &str) {
        let began = Instant::now();
        while !self.stdout().contains(text) && !self.stderr().contains(text) {
            let ended = self.child.try_wait().expect("a child can be waited for");
            let said = (self.stdout(), self.stderr());
            assert!(ended.is_none(), "it ended without {text:?}: {ended:?} {said:?}");
            assert!(began.elapsed() < PATIENCE, "it does not say {text:?}: {said:?}");
            thread::sleep(LOOK);
        }
    }

    /// Sends it SIGKILL.
    pub fn kill(&mut self) {
        self.child.kill().expect("a child can be killed");
    }

    /// Sends it SIGINT, as Ctrl-C does.
    pub fn interrupt(&self) {
        let id = i32::try_from(self.child.id()).ok().and_then(rustix::process::Pid::from_raw);
        let id = id.expect("a child has a process id");
        rustix::process::kill_process(id, rustix::process::Signal::INT)
            .expect("a child can be interrupted");
    }

    /// Waits for its end.
    pub fn wait(mut self) -> Ran {
        let began = Instant::now();
        let status: ExitStatus = loop {
            if let Some(status) = self.child.try_wait().expect("a child can be waited for") {
                break status;
            }
            if began.elapsed() > PATIENCE {
                self.kill();
                let said = (self.stdout(), self.stderr());
                assert!(began.elapsed() < PATIENCE, "it hangs: {said:?}");
            }
            thread::sleep(LOOK);
        };
        let (code, signal) = (status.code(), status.signal());
        Ran { code, signal, stdout: self.stdout(), stderr: self.stderr() }
    }
}

fn read(path: &Path) -> String {
    String::from_utf8_lossy(&fs::read(path).unwrap_or_default()).into_owned()
}
