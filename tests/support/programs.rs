//! The real programs, built once for all tests of a suite.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The `executor` program of this workspace, built from the sources that stand there now.
pub fn executor() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| build("leviathan-executor", "executor"))
}

/// The command line of this workspace, the same way.
pub fn leviathanctl() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| build("leviathanctl", "leviathanctl"))
}

/// A Lambda program of this workspace, the same way: all of them are built with the features that the
/// suites have them with, so that nothing is compiled twice.
pub fn function(name: &str) -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let profile = BUILT.get_or_init(|| {
        let mut command = cargo(&["build", "--quiet", "--bins"]);
        command.args(["--package", "leviathan-tests", "--features", "leviathan-tests/emulators"]);
        for package in FUNCTIONS {
            command.args(["--package", package]);
        }
        let status = command.status().expect("cargo can be started");
        assert!(status.success(), "the Lambda programs do not build: {status}");
        profile()
    });
    let built = profile.join(name);
    assert!(built.is_file(), "{} was built elsewhere", built.display());
    built
}

/// The crates of the Lambda programs.
const FUNCTIONS: [&str; 4] =
    ["leviathan-api", "leviathan-pr-ingest", "leviathan-publish", "leviathan-tick"];

/// Builds one program into the folder that the running test comes from.
fn build(package: &str, program: &str) -> PathBuf {
    let mut command = cargo(&["build", "--quiet", "--package", package, "--bin", program]);
    let status = command.status().expect("cargo can be started");
    assert!(status.success(), "{program} does not build: {status}");
    let built = profile().join(program);
    assert!(built.is_file(), "{} was built elsewhere", built.display());
    built
}

/// Cargo, for the workspace and the folder of the running test.
fn cargo(arguments: &[&str]) -> Command {
    let profile = profile();
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command
        .args(arguments)
        .arg("--manifest-path")
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml"))
        .arg("--target-dir")
        .arg(profile.parent().expect("a profile's folder lies in target"));
    if profile.ends_with("release") {
        command.arg("--release");
    }
    command
}

/// The folder of programs that belongs to the running test.
fn profile() -> PathBuf {
    // target/<profile>/deps/<suite>-<hash>
    let suite = std::env::current_exe().expect("a test knows its own program");
    suite.ancestors().nth(2).expect("a suite lies in target/<profile>/deps").to_owned()
}
