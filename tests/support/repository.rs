//! A target as a person has one: a real repository, made and changed with their own git.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Where the backlog lies in it.
pub const BACKLOG: &str = ".leviathan/backlog.yaml";

/// Each file's mode and bytes, by its path.
pub type Persons = BTreeMap<String, (u32, Vec<u8>)>;

/// A repository with a working tree on `main`.
pub struct Repository {
    path: PathBuf,
}

impl Repository {
    /// A new one in this folder, without a git commit.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        fs::create_dir_all(&path).expect("a folder can be made");
        let repository = Self { path };
        repository.git(["init", "--quiet", "--template=", "--initial-branch=main"]);
        repository
    }

    /// A new one with these files in its first git commit. Equal files give equal ids.
    pub fn with(path: impl Into<PathBuf>, files: &[(&str, &str)]) -> Self {
        let repository = Self::new(path);
        repository.commit(files, "first");
        repository
    }

    /// One that exists, bare or not.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// As an argument.
    pub fn typed(&self) -> String {
        self.path.display().to_string()
    }

    /// Writes a file of the working tree.
    pub fn write(&self, path: &str, content: &str) {
        let file = self.path.join(path);
        fs::create_dir_all(file.parent().unwrap_or(&file)).expect("a folder can be made");
        fs::write(file, content).expect("a file can be written");
    }

    /// Writes files and makes one git commit of all that differs.
    pub fn commit(&self, files: &[(&str, &str)], message: &str) {
        for (path, content) in files {
            self.write(path, content);
        }
        self.git(["add", "--all"]);
        self.git(["commit", "--quiet", "-m", message]);
    }

    /// A person's git; what it printed, trimmed.
    pub fn git<T: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = T>) -> String {
        let mut command = self.command();
        let output = command.args(arguments).output().expect("git can be started");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{command:?}: {said}");
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    /// The same where failing is an answer.
    pub fn try_git<T: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = T>) -> Output {
        self.command().args(arguments).output().expect("git can be started")
    }

    fn command(&self) -> Command {
        let mut command = Command::new("git");
        command.arg("-C").arg(&self.path).args(["-c", "commit.gpgSign=false"]);
        let names = ["GIT_AUTHOR", "GIT_COMMITTER"];
        for name in names {
            command
                .env(format!("{name}_NAME"), "A Person")
                .env(format!("{name}_EMAIL"), "person@example.org")
                .env(format!("{name}_DATE"), "2026-01-01T12:00:00Z");
        }
        for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] {
            command.env_remove(name);
        }
        command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null");
        command
    }

    /// Our branches with the git commit that each stands at.
    pub fn agent_branches(&self) -> BTreeMap<String, String> {
        let listed = self.git([
            "for-each-ref",
            "--format=%(refname:short) %(objectname)",
            "refs/heads/agent/",
        ]);
        let pairs = listed.lines().filter_map(|line| line.split_once(' '));
        pairs.map(|(name, id)| (name.to_owned(), id.to_owned())).collect()
    }

    /// The branch of a task; there has to be one.
    pub fn branch_of(&self, task: &str) -> String {
        let start = format!("agent/{task}-");
        let branches = self.agent_branches();
        let found: Vec<&String> = branches.keys().filter(|name| name.starts_with(&start)).collect();
        assert_eq!(found.len(), 1, "branches of {task}: {branches:?}");
        found.first().map(|name| (*name).clone()).unwrap_or_default()
    }

    /// A file as it stands in a git commit.
    pub fn show(&self, commit: &str, path: &str) -> String {
        self.git(["show", &format!("{commit}:{path}")])
    }

    /// What of it differs from how it was before.
    pub fn changed_since(&self, before: &Persons) -> Vec<String> {
        let now = self.all_that_is_the_persons();
        let differs = |name: &&String| now.get(*name) != before.get(*name);
        let names: BTreeSet<&String> = now.keys().chain(before.keys()).collect();
        names.into_iter().filter(differs).cloned().collect()
    }

    /// Everything that no program but the person's own may change: the working tree, the index,
    /// HEAD, configuration, hooks and the person's branches, with each file's bytes and mode.
    pub fn all_that_is_the_persons(&self) -> Persons {
        let mut found = BTreeMap::new();
        collect(&self.path, &self.path, &mut found);
        found
    }
}

fn collect(root: &Path, folder: &Path, found: &mut Persons) {
    for entry in fs::read_dir(folder).expect("a folder can be read").flatten() {
        let path = entry.path();
        let name = path.strip_prefix(root).unwrap_or(&path).display().to_string();
        if matches!(name.as_str(), ".git/objects" | ".git/refs/heads/agent") {
            continue;
        }
        let about = fs::symlink_metadata(&path).expect("what was listed is there");
        if about.is_dir() {
            found.insert(format!("{name}/"), (about.mode(), Vec::new()));
            collect(root, &path, found);
        } else if about.is_symlink() {
            let to = fs::read_link(&path).expect("a symlink can be read");
            found.insert(name, (about.mode(), to.into_os_string().into_encoded_bytes()));
        } else {
            let bytes = fs::read(&path).expect("a file can be read");
            found.insert(name, (about.mode(), bytes));
        }
    }
}
