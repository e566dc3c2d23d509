//! The independent verifier on what seals a log, and on proofs: it agrees with the real code about
//! what is sound, and finds each flipped bit.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use leviathan_core::ports::Signer as _;
use leviathan_local::{FileSigner, FolderStore};
use leviathan_log::keys;
use leviathan_log::seal::{Bundle, EventName, VerifierKey};
use leviathan_tests::clock::HandClock;
use leviathan_tests::log_builders::log_over;
use rand::{RngExt as _, SeedableRng as _};
use tempfile::TempDir;

use crate::independent::say;
use crate::seal::{append, signer};

fn key_of(signer: &FileSigner) -> String {
    VerifierKey::new(signer.name(), &signer.public_key()).unwrap().to_string()
}

/// Sealed at 3, at 260 and at 270 events, and three events more; and the proof of event 255.
async fn sealed(signer: &FileSigner) -> (TempDir, Bundle) {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(FolderStore::open(folder.path()).unwrap());
    let log = log_over(store, Arc::new(HandClock::default()), 1);
    for events in [3, 257, 10] {
        append(&log, events).await;
        log.seal(signer, None).await.unwrap().unwrap();
    }
    append(&log, 3).await;
    let key = key_of(signer).parse().unwrap();
    let bundle = log.prove(&key, &EventName::Offset(255)).await.unwrap();
    (folder, bundle)
}

fn verify(folder: &Path, key: &str) -> Result<String, String> {
    say([folder.as_os_str(), OsStr::new(key)])
}

fn prove(bundle: &str, key: &str) -> Result<String, String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("proof.json");
    fs::write(&file, bundle).unwrap();
    say([OsStr::new("--proof"), file.as_os_str(), OsStr::new(key)])
}

/// Everything that seals the log.
fn seal_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = vec![folder.join(keys::CHECKPOINT)];
    let mut folders = vec![folder.join("tile"), folder.join("checkpoints")];
    while let Some(at) = folders.pop() {
        for entry in fs::read_dir(at).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    files
}

#[tokio::test]
async fn an_independent_verifier_agrees_that_a_sealed_log_is_sound() {
    let signer = signer();
    let (folder, _) = sealed(&signer).await;
    let said = verify(folder.path(), &key_of(&signer)).unwrap();
    let expected =
        format!("sealed: 3 checkpoints, the newest over 270 events, signed by {}", signer.name());
    assert_eq!(said.lines().nth(1), Some(expected.as_str()));
    assert_eq!(seal_files(folder.path()).len(), 1 + 3 + 9, "what was looked at");
}

#[tokio::test]
async fn an_independent_verifier_finds_each_flipped_bit_of_a_seal() {
    let signer = signer();
    let key = key_of(&signer);
    let (folder, _) = sealed(&signer).await;
    let mut random = rand::rngs::StdRng::seed_from_u64(7);
    for path in seal_files(folder.path()) {
        let good = fs::read(&path).unwrap();
        for _ in 0..2 {
            let mut bad = good.clone();
            let at = random.random_range(0..bad.len());
            bad[at] ^= 1 << random.random_range(0..8);
            fs::write(&path, &bad).unwrap();
            let said = verify(folder.path(), &key);
            let said = said.expect_err(&format!("{}, byte {at}", path.display()));
            let name = path.strip_prefix(folder.path()).unwrap().to_str().unwrap();
            assert!(said.starts_with(name), "{name}, byte {at}: {said}");
        }
        fs::write(&path, &good).unwrap();
    }
    verify(folder.path(), &key).unwrap();
}

#[tokio::test]
async fn an_independent_verifier_finds_what_is_missing_foreign_or_anothers() {
    let (signer, other) = (signer(), signer());
    let key = key_of(&signer);
    let (folder, _) = sealed(&signer).await;
    let said = verify(folder.path(), &key_of(&other)).unwrap_err();
    assert!(said.contains("another log"), "{said}");
    let same_name = VerifierKey::new(signer.name(), &other.public_key()).unwrap().to_string();
    let said = verify(folder.path(), &same_name).unwrap_err();
    assert!(said.contains("not signed by the key"), "{said}");
    let tile = folder.path().join("tile/0/001.p/14");
    let kept = fs::read(&tile).unwrap();
    fs::remove_file(&tile).unwrap();
    assert!(verify(folder.path(), &key).unwrap_err().contains("tile/0/001.p/14: it is missing"));
    fs::write(&tile, kept).unwrap();
    fs::write(folder.path().join("tile/0/notes"), "").unwrap();
    assert!(verify(folder.path(), &key).unwrap_err().contains("not the log's"));
    fs::remove_file(folder.path().join("tile/0/notes")).unwrap();
    // Cut off before the newest checkpoint's commit.
    let events = fs::read_dir(folder.path().join("events")).unwrap().count() as u64;
    for seq in [events - 2, events - 1] {
        fs::remove_file(folder.path().join(keys::commit(seq))).unwrap();
    }
    let said = verify(folder.path(), &key).unwrap_err();
    assert!(said.contains("longer log"), "{said}");
}

#[tokio::test]
async fn an_independent_verifier_checks_proofs_and_finds_each_flipped_bit() {
    let signer = signer();
    let key = key_of(&signer);
    let (_folder, bundle) = sealed(&signer).await;
    let text = |bundle: &Bundle| serde_json::to_string(bundle).unwrap();
    assert_eq!(prove(&text(&bundle), &key), Ok("proven: event 255 of 270".to_owned()));
    let said = prove(&text(&bundle), &key_of(&self::signer())).unwrap_err();
    assert!(said.contains("another log"), "{said}");
    let parsed: VerifierKey = key.parse().unwrap();
    let mut random = rand::rngs::StdRng::seed_from_u64(7);
    let flip = |text: &str, random: &mut rand::rngs::StdRng| loop {
        let mut bytes = text.as_bytes().to_vec();
        let at = random.random_range(0..bytes.len());
        bytes[at] ^= 1 << random.random_range(0..7);
        if let Ok(changed) = String::from_utf8(bytes) {
            return changed;
        }
    };
    for _ in 0..20 {
        let event = Bundle { event: flip(&bundle.event, &mut random), ..bundle.clone() };
        let proof = Bundle { proof: flip(&bundle.proof, &mut random), ..bundle.clone() };
        for bad in [event, proof] {
            assert!(bad.check(&parsed).is_err(), "{bad:?}");
            let said = prove(&text(&bad), &key);
            assert!(said.is_err(), "{bad:?}");
        }
    }
}
