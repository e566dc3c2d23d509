//! The receiver of webhooks behind its function URL.

use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::json;
use sha2::Sha256;

use crate::world::{Account, Request, WEBHOOK, ready};

/// A delivery of GitHub's, signed with this secret.
fn delivery(secret: &str, base64: bool) -> Request {
    let body = json!({ "zen": "Keep it logically awesome.", "hook_id": 1 }).to_string();
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    let signature = format!("sha256={}", HEXLOWER.encode(&mac.finalize().into_bytes()));
    let request = Request::new("POST", "/");
    let request = if base64 { request.bytes(body.as_bytes()) } else { request.text(&body) };
    request
        .header("x-github-event", "ping")
        .header("x-github-delivery", "12345678-1234-1234-1234-123456789012")
        .header("x-hub-signature-256", &signature)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_what_is_signed_over_the_raw_body_is_taken() {
    let account = Account::new().await;
    let mut receiver = ready("pr-ingest", &account.of_pr_ingest()).await;
    for base64 in [false, true] {
        let answer = delivery(WEBHOOK, base64).to(&mut receiver).await;
        assert_eq!(
            (answer.status(), &answer.json()["outcome"]),
            (200, &json!("done")),
            "{answer:?}"
        );
    }
    let answer = delivery("another", false).to(&mut receiver).await;
    assert_eq!(
        (answer.status(), &answer.json()["outcome"]),
        (401, &json!("refused")),
        "{answer:?}"
    );
    let answer = Request::new("POST", "/").text("{}").to(&mut receiver).await;
    assert_eq!(answer.status(), 401, "{answer:?}");
    assert!(!receiver.said().contains(WEBHOOK), "{}", receiver.said());
}
