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

/// Builds one program into the folder that the running test comes from.
fn build(package: &str, program: &str) -> PathBuf {
    // target/<profile>/deps/<suite>-<hash>
    let suite = std::env::current_exe().expect("a test knows its own program");
    let profile = suite.ancestors().nth(2).expect("a suite lies in target/<profile>/deps");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .args(["build", "--quiet", "--package", package, "--bin", program])
        .arg("--manifest-path")
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml"))
        .arg("--target-dir")
        .arg(profile.parent().expect("a profile's folder lies in target"));
    if profile.ends_with("release") {
        command.arg("--release");
    }
    let status = command.status().expect("cargo can be started");
    assert!(status.success(), "{program} does not build: {status}");
    let built = profile.join(program);
    assert!(built.is_file(), "{} was built elsewhere", built.display());
    built
}
