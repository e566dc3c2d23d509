//! The Job's folder on this machine, and what the cluster itself keeps in it.
//!
//! ```text
//! job.json                    what the phases read
//! base.git/ workspace/ home/  prepare fills them, work changes the latter two
//! gate/ check/ report/        a place for each of these phases
//! phases/<phase>/             started, result.json (the phase), exit.json (the cluster)
//! logs/<phase>.log            what a phase printed
//! scratch/<phase>/            a phase's own temporary files
//! processes.jsonl             every process that was started, to be ended after a crash
//! end.json                    how the Job ended; without it and without a process it was lost
//! ```

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use leviathan_confine::Process;
use leviathan_core::fact::{FailureClass, Phase};
use leviathan_core::ports::cluster::{Job, JobStatus};
use serde::{Deserialize, Serialize};

/// Every phase, report included.
pub(super) const PHASES: [Phase; 5] =
    [Phase::Report, Phase::Prepare, Phase::Work, Phase::Gate, Phase::Check];

/// The folders that hold what a target's commands made; of no use once the Job has ended.
const BULKY: &[&str] = &["workspace", "home", "base.git", "check", "scratch"];

/// The places of one Job.
#[derive(Debug, Clone)]
pub(super) struct Folder(PathBuf);

/// `end.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct End {
    /// How.
    pub(super) status: EndStatus,
    /// Whose fault a failure is.
    pub(super) class: Option<FailureClass>,
    /// For a person; holds no secret.
    pub(super) reason: String,
    /// When.
    pub(super) at: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum EndStatus {
    Completed,
    Failed,
    Deleted,
}

impl End {
    pub(super) fn new(status: EndStatus, reason: impl Into<String>) -> Self {
        let class = (status == EndStatus::Failed).then_some(FailureClass::Infra);
        Self { status, class, reason: reason.into(), at: Timestamp::now() }
    }
    pub(super) fn lost() -> Self {
        Self::new(EndStatus::Failed, "lost when the process ended")
    }
    pub(super) fn job_status(self) -> JobStatus {
        match self.status {
            EndStatus::Completed => JobStatus::Completed,
            EndStatus::Deleted => JobStatus::Missing,
            EndStatus::Failed => JobStatus::Failed {
                class: self.class.unwrap_or(FailureClass::Infra),
                reason: self.reason,
            },
        }
    }
}

/// `phases/<phase>/exit.json`: what was seen of a phase that ended without a result.
#[derive(Debug, Serialize)]
struct PhaseExit<'a> {
    reason: &'a str,
    class: Option<FailureClass>,
}

impl Folder {
    pub(super) fn at(path: PathBuf) -> Self {
        Self(path)
    }
    pub(super) fn root(&self) -> &Path {
        &self.0
    }
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
    pub(super) fn phase(&self, phase: Phase) -> PathBuf {
        self.0.join("phases").join(phase.as_str())
    }
    pub(super) fn scratch(&self, phase: Phase) -> PathBuf {
        self.0.join("scratch").join(phase.as_str())
    }
    pub(super) fn log(&self, phase: Phase) -> PathBuf {
        self.0.join("logs").join(format!("{}.log", phase.as_str()))
    }
    pub(super) fn claimed(&self) -> bool {
        self.0.join("report/claimed").exists()
    }

    /// Makes the folder; `false`: it is there already. Whole or not at all: it is made aside and
    /// renamed, so that a folder that exists has everything that a Job needs.
    pub(super) fn create(&self, job: &Job) -> io::Result<bool> {
        if self.0.exists() {
            return Ok(false);
        }
        let mut aside = self.0.clone().into_os_string();
        aside.push(format!(".{}.part", std::process::id()));
        let aside = Folder(PathBuf::from(aside));
        remove_tree(&aside.0)?;
        for name in ["base.git", "workspace", "home/tmp", "gate", "check", "report", "logs"] {
            private_folder(&aside.path(name))?;
        }
        for phase in PHASES {
            private_folder(&aside.phase(phase))?;
            private_folder(&aside.scratch(phase))?;
        }
        write_whole(&aside.path("job.json"), &serde_json::to_vec(job)?)?;
        match fs::rename(&aside.0, &self.0) {
            Ok(()) => Ok(true),
            Err(_) if self.0.exists() => remove_tree(&aside.0).map(|()| false),
            Err(error) => Err(error),
        }
    }

    pub(super) fn note_process(&self, process: Process) -> io::Result<()> {
        let mut line = serde_json::to_vec(&process)?;
        line.push(b'\n');
        let path = self.path("processes.jsonl");
        fs::OpenOptions::new().create(true).append(true).mode(0o600).open(path)?.write_all(&line)
    }

    /// The processes that were noted; a line that a crash cut short is left out.
    pub(super) fn processes(&self) -> Vec<Process> {
        let text = fs::read_to_string(self.path("processes.jsonl")).unwrap_or_default();
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// Says of a phase that ended without a result how it ended. A result that it wrote stands.
    pub(super) fn note_exit(
        &self,
        phase: Phase,
        reason: &str,
        class: Option<FailureClass>,
    ) -> io::Result<()> {
        let place = self.phase(phase);
        if place.join("result.json").symlink_metadata().is_ok() {
            return Ok(());
        }
        write_whole(&place.join("exit.json"), &serde_json::to_vec(&PhaseExit { reason, class })?)
    }

    pub(super) fn write_end(&self, end: &End) -> io::Result<()> {
        write_whole(&self.path("end.json"), &serde_json::to_vec(end)?)
    }

    pub(super) fn read_end(&self) -> Option<End> {
        serde_json::from_slice(&fs::read(self.path("end.json")).ok()?).ok()
    }

    /// Keeps what tells how the Job went, and gives the rest of the disk back.
    pub(super) fn slim(&self) -> io::Result<()> {
        BULKY.iter().try_for_each(|name| remove_tree(&self.path(name)))
    }

    pub(super) fn remove(&self) -> io::Result<()> {
        remove_tree(&self.0)
    }
}

fn private_folder(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    let _left_by_a_crash = fs::remove_file(&part);
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&part)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(part, path)
}

/// Removes a folder with all that is in it, also where commands took the permission to do so from
/// folders (Go's module cache does). Follows no link.
pub(super) fn remove_tree(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            make_removable(path)?;
            fs::remove_dir_all(path)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

fn make_removable(path: &Path) -> io::Result<()> {
    if !fs::symlink_metadata(path)?.is_dir() {
        return Ok(());
    }
    fs::set_permissions(path, fs::Permissions::from_mode(0o700))?;
    fs::read_dir(path)?.flatten().try_for_each(|entry| make_removable(&entry.path()))
}
