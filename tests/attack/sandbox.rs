//! A folder tree with a victim outside of what the command may touch, and a way to run one.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use leviathan_confine::{
    ConfineError, ConfinedCommand, Confinement, Ended, Limits, StopToken, SystemFolders,
    available_with, run_until, system_folders,
};

/// The program that becomes the helper.
pub(crate) fn helper() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_confined-phases"))
}

/// `job` is the command's, everything else beneath `root` is not.
pub(crate) struct Sandbox {
    folder: tempfile::TempDir,
    pub(crate) limits: Limits,
    pub(crate) network: bool,
    pub(crate) readable: Vec<PathBuf>,
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("job/tmp")).unwrap();
        fs::create_dir_all(folder.path().join("home/.ssh")).unwrap();
        fs::write(folder.path().join("home/.ssh/id_ed25519"), "the private key").unwrap();
        fs::write(folder.path().join("victim"), "untouched").unwrap();
        let limits = Limits { time: Duration::from_secs(60), ..Limits::default() };
        Self { folder, limits, network: true, readable: Vec::new() }
    }
    pub(crate) fn root(&self) -> PathBuf {
        fs::canonicalize(self.folder.path()).unwrap()
    }
    pub(crate) fn job(&self) -> PathBuf {
        self.root().join("job")
    }
    pub(crate) fn output(&self) -> String {
        fs::read_to_string(self.root().join("log")).unwrap()
    }
    pub(crate) fn victim(&self) -> String {
        fs::read_to_string(self.root().join("victim")).unwrap()
    }
    fn system(&self) -> SystemFolders {
        let real_home = std::env::var("HOME").unwrap();
        let path = std::env::var("PATH").unwrap();
        let mut system = system_folders(&path, Some(Path::new(&real_home)));
        system.hidden.push(self.root().join("home"));
        system
    }
    pub(crate) fn run(&self, program: &str, args: &[&str]) -> Result<Ended, ConfineError> {
        self.run_until(program, args, b"", &StopToken::new())
    }
    /// Runs a shell script in the job's folder.
    pub(crate) fn sh(&self, script: &str) -> Ended {
        self.run("sh", &["-c", script]).unwrap()
    }
    pub(crate) fn python(&self, script: &str) -> Ended {
        self.run("python3", &["-c", script]).unwrap()
    }
    pub(crate) fn run_until(
        &self,
        program: &str,
        args: &[&str],
        stdin: &[u8],
        stop: &StopToken,
    ) -> Result<Ended, ConfineError> {
        let system = self.system();
        let command = ConfinedCommand {
            program: program.to_owned(),
            args: args.iter().map(|arg| (*arg).to_owned()).collect(),
            directory: self.job(),
            environment: system.environment_in(&self.job()),
            stdin: stdin.to_vec(),
            output: self.root().join("log"),
        };
        let confinement = Confinement {
            readable: system.readable.into_iter().chain(self.readable.clone()).collect(),
            writable: vec![self.job()],
            hidden: system.hidden,
            network: self.network,
            limits: self.limits.clone(),
            helper: Some(helper()),
        };
        run_until(&command, &confinement, stop)
    }
}

/// What this machine can enforce; tests state it where it decides what they may expect.
pub(crate) fn isolation() -> leviathan_confine::Isolation {
    available_with(&helper())
}

/// Whether any process of this machine has the text in its command line.
pub(crate) fn somebody_runs(mark: &str) -> bool {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    processes.filter(|entry| entry.file_name().to_string_lossy().parse::<u32>().is_ok()).any(
        |entry| {
            let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
            String::from_utf8_lossy(&line).contains(mark)
        },
    )
}

/// Says so when this kernel can't confine files: the start line then says it too.
pub(crate) fn lacks_landlock() -> bool {
    let isolation = isolation();
    if !isolation.confines_files() {
        eprintln!("NOT RUN, this kernel lacks Landlock: {isolation}");
    }
    !isolation.confines_files()
}
