//! A place is opened with what the surroundings say: endpoint, region, keys.

use std::fs;
use std::process::Stdio;

use leviathan_tests::s3_server::{BUCKET, S3Server};
use tokio::process::Command;

const KEYS: &[(&str, &str)] = &[
    ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
    ("AWS_SECRET_ACCESS_KEY", "very-secret-indeed"),
    ("AWS_REGION", "eu-central-1"),
];

/// What the program says of a place, in an environment of nothing but this.
async fn open(place: &str, environment: &[(&str, &str)]) -> String {
    let home = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_s3-open"))
        .arg(place)
        .env_clear()
        .env("HOME", home.path())
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .envs(environment.iter().copied())
        .stderr(Stdio::inherit())
        .output()
        .await
        .unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn with<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    [KEYS, more].concat()
}

#[tokio::test]
async fn endpoint_and_keys_come_from_the_environment() {
    let server = S3Server::start().await;
    server.put("team/e/1", "1");
    let endpoint = server.endpoint();
    let place = format!("s3://{BUCKET}/team");
    for variable in ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"] {
        let environment = with(&[(variable, &endpoint)]);
        assert_eq!(open(&place, &environment).await, "ok e/1", "{variable}");
    }
    // Signed with it, it would be wrong; shells and containers leave it empty.
    let environment = with(&[("AWS_ENDPOINT_URL", &endpoint), ("AWS_SESSION_TOKEN", "")]);
    assert_eq!(open(&place, &environment).await, "ok e/1");
    assert_eq!(server.session_tokens(), 0);
    let environment = with(&[("AWS_ENDPOINT_URL", &endpoint), ("AWS_SESSION_TOKEN", "real")]);
    assert_eq!(open(&place, &environment).await, "ok e/1");
    assert_eq!(server.session_tokens(), 1);
}

#[tokio::test]
async fn endpoint_and_keys_come_from_a_profile() {
    let server = S3Server::start().await;
    server.put("e/1", "1");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config");
    let text = format!(
        "[profile logs]\nendpoint_url = {}\naws_access_key_id = A\naws_secret_access_key = B\n",
        server.endpoint()
    );
    fs::write(&file, text).unwrap();
    let environment = [("AWS_CONFIG_FILE", file.to_str().unwrap()), ("AWS_PROFILE", "logs")];
    // No region: a store with an endpoint of its own need not have one.
    assert_eq!(open(&format!("s3://{BUCKET}"), &environment).await, "ok e/1");
}

#[tokio::test]
async fn what_is_missing_is_said_with_what_to_do_and_no_secret() {
    let server = S3Server::start().await;
    let endpoint = server.endpoint();
    let place = format!("s3://{BUCKET}/team");
    let no_keys = [("AWS_REGION", "eu-central-1"), ("AWS_ENDPOINT_URL", endpoint.as_str())];
    let no_region = &KEYS[..2];
    let here = with(&[("AWS_ENDPOINT_URL", &endpoint)]);
    for (place, environment, words) in [
        ("bucket", &here[..], "write s3://bucket"),
        (&place, no_region, "set AWS_REGION"),
        (&place, &no_keys, "set AWS_ACCESS_KEY_ID"),
        ("s3://no-such-bucket", &here, "there is no bucket no-such-bucket"),
        (&place, &with(&[("AWS_ENDPOINT_URL", "http://127.0.0.1:1")]), "no clear answer"),
    ] {
        let said = open(place, environment).await;
        assert!(said.contains(words), "{place}: {said}");
        for secret in ["AKIDEXAMPLE", "very-secret-indeed"] {
            assert!(!said.contains(secret), "{said}");
        }
    }
}
