//! Secrets by name, on the emulator that keeps some.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_secretsmanager::primitives::Blob;
use aws_sdk_ssm::types::ParameterType;
use leviathan_aws::{SecretName, Secrets, Surroundings};
use leviathan_tests::emulator::Emulator;
use leviathan_tests::s3_server::surroundings;

fn open(around: SdkConfig, refresh: Duration) -> Secrets {
    Secrets::open_in(&Surroundings::from(around), refresh).unwrap()
}

fn name(text: &str) -> SecretName {
    text.parse().unwrap()
}

#[tokio::test]
async fn secrets_are_read_by_name_and_by_arn_from_both_services() {
    let around = surroundings(&Emulator::ministack().endpoint());
    let manager = aws_sdk_secretsmanager::Client::new(&around);
    let parameters = aws_sdk_ssm::Client::new(&around);
    let made = manager.create_secret().name("secrets/plain").secret_string("hunter2\n");
    let arn = made.send().await.unwrap().arn.unwrap();
    let made = parameters.put_parameter().name("/secrets/plain").value("hunter3");
    made.r#type(ParameterType::SecureString).send().await.unwrap();
    let secrets = open(around, Duration::from_secs(300));
    for (text, value) in [
        ("secretsmanager:secrets/plain", "hunter2"),
        (&*arn, "hunter2"),
        ("ssm:/secrets/plain", "hunter3"),
    ] {
        assert_eq!(secrets.get(&name(text)).await.unwrap().expose(), value, "{text}");
    }
}

#[tokio::test]
async fn what_can_not_be_read_says_which_and_what_to_do_and_nothing_of_the_secret() {
    let around = surroundings(&Emulator::ministack().endpoint());
    let manager = aws_sdk_secretsmanager::Client::new(&around);
    let made = manager.create_secret().name("secrets/bytes").secret_binary(Blob::new("hunter2"));
    made.send().await.unwrap();
    let made = manager.create_secret().name("secrets/empty").secret_string("\n");
    made.send().await.unwrap();
    let secrets = open(around, Duration::from_secs(300));
    for (text, words) in [
        ("secretsmanager:secrets/none", "check its name"),
        ("ssm:/secrets/none", "check its name"),
        ("secretsmanager:secrets/bytes", "store it as a string"),
        ("secretsmanager:secrets/empty", "it is empty"),
    ] {
        let problem = secrets.get(&name(text)).await.unwrap_err().to_string();
        assert!(problem.contains(words) && problem.contains(text), "{problem}");
        assert!(!problem.contains("hunter2"), "{problem}");
    }
}

#[tokio::test]
async fn a_secret_that_was_changed_is_taken_up_after_a_while() {
    let around = surroundings(&Emulator::ministack().endpoint());
    let manager = aws_sdk_secretsmanager::Client::new(&around);
    let made = manager.create_secret().name("secrets/changed").secret_string("one");
    made.send().await.unwrap();
    let secrets = open(around, Duration::from_millis(500));
    let read = async || secrets.get(&name("secretsmanager:secrets/changed")).await.unwrap();
    assert_eq!(read().await.expose(), "one");
    let changed = manager.put_secret_value().secret_id("secrets/changed").secret_string("two");
    changed.send().await.unwrap();
    assert_eq!(read().await.expose(), "one");
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!(read().await.expose(), "two");
}
