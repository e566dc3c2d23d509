//! What a program does that was not configured right: it does not start, and says why, all at once.

use leviathan_tests::lambda::{Began, Function};
use serde_json::Value;

use crate::world::{ATTEMPT_KEY, Account, LEGACY, OPERATOR, aws, start};

/// The text of the init error of a program that has to give one.
async fn refused(function: &mut Function) -> String {
    let Began::InitError(error) = function.began().await else {
        panic!("it started: {}", function.said());
    };
    assert_eq!(error["errorType"], "Leviathan.NotStarted");
    assert_eq!(function.ended().await.code(), Some(1));
    error["errorMessage"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_program_that_nobody_configured_names_every_variable_that_it_needs() {
    let mut function = start("api", &aws("http://127.0.0.1:9")).await;
    let said = refused(&mut function).await;
    assert!(said.contains("has 6 fault(s)"), "{said}");
    for words in [
        "LEVIATHAN_LOG_PLACE is not set",
        "LEVIATHAN_DATA_PLACE is not set",
        "LEVIATHAN_DISPATCH_QUEUE is not set",
        "LEVIATHAN_PUBLISH_QUEUE is not set",
        "LEVIATHAN_ATTEMPT_KEY_SECRET is not set",
        "LEVIATHAN_OPERATOR_TOKEN_SECRET is not set",
        "Example: s3://",
    ] {
        assert!(said.contains(words), "{words} is not in {said}");
    }
    // The log lines tell the same: JSON, each one.
    let lines = function.said();
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.iter().any(|line| {
        line["level"] == "ERROR" && line["message"].as_str().unwrap().contains(&said)
    }));
}

#[tokio::test]
async fn each_fault_is_told_with_its_value_and_a_secret_is_not() {
    let account = Account::new().await;
    let mut environment = account.of_api();
    let mut set = |name: &'static str, value: &str| {
        environment.retain(|(known, _)| *known != name);
        environment.push((name, value.to_owned()));
    };
    set("LEVIATHAN_LOG_PLACE", "s3:/typo");
    set("LEVIATHAN_ATTEMPT_KEY_SECRET", ATTEMPT_KEY);
    set("LEVIATHAN_SECRETS_REFRESH_SECONDS", "0");
    set("LEVIATHAN_LOG", "leviathan=shout");
    set("LEVIATHAN_PUBLISH_QUEUES", "x");
    let mut function = start("api", &environment).await;
    let said = refused(&mut function).await;
    for words in [
        "has 5 fault(s)",
        "LEVIATHAN_LOG_PLACE is set to \"s3:/typo\"",
        "LEVIATHAN_ATTEMPT_KEY_SECRET is set to something that is not shown",
        "LEVIATHAN_SECRETS_REFRESH_SECONDS is set to \"0\"",
        "LEVIATHAN_LOG is set to \"leviathan=shout\"",
        "LEVIATHAN_PUBLISH_QUEUE may be meant",
    ] {
        assert!(said.contains(words), "{words} is not in {said}");
    }
    assert!(!said.contains(ATTEMPT_KEY) && !function.said().contains(ATTEMPT_KEY), "{said}");
}

#[tokio::test]
async fn a_secret_that_is_missing_or_unusable_is_named() {
    let account = Account::new().await;
    let mut environment = account.of_api();
    environment.retain(|(name, _)| *name != "LEVIATHAN_LEGACY_TOKEN_SECRET");
    environment.push(("LEVIATHAN_LEGACY_TOKEN_SECRET", "ssm:/none".to_owned()));
    let mut function = start("api", &environment).await;
    let said = refused(&mut function).await;
    assert!(said.contains("the secret ssm:/none can't be read"), "{said}");
    account.set_secret("attempt-key", "short").await;
    let mut function = start("api", &account.of_api()).await;
    let said = refused(&mut function).await;
    assert!(said.contains("attempt-key") && said.contains("needs 32 or more"), "{said}");
    for secret in ["short", OPERATOR, LEGACY] {
        assert!(!function.said().contains(secret), "{}", function.said());
    }
}
