//! The tick, woken by its schedule.

use leviathan_core::ports::{Message, ObjectStore as _};
use leviathan_log::Known;
use leviathan_log::seal::VerifierKey;
use leviathan_tests::lambda::Answer;
use leviathan_tests::shop;
use serde_json::json;

use crate::world::{Account, ready, start};

/// What EventBridge Scheduler sends unless it is told otherwise.
fn wake() -> serde_json::Value {
    json!({
        "version": "0", "id": "12345678-1234-1234-1234-123456789012",
        "detail-type": "Scheduled Event", "source": "aws.scheduler", "account": "123456789012",
        "time": "2026-11-24T12:00:00Z", "region": "us-east-1", "resources": [], "detail": "{}"
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pass_seals_the_log_by_the_key_in_kms_and_copies_the_checkpoint() {
    let account = Account::new().await;
    shop::backlog(&account.log()).await;
    let mut tick = ready("tick", &account.of_tick().await).await;
    let pass = tick.invoke(wake()).await.done();
    let size = pass["checkpoint"].as_u64().unwrap();
    assert!(size > 0, "{pass}");
    let key = VerifierKey::new(crate::world::LOG_NAME, &account.checkpoint_key().await).unwrap();
    let known = Known { key: Some(key), ..Known::default() };
    let report = account.log().verify_with(&known, |_| {}).await.unwrap();
    assert_eq!(report.fault, None);
    let copies = account.checkpoint_copies().list("", None, 10).await.unwrap();
    assert!(copies.iter().any(|key| key.contains(&size.to_string())), "{copies:?}");
    // GitHub can't be reached there: the target is left out of the pass, and the pass goes on.
    assert_eq!((&pass["troubles"], &pass["picked"]), (&json!(1), &json!(1)));
    let attempt = account.sent_to_dispatch().await.unwrap();
    assert!(matches!(attempt, Message::Dispatch { epoch: 1, .. }), "{attempt:?}");
    // Whatever wakes it, it is one more pass.
    for event in [json!(null), json!({}), json!([1])] {
        let answer = tick.invoke(event).await;
        assert!(matches!(answer, Answer::Done(_)), "{answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_its_key_or_its_policy_nothing_is_decided() {
    let account = Account::new().await;
    shop::backlog(&account.log()).await;
    let mut environment = account.of_tick().await;
    environment.push(("LEVIATHAN_ORGANISATION_POLICY_PARAMETER", "ssm:/none".to_owned()));
    let mut tick = ready("tick", &environment).await;
    let before = account.log().view().await.unwrap().position.seq;
    let Answer::Error(error) = tick.invoke(wake()).await else { panic!("it was decided") };
    let said = error["errorMessage"].as_str().unwrap();
    assert!(said.contains("ssm:/none"), "{said}");
    assert_eq!(account.log().view().await.unwrap().position.seq, before);
    environment.retain(|(name, _)| *name != "LEVIATHAN_CHECKPOINT_KEY");
    environment.push(("LEVIATHAN_CHECKPOINT_KEY", "alias/none".to_owned()));
    let mut tick = start("tick", &environment).await;
    let leviathan_tests::lambda::Began::InitError(error) = tick.began().await else {
        panic!("it started")
    };
    assert!(error["errorMessage"].as_str().unwrap().contains("alias/none"), "{error}");
}
