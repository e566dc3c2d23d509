//! The whole way: a backlog in GitHub's repository, tick, an executor's result, publish, a person's
//! merge, the webhook, the completed task. Only the Job is played.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use jiff::SignedDuration;
use leviathan_core::decide::{Decision, dispatch, operator};
use leviathan_core::diff::Diff;
use leviathan_core::event::{Principal, Role};
use leviathan_core::fact::{
    AttemptChecked, AttemptStarted, CheckResult, Fact, TargetRegistered, TaskStatus,
};
use leviathan_core::ids::{AttemptId, GitCommit, TargetId, TaskId};
use leviathan_core::ports::Message;
use leviathan_core::state::{PullRequestState, State, Task};
use leviathan_github::{Access, Secret};
use leviathan_local::memory_store::MemoryStore;
use leviathan_local::queue::channel_queue;
use leviathan_log::artifacts::Artifacts;
use leviathan_log::{Log, Transaction};
use leviathan_pr_ingest::{Answer, Delivery, Outcome, PrIngest};
use leviathan_publish::{Publish, Published, publish};
use leviathan_tests::github_server::{Sent, WEBHOOK_SECRET};
use leviathan_tests::log_builders::log_over;
use leviathan_tick::Tick;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::world::{BACKLOG, SHOP, World, add};

const TASKS: &str = "\
tasks:
  # Short notes.
  - id: add-notes
    title: Add the notes
    scope: docs
    ready: true
    allowed_paths: [docs/]
";

const POLICY: &str = "\
version: 2
scopes:
  docs:
    allowed_paths: [\"docs/**\"]
    tool: docs
";

/// Every program on the way, each with a log and a forge of its own.
pub(crate) struct Way {
    pub(crate) world: World,
    pub(crate) log: Arc<Log>,
    artifacts: Artifacts,
    tick: Tick,
    publish: Publish,
    ingest: PrIngest,
    _messages: UnboundedReceiver<Message>,
}

fn shop() -> TargetId {
    "shop".parse().unwrap()
}

impl Way {
    pub(crate) async fn new() -> Self {
        let world = World::with(&[
            (BACKLOG, TASKS),
            (".leviathan/policy.yaml", POLICY),
            ("docs/old.md", "# Old\n"),
        ])
        .await;
        let store = Arc::new(MemoryStore::new());
        let log = |seed| Arc::new(log_over(store.clone(), world.clock.clone(), seed));
        let artifacts = Artifacts::new(store.clone());
        // Whoever reads the queue is played below.
        let (queue, messages) = channel_queue();
        let tick = Tick {
            log: log(1),
            forge: Arc::new(world.server.forge(Access::Read)),
            queue: Arc::new(queue),
            artifacts: artifacts.clone(),
            clock: world.clock.clone(),
            organisation_policy: None,
            stand_ins: BTreeMap::new(),
            read: Mutex::default(),
            seal: None,
        };
        let publish = Publish {
            log: log(2),
            forge: Arc::new(world.server.forge(Access::Publish)),
            artifacts: artifacts.clone(),
        };
        let secrets = vec![Secret::from("the secret before"), Secret::from(WEBHOOK_SECRET)];
        let ingest = PrIngest { log: log(3), secrets };
        let log = log(4);
        let way = Self { world, log, artifacts, tick, publish, ingest, _messages: messages };
        let registered = TargetRegistered {
            target_id: shop(),
            name: "Shop".to_owned(),
            repo_url: way.world.shop.location.clone(),
            default_branch: "main".to_owned(),
        };
        let ada = Principal::operator("ada");
        way.decide(ada, move |state| operator::register(state, &registered)).await;
        way
    }

    async fn decide<A: Send + 'static>(
        &self,
        principal: Principal,
        mut decide: impl FnMut(&State) -> Decision<A> + Send + 'static,
    ) -> A {
        let transaction = Transaction::of("test", principal);
        self.log.transact(&transaction, move |state, _| decide(state)).await.unwrap().answer
    }

    pub(crate) async fn tick(&self) {
        let pass = self.tick.run(false).await.unwrap();
        assert_eq!(pass.troubles, []);
    }

    async fn says(&self, attempt: &AttemptId, fact: impl Into<Fact>) {
        let event = fact.into().event(&shop());
        let attempt = Principal::attempt(attempt);
        self.decide(attempt, move |_| Decision::new(vec![event.clone()], ())).await;
    }

    /// Dispatch and the Job, as their events: a new file under docs/.
    async fn executed(&self) -> AttemptId {
        let state = self.state().await;
        let (id, attempt) = state.attempts.iter().next().expect("an attempt was decided");
        let (id, base) = (id.clone(), attempt.base.clone());
        let dispatcher = Transaction::of("dispatch", Principal::program(Role::Dispatch));
        let name = id.clone();
        let submit = move |state: &State, moment: &_| dispatch::submit(state, moment, 1, &name);
        self.log.transact(&dispatcher, submit).await.unwrap();
        let (attempt_id, pod_uid) = (id.clone(), "pod-1".to_owned());
        let status = "running".to_owned();
        self.says(&id, AttemptStarted { attempt_id, pod_uid, status }).await;
        let diff = Diff { base, files: vec![add("docs/notes.md", "# Notes\n")] };
        let digest = self.artifacts.put(diff.to_bytes()).await.unwrap();
        self.world.clock.advance(SignedDuration::from_secs(60));
        let check = CheckResult {
            name: "links".to_owned(),
            passed: true,
            milliseconds: 12,
            detail: "exit code 0".to_owned(),
            log: None,
        };
        let checked = AttemptChecked {
            attempt_id: id.clone(),
            diff_digest: Some(digest),
            files: 1,
            ignored_files: 0,
            skeleton: false,
            checks: vec![check],
        };
        self.says(&id, checked).await;
        id
    }

    /// From the backlog to the open pull request; its number and its head.
    pub(crate) async fn opened(&self) -> (u64, GitCommit) {
        self.tick().await;
        let id = self.executed().await;
        match publish(&self.publish, &id, 1).await.unwrap() {
            Published::Opened { number, git_commit, .. } => (number, git_commit),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn deliver(&self, sent: &Sent) -> Answer {
        self.deliver_as(sent, Some(&sent.signature)).await
    }

    pub(crate) async fn deliver_as(&self, sent: &Sent, signature: Option<&str>) -> Answer {
        let (event, id, body) = (Some(sent.event.as_str()), Some(sent.id.as_str()), &sent.body);
        self.ingest.handle(Delivery { event, signature, id, body }).await
    }

    pub(crate) async fn state(&self) -> State {
        self.log.view().await.unwrap().state.clone()
    }

    pub(crate) async fn task(&self) -> Task {
        let name: TaskId = "add-notes".parse().unwrap();
        self.state().await.targets[&shop()].tasks[&name].clone()
    }

    pub(crate) async fn pull_request(&self, number: u64) -> (PullRequestState, Option<GitCommit>) {
        let state = self.state().await;
        let pull_request = &state.targets[&shop()].pull_requests[&number];
        (pull_request.status, pull_request.foreign_head.clone())
    }

    /// How many commits the log has.
    pub(crate) async fn commits(&self) -> u64 {
        self.log.verify(None, |_| {}).await.unwrap().commits
    }
}

#[tokio::test]
async fn from_the_backlog_to_the_completed_task() {
    let way = Way::new().await;
    let (number, head) = way.opened().await;
    assert_eq!(way.task().await.status, TaskStatus::PrOpen);

    // What a person sees at GitHub.
    let (title, body) = way.world.server.pull_request(SHOP, number).unwrap();
    assert!(title.contains("Add the notes"), "{title}");
    for said in ["docs/notes.md", "Backlog entry: added", "links"] {
        assert!(body.contains(said), "{said} is missing in {body}");
    }
    let changed = way.world.git(["diff", "--name-status", "main", head.as_str()]);
    assert_eq!(changed, format!("M\t{BACKLOG}\nA\tdocs/notes.md"));
    let entry = way.world.git(["show", &format!("{head}:{BACKLOG}")]);
    assert!(entry.contains("# Short notes.") && entry.contains("status: completed"), "{entry}");

    let events = way.world.server.deliveries();
    let opened = events.iter().find(|sent| sent.event == "pull_request").unwrap();
    assert_eq!(way.deliver(opened).await.outcome, Outcome::Ignored, "we opened it ourselves");

    way.world.server.merge(SHOP, number, "squash");
    let mut done = 0;
    for sent in way.world.server.deliveries() {
        let answer = way.deliver(&sent).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        done += usize::from(answer.outcome == Outcome::Done);
    }
    assert_eq!(done, 1, "of merge and push the merge is news");
    assert_eq!(way.task().await.status, TaskStatus::Completed);
    assert_eq!(way.pull_request(number).await.0, PullRequestState::Merged);

    // The backlog says so as well now, and nothing begins anew.
    way.tick().await;
    way.tick().await;
    assert_eq!(way.task().await.status, TaskStatus::Completed);
    assert_eq!(way.state().await.targets[&shop()].pull_requests.len(), 1);
}

#[tokio::test]
async fn without_any_webhook_tick_sees_the_same() {
    let way = Way::new().await;
    let (number, _) = way.opened().await;
    way.world.server.merge(SHOP, number, "merge");
    let late = way.world.server.deliveries();
    way.tick().await;
    assert_eq!(way.task().await.status, TaskStatus::Completed);
    // What comes after that is known.
    let before = way.commits().await;
    for sent in late {
        assert_eq!(way.deliver(&sent).await.outcome, Outcome::Ignored);
    }
    assert_eq!(way.commits().await, before);
}

#[tokio::test]
async fn the_requests_of_one_attempt_are_counted() {
    let way = Way::new().await;
    way.world.asked();
    way.tick().await;
    let read = way.world.asked();
    let id = way.executed().await;
    let published = publish(&way.publish, &id, 1).await.unwrap();
    assert!(matches!(published, Published::Opened { .. }), "{published:?}");
    let written = way.world.asked();
    println!("tick: {read:#?}\npublish: {written:#?}");
    // Sign-in 2, branch 1, folders 2, files 2. Then sign-in 2 and 9 + 2 files + 1 folder.
    assert_eq!((read.len(), written.len()), (7, 14), "{read:#?} {written:#?}");
    way.tick().await;
    way.world.asked();
    way.tick().await;
    let idle = way.world.asked();
    let conditional = ["GET /pulls/1 if changed: 304", "GET /git/ref/heads/main if changed: 304"];
    assert_eq!(idle, conditional, "one for the target, one for its open pull request");
}
