//! Deliveries: which are taken for GitHub's, what they change, and that each ends with an answer.

use leviathan_core::fact::TaskStatus;
use leviathan_core::ids::GitCommit;
use leviathan_core::state::PullRequestState;
use leviathan_github::{Secret, webhook};
use leviathan_pr_ingest::Outcome;
use leviathan_tests::github_server::{Sent, WEBHOOK_SECRET};

use crate::story::Way;
use crate::world::SHOP;

fn signed(event: &str, body: impl Into<Vec<u8>>) -> Sent {
    let body = body.into();
    let signature = webhook::sign(&Secret::from(WEBHOOK_SECRET), &body);
    Sent { event: event.to_owned(), id: "d-1".to_owned(), signature, body }
}

#[tokio::test]
async fn only_what_is_signed_with_our_secret_is_read() {
    let way = Way::new().await;
    let (number, _) = way.opened().await;
    way.world.server.deliveries();
    way.world.server.merge(SHOP, number, "merge");
    let sent = way.world.server.deliveries().remove(0);
    let before = way.commits().await;
    let other = webhook::sign(&Secret::from("another's"), &sent.body);
    let cut = &sent.signature[..sent.signature.len() - 1];
    for signature in [None, Some(""), Some(other.as_str()), Some(cut)] {
        let answer = way.deliver_as(&sent, signature).await;
        assert_eq!((answer.status, answer.outcome), (401, Outcome::Refused), "{signature:?}");
        assert!(answer.reason.contains("X-Hub-Signature-256"), "{answer:?}");
    }
    let mut changed = sent.clone();
    changed.body.push(b' ');
    assert_eq!(way.deliver(&changed).await.status, 401);
    assert_eq!(way.commits().await, before, "nothing of it reaches the log");
    // While a secret is changed, the old and the new one both fit.
    let old = webhook::sign(&Secret::from("the secret before"), &sent.body);
    assert_eq!(way.deliver_as(&sent, Some(&old)).await.outcome, Outcome::Done);
    assert_eq!(way.deliver(&sent).await.outcome, Outcome::Ignored, "the same once more");
}

#[tokio::test]
async fn a_close_without_merge_is_a_persons_no_and_stays_one() {
    let way = Way::new().await;
    let (number, _) = way.opened().await;
    way.world.server.deliveries();
    way.world.server.close(SHOP, number);
    way.world.server.reopen(SHOP, number);
    let sent = way.world.server.deliveries();
    assert_eq!(sent.len(), 2);
    assert_eq!(way.deliver(&sent[0]).await.outcome, Outcome::Done);
    assert_eq!(way.deliver(&sent[1]).await.outcome, Outcome::Ignored);
    assert_eq!(way.deliver(&sent[0]).await.outcome, Outcome::Ignored);
    let task = way.task().await;
    assert_eq!(task.status, TaskStatus::Blocked);
    assert!(task.blocked_reason.unwrap().contains("closed at GitHub"));
    assert_eq!(way.pull_request(number).await.0, PullRequestState::Closed);
}

#[tokio::test]
async fn a_push_to_our_branch_makes_it_theirs() {
    let way = Way::new().await;
    let (number, head) = way.opened().await;
    way.world.server.deliveries();
    let tree = way.world.git(["rev-parse", &format!("{head}^{{tree}}")]);
    let theirs: GitCommit = way
        .world
        .git([
            "-c",
            "user.name=Ada",
            "-c",
            "user.email=ada@example.com",
            "commit-tree",
            "-p",
            head.as_str(),
            "-m",
            "mine",
            &tree,
        ])
        .parse()
        .unwrap();
    let branches = way.world.git(["for-each-ref", "--format=%(refname:short)", "refs/heads/agent"]);
    way.world.server.push(SHOP, &branches, &theirs);
    let sent = way.world.server.deliveries();
    assert_eq!(way.deliver(&sent[0]).await.outcome, Outcome::Ignored, "a push elsewhere");
    assert_eq!(way.deliver(&sent[1]).await.outcome, Outcome::Done);
    assert_eq!(way.deliver(&sent[1]).await.outcome, Outcome::Ignored);
    assert_eq!(way.pull_request(number).await, (PullRequestState::Open, Some(theirs)));
}

#[tokio::test]
async fn whatever_else_comes_is_answered_and_changes_nothing() {
    let way = Way::new().await;
    way.opened().await;
    way.world.server.deliveries();
    way.world.commit(&[("README.md", "# Other\n")]);
    let push = way.world.server.deliveries().remove(0);
    way.world.server.create("acme/unknown");
    let elsewhere =
        String::from_utf8(push.body.clone()).unwrap().replace("acme/shop", "acme/unknown");
    let before = way.commits().await;
    for (sent, status, outcome, word) in [
        (push, 200, Outcome::Ignored, "next tick"),
        (signed("push", elsewhere), 200, Outcome::Ignored, "no target"),
        (signed("ping", "{}"), 200, Outcome::Done, "secret fits"),
        (signed("star", "{}"), 200, Outcome::Ignored, "star"),
        (signed("installation", "{\"action\":\"deleted\"}"), 200, Outcome::Ignored, "deleted"),
        (signed("pull_request", "payload=%7B%7D"), 400, Outcome::Refused, "application/json"),
        (signed("pull_request", "{}"), 400, Outcome::Refused, "pull_request"),
    ] {
        let answer = way.deliver(&sent).await;
        assert_eq!((answer.status, answer.outcome), (status, outcome), "{answer:?}");
        assert!(answer.reason.contains(word), "{answer:?}");
    }
    assert_eq!(way.commits().await, before);
}
