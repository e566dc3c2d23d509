//! Checkpoints signed by a key in KMS, on the emulator that can do Ed25519.

use std::sync::Arc;

use aws_sdk_kms::Client;
use aws_sdk_kms::config::{BehaviorVersion, Config, Credentials, Region};
use aws_sdk_kms::types::{KeySpec, KeyUsageType};
use ed25519_dalek::{Signature, VerifyingKey};
use leviathan_aws::KmsSigner;
use leviathan_core::ports::Signer as _;
use leviathan_local::FolderStore;
use leviathan_log::Known;
use leviathan_log::seal::VerifierKey;
use leviathan_tests::clock::TrueClock;
use leviathan_tests::emulator::Emulator;
use leviathan_tests::log_builders::{log_over, note, transaction};

use crate::command_line::program;

const NAME: &str = "logs.example.com/leviathan";

fn client(endpoint: &str) -> Client {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .endpoint_url(endpoint)
        .region(Region::from_static("us-east-1"))
        .credentials_provider(Credentials::new("test", "very-secret", None, None, "tests"))
        .build();
    Client::from_conf(config)
}

async fn key(client: &Client, spec: KeySpec) -> String {
    let made = client.create_key().key_spec(spec).key_usage(KeyUsageType::SignVerify);
    made.send().await.unwrap().key_metadata.unwrap().key_id
}

#[tokio::test]
async fn what_kms_signs_is_plain_ed25519() {
    let client = client(&Emulator::ministack().endpoint());
    let id = key(&client, KeySpec::EccNistEdwards25519).await;
    let signer = KmsSigner::new(&client, &id, NAME).await.unwrap();
    let public = VerifyingKey::from_bytes(&signer.public_key()).unwrap();
    let message = b"a checkpoint\n";
    let signature = signer.sign(message).await.unwrap();
    public.verify_strict(message, &Signature::from_bytes(&signature)).unwrap();
    assert_eq!(signer.sign(message).await.unwrap(), signature, "the same bytes each time");
    let long = signer.sign(&[b'x'; 4_097]).await.unwrap_err().to_string();
    assert!(long.contains("at most 4096 bytes"), "{long}");
    assert!(!format!("{signer:?}").contains("very-secret"));
}

#[tokio::test]
async fn a_log_is_sealed_by_a_key_in_kms() {
    let client = client(&Emulator::ministack().endpoint());
    let id = key(&client, KeySpec::EccNistEdwards25519).await;
    let signer = KmsSigner::new(&client, &id, NAME).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(FolderStore::open(folder.path().join("log")).unwrap());
    let log = log_over(store, Arc::new(TrueClock), 1);
    for number in 0..3 {
        log.transact(&transaction("own"), move |_, _| note(number)).await.unwrap();
        log.seal(&signer, None).await.unwrap().unwrap();
    }
    let key_of = |signer: &KmsSigner| VerifierKey::new(NAME, &signer.public_key()).unwrap();
    let known = |key| Known { key: Some(key), ..Known::default() };
    let report = log.verify_with(&known(key_of(&signer)), |_| {}).await.unwrap();
    assert_eq!((report.fault, report.commits), (None, 3));
    let ran = program(folder.path(), "", &["log", "verify", "--log", "log"]).await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    // Another key neither verifies it nor goes on where this one stopped.
    let other = key(&client, KeySpec::EccNistEdwards25519).await;
    let other = KmsSigner::new(&client, &other, NAME).await.unwrap();
    let report = log.verify_with(&known(key_of(&other)), |_| {}).await.unwrap();
    assert!(report.fault.is_some());
    log.transact(&transaction("own"), |_, _| note(3)).await.unwrap();
    let cold_store = Arc::new(FolderStore::open(folder.path().join("log")).unwrap());
    let cold = log_over(cold_store, Arc::new(TrueClock), 2);
    cold.view().await.unwrap();
    assert!(cold.seal(&other, None).await.is_err());
}

#[tokio::test]
async fn a_key_that_cannot_sign_checkpoints_is_refused_with_what_to_do() {
    let client = client(&Emulator::ministack().endpoint());
    let rsa = key(&client, KeySpec::Rsa2048).await;
    let problem = KmsSigner::new(&client, &rsa, NAME).await.unwrap_err().to_string();
    assert!(problem.contains("make one with the spec ECC_NIST_EDWARDS25519"), "{problem}");
    let problem = KmsSigner::new(&client, "alias/none", NAME).await.unwrap_err().to_string();
    assert!(problem.contains("check its id, ARN or alias"), "{problem}");
    let id = key(&client, KeySpec::EccNistEdwards25519).await;
    let signer = KmsSigner::new(&client, &id, NAME).await.unwrap();
    client.disable_key().key_id(&id).send().await.unwrap();
    let problem = signer.sign(b"x").await.unwrap_err().to_string();
    assert!(problem.contains("enable the key"), "{problem}");
    for name in ["", "a b", "a+b"] {
        assert!(KmsSigner::new(&client, &id, name).await.is_err(), "{name:?}");
    }
}
