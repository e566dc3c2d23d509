//! Backup, restore and drill from the command line, the second store in S3: the way of
//! docs/operations/backup-restore.md. The suite `emulators` walks it too.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;

use leviathan_local::{FileSigner, FolderStore};
use leviathan_log::Log;
use leviathan_log::artifacts::Artifacts;
use leviathan_tests::clock::TrueClock;
use leviathan_tests::log_builders::{log_over, note, transaction};
use serde_json::Value;
use tempfile::TempDir;
use tokio::process::Command;

/// A state folder with a log in it, and the program beside it.
pub(crate) struct Machine {
    folder: TempDir,
    log: Log,
    endpoint: String,
}

/// What one run of the program gave.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    fn json(&self) -> Value {
        assert_eq!(self.code, Some(0), "{self:?}");
        serde_json::from_str(&self.stdout).unwrap()
    }
}

impl Machine {
    /// With three commits, sealed, and an artifact; its S3 is at this endpoint.
    pub(crate) async fn new(endpoint: String) -> Self {
        let folder = TempDir::new().unwrap();
        let open = |name| Arc::new(FolderStore::open(folder.path().join(name)).unwrap());
        let log = log_over(open("state/log"), Arc::new(TrueClock), 1);
        Artifacts::new(open("state/data")).put("an artifact").await.unwrap();
        let machine = Self { folder, log, endpoint };
        for number in 0..3 {
            machine.append(number).await;
        }
        let signer = FileSigner::open_or_make(&machine.path("key")).unwrap();
        machine.log.seal(&signer, None).await.unwrap().unwrap();
        machine
    }

    async fn append(&self, number: u64) {
        self.log.transact(&transaction("own"), move |_, _| note(number)).await.unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The program in this folder.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Ran {
        program(self.folder.path(), &self.endpoint, arguments).await
    }

    pub(crate) async fn json(&self, arguments: &[&str]) -> Value {
        self.run(&[arguments, &["--output", "json"]].concat()).await.json()
    }

    /// Copies to this place what it lacks.
    pub(crate) async fn back_up(&self, place: &str) -> Value {
        let from = ["--log", "state/log", "--data", "state/data"];
        self.json(&[&["log", "backup", place], &from[..]].concat()).await
    }
}

/// The program in a folder, with nothing of this process's environment.
pub(crate) async fn program(folder: &Path, endpoint: &str, arguments: &[&str]) -> Ran {
    let output = Command::new(env!("CARGO_BIN_EXE_leviathanctl-s3"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder)
        .env("USER", "ada")
        .env("AWS_ENDPOINT_URL", endpoint)
        .env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "very-secret-indeed")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let ran = Ran {
        code: output.status.code(),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    };
    for secret in ["AKIDEXAMPLE", "very-secret-indeed"] {
        assert!(!ran.stdout.contains(secret) && !ran.stderr.contains(secret), "{ran:?}");
    }
    ran
}

/// From a log on this machine to a backup in S3, and back; `between` hears of each step's end.
pub(crate) async fn there_and_back(machine: &Machine, place: &str, mut between: impl FnMut(&str)) {
    let first = machine.back_up(place).await;
    assert_eq!((&first["commits_before"], &first["commits"]), (&0.into(), &3.into()), "{first}");
    assert_eq!(first["artifacts"], 1, "{first}");
    assert!(first["proofs"].as_u64() >= Some(2), "{first}");
    between("first");

    machine.append(3).await;
    let behind = machine.json(&["log", "drill", "--from", place, "--log", "state/log"]).await;
    assert_eq!((&behind["same"], &behind["behind_commits"]), (&true.into(), &1.into()), "{behind}");
    between("drill");

    let second = machine.back_up(place).await;
    assert_eq!((&second["commits_before"], &second["commits"]), (&3.into(), &1.into()), "{second}");
    assert_eq!((&second["proofs"], &second["artifacts"]), (&0.into(), &0.into()), "{second}");
    between("second");

    let head = second["head"].as_str().unwrap();
    let verified = machine.json(&["log", "verify", "--log", place, "--head", head]).await;
    assert_eq!((&verified["sound"], &verified["commits"]), (&true.into(), &4.into()), "{verified}");
    between("verify");

    let restore = ["log", "restore", "--from", place, "--to", "new/log", "--to-data", "new/data"];
    let restore = [&restore[..], &["--old", "state/log", "--yes"]].concat();
    let restored = machine.json(&restore).await;
    assert_eq!((&restored["commits"], &restored["epoch"]), (&4.into(), &2.into()), "{restored}");
    assert_eq!((&restored["artifacts"], &restored["left_behind"]), (&1.into(), &0.into()));
    between("restore");

    let sound = machine.json(&["log", "verify", "--log", "new/log"]).await;
    assert_eq!(sound["sound"], true, "{sound}");
    let digest = leviathan_core::ids::Digest::of(b"an artifact");
    let artifacts = Artifacts::new(Arc::new(FolderStore::open(machine.path("new/data")).unwrap()));
    assert_eq!(artifacts.get(&digest).await.unwrap(), "an artifact");
}
