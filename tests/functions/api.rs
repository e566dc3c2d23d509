//! The API behind its function URL.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use leviathan_core::attempt_token::TokenKey;
use leviathan_core::ids::Digest;
use leviathan_core::ports::Message;
use leviathan_tests::emulator::Emulator;
use leviathan_tests::lambda::Answer;
use leviathan_tests::s3_server::{Fault, Kind, S3Server};
use leviathan_tests::shop;
use serde_json::json;

use crate::world::{ATTEMPT_KEY, Account, LEGACY, OPERATOR, Request, bundle, ready};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_over_the_function_url_are_answered_as_on_one_machine() {
    let account = Account::new().await;
    let mut api = ready("api", &account.of_api()).await;
    let health = Request::new("GET", "/healthz").to(&mut api).await;
    assert_eq!((health.status(), health.json()), (200, json!({ "status": "ok" })));
    for (request, status) in [
        (Request::new("GET", "/v1/tasks"), 401),
        (Request::new("GET", "/v1/tasks").token("nobodys-token"), 401),
        (Request::new("GET", "/v1/tasks").token(OPERATOR), 200),
        (Request::new("GET", "/v1/tasks").token(LEGACY), 200),
        (Request::new("DELETE", "/v1/tasks").token(OPERATOR), 405),
        (Request::new("GET", "/nothing").token(OPERATOR), 404),
        (Request::new("GET", "/v1/attempts/a%2Fb").token(OPERATOR), 404),
        (Request::new("GET", "/v1/attempts?limit=many").token(OPERATOR), 422),
    ] {
        let event = request.event();
        let answer = api.invoke(event.clone()).await.done();
        assert_eq!(answer["statusCode"], status, "{event}: {answer}");
    }
    let post = Request::new("POST", "/v1/events/ingest").token(LEGACY).json(&bundle("one"));
    let answer = post.to(&mut api).await;
    assert_eq!((answer.status(), &answer.json()["ingested"]), (200, &json!(1)), "{answer:?}");
    let recent = Request::new("GET", "/v1/events/recent?limit=5").token(OPERATOR);
    let recent = recent.to(&mut api).await;
    assert_eq!(recent.header("content-type"), Some("application/json"));
    assert_eq!(recent.json()[0]["event_id"], "one", "{recent:?}");
    assert_eq!(account.count("one").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bytes_go_in_and_come_out_as_they_are_up_to_the_limit() {
    let account = Account::new().await;
    let mut api = ready("api", &account.of_api()).await;
    let bytes: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    let url = format!("/v1/artifacts/{}", Digest::of(&bytes));
    let put = Request::new("PUT", &url).token(OPERATOR).bytes(&bytes).to(&mut api).await;
    assert_eq!(put.status(), 200, "{put:?}");
    let got = Request::new("GET", &url).token(OPERATOR).to(&mut api).await;
    assert_eq!(got.status(), 200);
    assert!(got.body() == bytes);
    // The largest that fits into a function URL's request and answer, and one byte more.
    let mut large = vec![7; 4 * 1024 * 1024];
    let url = format!("/v1/artifacts/{}", Digest::of(&large));
    let put = Request::new("PUT", &url).token(OPERATOR).bytes(&large).to(&mut api).await;
    assert_eq!(put.status(), 200, "{put:?}");
    let got = Request::new("GET", &url).token(OPERATOR).to(&mut api).await;
    assert!(got.body() == large);
    large.push(7);
    let url = format!("/v1/artifacts/{}", Digest::of(&large));
    let put = Request::new("PUT", &url).token(OPERATOR).bytes(&large).to(&mut api).await;
    assert_eq!(put.status(), 413, "{put:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_attempt_reports_and_what_follows_is_sent() {
    let account = Account::new().await;
    let log = account.log();
    shop::backlog(&log).await;
    let attempt = shop::submitted(&log).await;
    let key = TokenKey::new(ATTEMPT_KEY.as_bytes()).unwrap();
    let token = key.mint(&attempt, 1, Timestamp::now() + SignedDuration::from_mins(5));
    let mut api = ready("api", &account.of_api()).await;
    let claim = json!({
        "event_id": "claim", "event_type": "attempt.started", "timestamp": "2026-11-24T11:00:00",
        "actor_id": "executor",
        "payload": { "attempt_id": attempt, "pod_uid": "pod", "status": "running" }
    });
    let claim = json!({ "target": "shop", "bundle_id": "claim", "events": [claim] });
    let post = Request::new("POST", "/v1/events/ingest").token(&token).json(&claim);
    let answer = post.to(&mut api).await;
    assert_eq!(answer.status(), 200, "{answer:?}");
    // What its token is not for.
    let list = Request::new("GET", "/v1/tasks").token(&token).to(&mut api).await;
    assert_eq!(list.status(), 403);
    let url = format!("/v1/attempts/{attempt}/invalidate");
    let order = json!({ "reason": "a person's no" });
    let answer = Request::new("POST", &url).token(OPERATOR).json(&order).to(&mut api).await;
    assert_eq!(answer.status(), 200, "{answer:?}");
    assert_eq!(account.sent_to_dispatch().await, Some(Message::Stop { epoch: 1, attempt }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_token_counts_after_a_while_and_the_old_one_no_more() {
    let account = Account::new().await;
    let mut environment = account.of_api();
    environment.push(("LEVIATHAN_SECRETS_REFRESH_SECONDS", "1".to_owned()));
    let mut api = ready("api", &environment).await;
    let tasks = |token: &str| Request::new("GET", "/v1/tasks").token(token);
    assert_eq!(tasks(OPERATOR).to(&mut api).await.status(), 200);
    account.set_secret("operator-token", "another-token-9999").await;
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    assert_eq!(tasks("another-token-9999").to(&mut api).await.status(), 200);
    assert_eq!(tasks(OPERATOR).to(&mut api).await.status(), 401);
    // A key that can't sign is not taken up, and what was there serves on.
    account.set_secret("attempt-key", "short").await;
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    assert_eq!(tasks("another-token-9999").to(&mut api).await.status(), 200);
    assert!(api.said().contains("a changed secret is not taken up"), "{}", api.said());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_function_that_is_killed_in_the_middle_loses_nothing_and_doubles_nothing() {
    let account = Account::new().await;
    let proxy = S3Server::before(Emulator::ministack().address).await;
    let mut environment = account.of_api();
    environment.push(("AWS_ENDPOINT_URL_S3", proxy.endpoint()));
    let mut api = ready("api", &environment).await;
    let post = || {
        let bundle = bundle("one");
        Request::new("POST", "/v1/events/ingest").token(LEGACY).json(&bundle)
    };
    // The commit is stored, and the process dies before it hears of that.
    proxy.next(Kind::Put, Fault::AnswerLate(Duration::from_secs(9)));
    let unanswered = api.send(post().event(), Duration::from_secs(30));
    while account.count("one").await == 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    api.kill().await;
    drop(unanswered);
    let mut again = ready("api", &environment).await;
    let answer = post().to(&mut again).await;
    assert_eq!((answer.status(), &answer.json()["ingested"]), (200, &json!(1)), "{answer:?}");
    assert_eq!(account.count("one").await, 1);
    account.log().verify(None, |_| {}).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_is_no_request_is_an_error_and_the_next_is_served() {
    let account = Account::new().await;
    let mut api = ready("api", &account.of_api()).await;
    for event in [json!(null), json!({}), json!({ "Records": [] })] {
        let answer = api.invoke(event.clone()).await;
        assert!(matches!(answer, Answer::Error(_)), "{event}: {answer:?}");
    }
    let health = Request::new("GET", "/healthz").to(&mut api).await;
    assert_eq!(health.status(), 200);
}
