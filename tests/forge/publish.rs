//! Publish over the local forge: what becomes a pull request, what is refused, and what a second
//! try or a second publisher finds.

use leviathan_core::decide::{operator, publish as decide};
use leviathan_core::event::{Principal, Role};
use leviathan_core::fact::FailureClass;
use leviathan_core::ports::Forge;
use leviathan_core::ports::forge::{PullRequestStatus, WatchedPullRequest};
use leviathan_core::state::{AttemptStatus, PullRequestState};
use leviathan_publish::{Published, publish};

use crate::attempt::{Running, TASKS, policy, target, tasks_allowing};
use crate::faults::{Fault, FaultyForge};
use crate::repository::{BACKLOG, add};

fn opened(published: &Published) -> bool {
    matches!(published, Published::Opened { number: 1, .. })
}

fn reason(published: Published) -> String {
    match published {
        Published::Refused { reason } | Published::Failed { reason, .. } => reason,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_checked_change_becomes_a_branch_and_a_pull_request() {
    let running = Running::new().await;
    let untouched = running.world.untouched();
    running.checked(running.change()).await;
    let published = running.publish().await;
    let Published::Opened { number, branch, git_commit, .. } = &published else {
        panic!("{published:?}");
    };
    assert_eq!((*number, branch), (1, &running.branch()));
    assert_eq!(running.branches(), format!("{branch} {git_commit}"));
    let git = |args: &[&str]| running.world.git(args);
    let changed = git(&["diff", "--name-status", "main", branch]);
    assert_eq!(changed, format!("M\t{BACKLOG}\nA\tchange.md\nM\tsrc/parser.rs"));
    assert_eq!(git(&["rev-parse", &format!("{branch}^")]), running.base.as_str());
    let trailers = git(&["log", "-1", "--format=%(trailers:only)", branch]);
    assert_eq!(
        trailers.trim(),
        format!("Leviathan-Task: fix-parser\nLeviathan-Attempt: {}", running.id)
    );
    assert_eq!(untouched, running.world.untouched());

    let state = running.state().await;
    let attempt = &state.attempts[&running.id];
    assert_eq!(attempt.status, AttemptStatus::Succeeded);
    let pull_request = &state.targets[&target()].pull_requests[&1];
    assert_eq!(pull_request.status, PullRequestState::Open);
    assert_eq!(&pull_request.opened.commit_sha, git_commit);
    let receipt = running.artifacts.get(&pull_request.opened.receipt).await.unwrap();
    let receipt = String::from_utf8(receipt.to_vec()).unwrap();
    for said in [running.id.as_str(), running.base.as_str(), "change.md", "Backlog entry: added"] {
        assert!(receipt.contains(said), "{said} is missing in {receipt}");
    }
}

#[tokio::test]
async fn the_backlog_entry_keeps_comments_and_all_other_tasks() {
    let running = Running::new().await;
    running.checked(running.change()).await;
    assert!(opened(&running.publish().await));
    let file = format!("{}:{BACKLOG}", running.branch());
    let text = running.world.git(["show", &file]);
    for kept in
        ["# The team's list. Keep it short.", "# found by Ada", "title: \"Mend the parser\""]
    {
        assert!(text.contains(kept), "{kept} is missing in {text}");
    }
    assert!(text.contains("status: completed"), "{text}");
    assert!(text.contains(running.id.as_str()), "{text}");
    let rest = TASKS.split_once("  - id: other").unwrap().1;
    assert!(text.contains(rest.trim_end()), "{text}");
}

#[tokio::test]
async fn a_second_message_finds_the_work_done() {
    let running = Running::new().await;
    running.checked(running.change()).await;
    assert!(opened(&running.publish().await));
    let before = (running.branches(), running.state().await);
    assert_eq!(running.publish().await, Published::NotWaiting);
    assert_eq!(before, (running.branches(), running.state().await));
}

#[tokio::test]
async fn killed_around_any_call_it_goes_on_to_the_same_end() {
    let mut disturbed = 0;
    for fault in [Fault::LostBefore, Fault::LostAfter] {
        for call in 0..5 {
            let running = Running::new().await;
            running.checked(running.change()).await;
            let forge = FaultyForge::new(running.world.forge.clone(), fault, call);
            let context = running.context(forge.clone(), 3);
            tokio::select! {
                published = publish(&context, &running.id, 1) => {
                    assert!(opened(&published.unwrap()), "{fault:?} {call}");
                }
                () = forge.lost.notified() => {
                    disturbed += 1;
                    assert!(opened(&running.publish().await), "{fault:?} {call}");
                }
            }
            let state = running.state().await;
            assert_eq!(state.targets[&target()].pull_requests.len(), 1, "{fault:?} {call}");
            let pushed = &state.targets[&target()].pull_requests[&1].opened.commit_sha;
            assert_eq!(running.branches(), format!("{} {pushed}", running.branch()));
        }
    }
    assert_eq!(disturbed, 8, "four calls to the forge, each lost before and after");
}

#[tokio::test]
async fn two_publishers_at_once_open_one_pull_request() {
    let running = Running::new().await;
    running.checked(running.change()).await;
    let (one, two) = (
        running.context(running.world.forge.clone(), 5),
        running.context(running.world.forge.clone(), 6),
    );
    let (one, two) = tokio::join!(publish(&one, &running.id, 1), publish(&two, &running.id, 1));
    let (one, two) = (one.unwrap(), two.unwrap());
    assert!(opened(&one) != opened(&two), "{one:?} {two:?}");
    assert!(one == Published::NotWaiting || two == Published::NotWaiting, "{one:?} {two:?}");
    assert_eq!(running.state().await.targets[&target()].pull_requests.len(), 1);
    assert_eq!(running.branches().lines().count(), 1);
}

#[tokio::test]
async fn what_another_publisher_prepared_first_is_what_is_pushed() {
    let running = Running::new().await;
    running.checked(running.change()).await;
    let commit = crate::repository::new(&running.base, running.change());
    let theirs = running.world.forge.create_commit(&running.world.target(), &commit).await.unwrap();
    let branch = running.branch();
    let publisher = Principal::program(Role::Publish);
    let (id, made, named) = (running.id.clone(), theirs.clone(), branch.clone());
    running
        .commit(publisher, move |state| {
            decide::prepared(state, &id, &made, &named, "not added: by another")
        })
        .await;
    assert!(opened(&running.publish().await));
    assert_eq!(running.world.id(&branch), theirs);
    let state = running.state().await;
    let receipt = &state.targets[&target()].pull_requests[&1].opened.receipt;
    let receipt = running.artifacts.get(receipt).await.unwrap();
    assert!(String::from_utf8_lossy(&receipt).contains("by another"));
}

#[tokio::test]
async fn a_message_of_another_life_of_the_log_is_not_served() {
    let running = Running::new().await;
    running.checked(running.change()).await;
    let context = running.context(running.world.forge.clone(), 2);
    let published = publish(&context, &running.id, 2).await.unwrap();
    assert_eq!(published, Published::NotWaiting);
    let unknown = "nobody-knows".parse().unwrap();
    assert_eq!(publish(&context, &unknown, 1).await.unwrap(), Published::NotWaiting);
    assert_eq!(running.branches(), "");
}

#[tokio::test]
async fn an_attempt_that_is_not_checked_is_left_alone() {
    let running = Running::new().await;
    assert_eq!(running.publish().await, Published::NotWaiting);
    assert_eq!(running.attempt().await.status, AttemptStatus::Running);
}

#[tokio::test]
async fn nothing_changed_is_success_without_pull_request() {
    let running = Running::new().await;
    running.checked_as(None, true).await;
    assert_eq!(running.publish().await, Published::NothingChanged);
    assert_eq!(running.attempt().await.status, AttemptStatus::Succeeded);
    assert_eq!(running.branches(), "");
}

#[tokio::test]
async fn rules_are_held_on_the_bytes_that_would_be_pushed() {
    let key = ["AKIA", "Q3EGRLVNJ7HBWXTP"].concat();
    let cases = [
        ("src/lib.rs", "pub fn two() {}\n".to_owned()),
        (".github/workflows/ci.yml", "on: push\n".to_owned()),
        (".leviathan/policy.yaml", "enabled: true\n".to_owned()),
        ("change.md", format!("aws_key = {key}\n")),
    ];
    for (path, content) in cases {
        let running = Running::new().await;
        let mut change = add(path, &content);
        if path == "src/lib.rs" {
            change = running.world.edit(&running.base, path, &content);
        }
        running.checked(vec![change]).await;
        reason(running.publish().await);
        let attempt = running.attempt().await;
        assert_eq!(attempt.status, AttemptStatus::Failed, "{path}");
        let violations = running.violations().await;
        assert!(violations.iter().any(|violation| violation.path == path), "{violations:?}");
        assert_eq!(running.branches(), "", "{path}");
    }
}

#[tokio::test]
async fn what_is_no_diff_of_this_attempt_is_refused() {
    let running = Running::new().await;
    running.checked_bytes(b"{\"format\":1}".to_vec()).await;
    assert!(reason(running.publish().await).contains("no diff"));

    let running = Running::new().await;
    let other = running.world.commit("README.md", "# Moved on\n", "later");
    let files = vec![add("change.md", "x\n")];
    let diff = leviathan_core::diff::Diff { base: other, files };
    running.checked_bytes(diff.to_bytes()).await;
    assert!(reason(running.publish().await).contains(running.base.as_str()));

    let running = Running::new().await;
    let digest = running.artifacts.put(b"anything".to_vec()).await.unwrap();
    running.checked_as(Some(digest), false).await;
    assert!(reason(running.publish().await).contains("tests did not pass"));

    let running = Running::new().await;
    running.checked(vec![]).await;
    assert!(reason(running.publish().await).contains("nothing"));
    assert_eq!(running.branches(), "");
}

#[tokio::test]
async fn a_diff_that_is_not_what_its_name_promises_is_not_used() {
    let running = Running::new().await;
    running.checked_as(Some(leviathan_core::ids::Digest::of(b"not there")), true).await;
    for left in (0..decide::MAX_PUBLISH_FAILURES).rev() {
        let Published::Failed { class, .. } = running.publish().await else { panic!() };
        assert_eq!(class, FailureClass::Infra);
        assert_eq!(running.attempt().await.status.is_terminal(), left == 0);
    }
    assert_eq!(running.publish().await, Published::NotWaiting);
    assert_eq!(running.branches(), "");
}

#[tokio::test]
async fn a_task_that_no_longer_allows_the_change_is_refused() {
    let running = Running::new().await;
    running.checked(running.change()).await;
    let narrowed = tasks_allowing("[change.md]");
    let now = running.world.commit(BACKLOG, &narrowed, "narrowed");
    running.sync(&narrowed, &now).await;
    assert!(reason(running.publish().await).contains("changed meanwhile"));
    let violations = running.violations().await;
    assert!(violations.iter().all(|violation| violation.path == "src/parser.rs"), "{violations:?}");
}

#[tokio::test]
async fn a_task_that_was_changed_and_still_allows_the_change_is_published() {
    let running = Running::new().await;
    running.checked(running.change()).await;
    let widened = tasks_allowing("[src/, change.md]");
    let now = running.world.commit(BACKLOG, &widened, "widened");
    running.sync(&widened, &now).await;
    assert!(opened(&running.publish().await));
}

#[tokio::test]
async fn a_task_that_left_the_backlog_is_not_published() {
    let running = Running::new().await;
    running.checked(running.change()).await;
    let now = running.world.commit(BACKLOG, "tasks: []\n", "emptied");
    running.sync("tasks: []\n", &now).await;
    assert!(!opened(&running.publish().await));
    assert_eq!(running.branches(), "");
}

#[tokio::test]
async fn the_policy_that_is_in_force_now_counts() {
    let mut running = Running::new().await;
    running.checked(running.change()).await;
    running.policy.enabled = false;
    let now = running.world.commit("README.md", "# Off\n", "off");
    running.sync(TASKS, &now).await;
    assert_eq!(running.publish().await, Published::SwitchedOff);
    assert_eq!(running.attempt().await.status, AttemptStatus::Publishing);

    running.policy.enabled = true;
    running.policy.forbidden_paths.push("src/**".to_owned());
    let now = running.world.commit("README.md", "# On, but\n", "on");
    running.sync(TASKS, &now).await;
    reason(running.publish().await);
    let violations = running.violations().await;
    assert!(violations.iter().any(|violation| violation.path == "src/parser.rs"));
    assert_eq!(running.branches(), "");
}

#[tokio::test]
async fn without_a_backlog_entry_the_receipt_says_why() {
    let off = leviathan_core::policy::Policy { write_back: false, ..policy() };
    for (policy, source, why) in
        [(off, "repository", "switches it off"), (policy(), "state folder", "state folder")]
    {
        let running = Running::under(policy, source).await;
        running.checked(running.change()).await;
        assert!(opened(&running.publish().await));
        let changed = running.world.git(["diff", "--name-only", "main", &running.branch()]);
        assert_eq!(changed, "change.md\nsrc/parser.rs");
        let prepared = running.attempt().await.prepared.unwrap();
        assert!(prepared.write_back.contains(why), "{}", prepared.write_back);
    }
}

#[tokio::test]
async fn a_branch_that_somebody_took_is_left_alone() {
    let running = Running::new().await;
    running.checked(running.change()).await;
    running.world.git(["branch", &running.branch(), "main"]);
    let before = running.branches();
    assert!(reason(running.publish().await).starts_with("branch_taken"));
    assert_eq!(running.branches(), before);
    assert_eq!(running.attempt().await.status, AttemptStatus::Failed);
}

#[tokio::test]
async fn a_forge_out_of_reach_is_tried_again() {
    for call in 0..4 {
        let running = Running::new().await;
        running.checked(running.change()).await;
        let forge = FaultyForge::new(running.world.forge.clone(), Fault::OutOfReach, call);
        let Published::Failed { class, .. } = running.publish_with(forge).await else { panic!() };
        assert_eq!(class, FailureClass::Infra);
        assert_eq!(running.attempt().await.publish_failures, 1);
        assert!(opened(&running.publish().await), "call {call}");
    }
}

#[tokio::test]
async fn an_attempt_that_is_refused_at_the_second_try_leaves_no_branch() {
    let running = Running::new().await;
    running.checked(running.change()).await;
    // Lost after the branch was created: the last call but one.
    let forge = FaultyForge::new(running.world.forge.clone(), Fault::LostBefore, 3);
    let context = running.context(forge.clone(), 3);
    tokio::select! {
        published = publish(&context, &running.id, 1) => panic!("{published:?}"),
        () = forge.lost.notified() => {}
    }
    assert_eq!(running.branches().lines().count(), 1);
    running.policy_forbids_everything().await;
    reason(running.publish().await);
    assert_eq!(running.branches(), "");
}

#[tokio::test]
async fn an_attempt_that_is_called_off_meanwhile_leaves_no_branch() {
    let running = Running::new().await;
    running.checked(running.change()).await;
    let forge = FaultyForge::new(running.world.forge.clone(), Fault::Held, 3);
    let context = running.context(forge.clone(), 3);
    let call_off = async {
        forge.lost.notified().await;
        assert_eq!(running.branches().lines().count(), 1);
        let person = Principal::operator("ada");
        let id = running.id.clone();
        let cancel = move |state: &_| operator::cancel(state, None, &id, "not now");
        running.commit(person, cancel).await.unwrap();
        forge.go.notify_one();
    };
    let (published, ()) = tokio::join!(publish(&context, &running.id, 1), call_off);
    assert_eq!(published.unwrap(), Published::NotWaiting);
    assert_eq!(running.attempt().await.status, AttemptStatus::Cancelled);
    assert_eq!(running.branches(), "");
}

#[tokio::test]
async fn a_cancelled_attempt_is_not_published() {
    let running = Running::new().await;
    running.checked(running.change()).await;
    let person = Principal::operator("ada");
    let id = running.id.clone();
    let cancel = move |state: &_| operator::cancel(state, None, &id, "not now");
    running.commit(person, cancel).await.unwrap();
    assert_eq!(running.publish().await, Published::NotWaiting);
    assert_eq!(running.branches(), "");
}

#[tokio::test]
async fn a_merge_by_plain_git_is_found_for_what_was_published() {
    let running = Running::new().await;
    running.checked(running.change()).await;
    assert!(opened(&running.publish().await));
    running.world.git(["merge", "--quiet", "--squash", &running.branch()]);
    running.world.git(["commit", "--quiet", "--no-edit"]);
    let state = running.state().await;
    let pull_request = &state.targets[&target()].pull_requests[&1].opened;
    let watched = WatchedPullRequest {
        number: 1,
        head: pull_request.branch_name.clone(),
        head_commit: pull_request.commit_sha.clone(),
        base_commit: pull_request.base_commit.clone(),
        attempt: running.id.to_string(),
    };
    let status = running.world.forge.pull_request(&running.world.target(), &watched).await;
    let commit = running.world.id("main");
    assert_eq!(status.unwrap(), PullRequestStatus::Merged { commit, found_by: "trailer" });
}

impl Running {
    async fn policy_forbids_everything(&self) {
        let mut policy = self.policy.clone();
        policy.forbidden_paths.push("**".to_owned());
        let now = self.world.commit("README.md", "# Closed\n", "closed");
        self.sync_under(TASKS, &now, &policy).await;
    }
}
