//! Publish, woken by its queue.

use serde_json::{Value, json};

use crate::world::{Account, ready};

/// A batch as SQS brings it.
fn batch(bodies: &[&str]) -> Value {
    let records: Vec<Value> = bodies
        .iter()
        .enumerate()
        .map(|(number, body)| {
            json!({
                "messageId": format!("message-{number}"), "receiptHandle": "handle", "body": body,
                "attributes": { "ApproximateReceiveCount": "1" }, "messageAttributes": {},
                "eventSource": "aws:sqs", "awsRegion": "us-east-1",
                "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:publish"
            })
        })
        .collect();
    json!({ "Records": records })
}

fn failed(answer: &Value) -> Vec<&str> {
    let failures = answer["batchItemFailures"].as_array().unwrap();
    failures.iter().map(|it| it["itemIdentifier"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_poison_message_comes_back_alone() {
    let account = Account::new().await;
    let mut publish = ready("publish", &account.of_publish().await).await;
    // An attempt that waits for nothing is done with; what is no message, or another's, is not.
    let good = r#"{"kind":"publish","epoch":1,"attempt":"fix-typo-abcdefghij"}"#;
    let others = r#"{"kind":"dispatch","epoch":1,"attempt":"fix-typo-abcdefghij"}"#;
    let answer = publish.invoke(batch(&[good, "poison", good, others, good])).await.done();
    assert_eq!(failed(&answer), ["message-1", "message-3"]);
    assert!(publish.said().contains("\"message_id\":\"message-1\""), "{}", publish.said());
    let answer = publish.invoke(batch(&[good])).await.done();
    assert_eq!(failed(&answer), [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_can_not_be_recorded_comes_back() {
    let account = Account::new().await;
    let mut environment = account.of_publish().await;
    environment.retain(|(name, _)| *name != "LEVIATHAN_LOG_PLACE");
    environment.push(("LEVIATHAN_LOG_PLACE", "s3://no-such-bucket".to_owned()));
    let mut publish = ready("publish", &environment).await;
    let good = r#"{"kind":"publish","epoch":1,"attempt":"fix-typo-abcdefghij"}"#;
    let answer = publish.invoke(batch(&[good])).await.done();
    assert_eq!(failed(&answer), ["message-0"]);
    assert!(publish.said().contains("there is no bucket no-such-bucket"), "{}", publish.said());
}
