//! Core is pure. Clippy holds it by the bans in `shared/core/clippy.toml`; here a sample that breaks
//! each ban has to be refused under that very file, so that the guard can't be off unnoticed.

use std::fs;
use std::process::Command;

use crate::tree::root;

/// Lints a one-file crate under core's settings; clippy's words if it refuses.
fn refused(body: &str) -> Option<String> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::create_dir(folder.path().join("src")).expect("src");
    let manifest =
        "[package]\nname = \"sample\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[workspace]\n";
    fs::write(folder.path().join("Cargo.toml"), manifest).expect("Cargo.toml");
    fs::write(folder.path().join("src/lib.rs"), body).expect("lib.rs");
    let output = Command::new(env!("CARGO"))
        .args(["clippy", "--quiet", "--offline", "--", "-D", "clippy::disallowed_methods"])
        .args(["-D", "clippy::disallowed_types"])
        .current_dir(folder.path())
        .env("CLIPPY_CONF_DIR", root().join("shared/core"))
        .env("CARGO_TARGET_DIR", folder.path().join("target"))
        .env_remove("RUSTFLAGS")
        .output()
        .expect("cargo clippy runs");
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    (!output.status.success()).then_some(words)
}

#[test]
fn a_pure_sample_passes() {
    assert_eq!(refused("//! Pure.\npub fn add(a: u8) -> u8 { a.wrapping_add(1) }\n"), None);
}

#[test]
fn each_impure_sample_is_refused() {
    let samples = [
        "std::time::SystemTime::now()",
        "std::time::Instant::now()",
        "std::env::var(\"HOME\")",
        "std::fs::read(\"x\")",
        "std::process::Command::new(\"x\")",
        "std::collections::HashMap::<u8, u8>::new()",
    ];
    let lines: Vec<String> = samples
        .iter()
        .enumerate()
        .map(|(index, sample)| format!("pub fn f{index}() {{ let _ = {sample}; }}"))
        .collect();
    let words = refused(&format!("//! Impure.\n{}\n", lines.join("\n"))).expect("refused");
    for (index, sample) in samples.iter().enumerate() {
        assert!(words.contains(&format!("fn f{index}()")), "{sample} was let through");
    }
}
