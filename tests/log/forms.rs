//! Every form in which something is stored or given out lies in the tree (`tests/log/golden`, laid
//! out as the two stores are): it is written today in the same bytes, and what was written then is
//! read today. So a change that breaks old stores fails here.
//!
//! While nothing is released, forms are only written anew, by the line at the head of `golden.rs`;
//! after that another form gets another name, or another number in it, and the old one stays here.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use ed25519_dalek::{Signer as _, SigningKey};
use leviathan_core::diff::{Diff, FileChange, FileMode, NewFile};
use leviathan_core::event::Principal;
use leviathan_core::graph::{Graph, Window};
use leviathan_core::ids::{AttemptId, Digest, TargetId, TaskId};
use leviathan_core::ports::signer::SignerError;
use leviathan_core::ports::{ObjectStore, Signer};
use leviathan_core::state::{Departure, STATE_FORMAT, State};
use leviathan_local::{FolderStore, MemoryStore};
use leviathan_log::artifacts::Artifacts;
use leviathan_log::hint::{Hint, HintedSnapshot};
use leviathan_log::seal::{Bundle, EventName, VerifierKey};
use leviathan_log::{Known, Log, Plan, Restore, Until, Writer, keys, views};
use leviathan_tests::clock::{HandClock, SeededEntropy};
use leviathan_tests::log_builders::log_over;

use crate::golden::{folder, store_of_the_log, update};

/// What leaves the program, and lies in no store.
const GIVEN: &str = "given/";

/// A key that is known to all.
struct KnownKey(SigningKey);

impl KnownKey {
    fn new() -> Self {
        Self(SigningKey::from_bytes(&[7; 32]))
    }

    fn verifier(&self) -> VerifierKey {
        VerifierKey::new(self.name(), &self.public_key()).unwrap()
    }
}

#[async_trait]
impl Signer for KnownKey {
    fn name(&self) -> &str {
        "leviathan.local/golden"
    }
    fn public_key(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }
    async fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignerError> {
        Ok(self.0.sign(message).to_bytes())
    }
}

fn log_in(store: Arc<dyn ObjectStore>) -> Log {
    log_over(store, Arc::new(HandClock::default()), 1)
}

fn attempt_id(text: &str) -> AttemptId {
    text.parse().unwrap()
}

fn target() -> TargetId {
    "shop".parse().unwrap()
}

fn task() -> TaskId {
    "aged".parse().unwrap()
}

/// One of each kind, made of what the log in the tree folds to.
fn departures(state: &State) -> [Departure; 4] {
    let attempt = state.attempts[&attempt_id("f-1")].clone();
    let of_target = &state.targets[&target()];
    let pull_request = of_target.pull_requests.values().next().unwrap().clone();
    let (target_id, seq) = (target(), 16);
    [
        Departure::Attempt { attempt_id: attempt_id("aged-1"), attempt },
        Departure::PullRequest { target_id: target_id.clone(), number: 77, pull_request },
        Departure::Task {
            target_id: target_id.clone(),
            task_id: task(),
            task: of_target.tasks.values().next().unwrap().clone(),
        },
        Departure::Later { attempt_id: attempt_id("aged-1"), target_id: Some(target_id), seq },
    ]
}

fn views_of(state: &State) -> Vec<(String, Bytes)> {
    let newest_first = |number: u64| format!("{:020}", u64::MAX - number);
    let task = Digest::of(task().as_str().as_bytes());
    let places = [
        "attempt/aged-1".to_owned(),
        format!("pull-request/shop/{:020}", 77),
        format!("task/shop/{task}/{}", newest_first(2)),
        format!("later/aged-1/{:020}", 16),
    ];
    let all: Vec<(u64, Departure)> = (0..).zip(departures(state)).collect();
    let mut views = vec![("block".to_owned(), 0, &all[..])];
    for (place, one) in places.iter().zip(all.chunks(1)) {
        views.push((place.clone(), 0, one));
        views.push(("target/shop".to_owned(), one[0].0, one));
    }
    let named = views.into_iter().map(|(place, number, departures)| {
        let numbered = place == "block" || place == "target/shop";
        let place = if numbered { format!("{place}/{}", newest_first(number)) } else { place };
        let key = format!("{}{place}", views::PREFIX);
        let bytes = views::encode(&key, departures).unwrap();
        (key, bytes)
    });
    named.collect()
}

/// The graph that the log in the tree gives, and a block of what would have left a smaller one.
async fn graph_views(log: &Log) -> Vec<(String, Bytes)> {
    let view = log.view().await.unwrap();
    let (mut graph, mut small) = (Graph::default(), Graph::new(SMALL));
    for seq in 0..view.position.next_seq() {
        for event in log.read(seq).await.unwrap().events {
            graph.apply(&event);
            small.apply(&event);
        }
    }
    let key = views::graph::start_key(view.position.seq.unwrap());
    let start = (key, views::graph::encode(&view.position, &graph).unwrap());
    let left: Vec<_> = small.past().newest().map(|(number, left)| (number, left.clone())).collect();
    assert!(left.len() > 5, "{}", left.len());
    [vec![start], views::graph::block_objects(0, &left).unwrap()].concat()
}

/// So small that all leaves that has ended.
const SMALL: Window =
    Window { attempts: 0, failures: 0, loose: 0, departures: 128, ..Window::STANDARD };

fn artifact() -> Bytes {
    let content = Bytes::from("ü\n");
    let change = FileChange {
        path: "docs/a.md".to_owned(),
        old: None,
        new: Some(NewFile { mode: FileMode::Regular, content }),
    };
    let base = "1111111111111111111111111111111111111111".parse().unwrap();
    Diff::new(base, vec![change]).unwrap().to_bytes().into()
}

async fn plan(store: Arc<MemoryStore>) -> Plan {
    let restore = Restore::new(
        (store, "/backup".to_owned()),
        (Arc::new(MemoryStore::new()), "/new".to_owned()),
        Arc::new(HandClock::default()),
        Arc::new(SeededEntropy::new(1)),
        Writer { program: "test".to_owned(), version: "0.0.0".to_owned() },
        Principal::keeper("ada"),
    );
    restore.until(Until::Commit(20)).plan(|_| ()).await.unwrap().plan
}

/// What today's code writes, but for the log and its snapshot, which `golden.rs` has.
async fn written_today() -> BTreeMap<String, Bytes> {
    let store = store_of_the_log().await;
    let (log, signer) = (log_in(store.clone()), KnownKey::new());
    log.seal(&signer, None).await.unwrap().unwrap();
    let mut forms = BTreeMap::new();
    for prefix in [keys::TILES, keys::CHECKPOINTS, keys::CHECKPOINT] {
        for key in store.list(prefix, None, 100).await.unwrap() {
            let bytes = store.get(&key).await.unwrap().bytes;
            forms.insert(key, bytes);
        }
    }
    let view = log.view().await.unwrap();
    let seq = view.position.seq.unwrap();
    let snapshot = HintedSnapshot { state_format: STATE_FORMAT, seq };
    let hint = Hint::new(view.position.epoch, seq, Some(snapshot));
    forms.insert(keys::HINT.to_owned(), hint.encode());
    forms.insert(keys::RESTORE.to_owned(), plan(store).await.encode().unwrap());
    forms.extend(views_of(&view.state));
    forms.extend(graph_views(&log).await);
    forms.insert(keys::artifact(&Digest::of(&artifact())), artifact());
    let bundle = log.prove(&signer.verifier(), &EventName::Offset(7)).await.unwrap();
    let bundle = serde_json::to_vec_pretty(&bundle).unwrap();
    forms.insert(format!("{GIVEN}bundle.json"), bundle.into());
    forms.insert(format!("{GIVEN}key"), signer.verifier().to_string().into());
    forms
}

/// The names of all files in the tree, as keys of a store.
fn in_the_tree() -> BTreeSet<String> {
    fn walk(folder: &Path, prefix: &str, found: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let name = format!("{prefix}{}", entry.file_name().to_str().unwrap());
            if entry.path().is_dir() {
                walk(&entry.path(), &format!("{name}/"), found);
            } else {
                found.insert(name);
            }
        }
    }
    let mut found = BTreeSet::new();
    walk(&folder(), "", &mut found);
    found
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[tokio::test]
async fn each_form_is_written_today_as_it_was() {
    let forms = written_today().await;
    if update() {
        for (name, bytes) in &forms {
            let file = folder().join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, bytes).unwrap();
        }
    }
    for (name, bytes) in &forms {
        let then = fs::read(folder().join(name)).unwrap_or_default();
        assert_eq!(
            text(bytes),
            text(&then),
            "{name} is not what it was: see the head of this file"
        );
        assert!(*bytes == then, "{name}");
    }
}

/// A name that is not in `keys.rs` is not ours; so what is there is all that is stored.
#[test]
fn each_name_of_an_object_has_its_form_in_the_tree() {
    let source = include_str!("../../shared/log/src/keys.rs");
    let constants = source.lines().filter_map(|line| {
        let (_, value) = line.strip_prefix("pub const ")?.split_once(": &str = \"")?;
        value.strip_suffix("\";")
    });
    let names: Vec<&str> = constants.collect();
    assert!(names.contains(&keys::HINT) && names.contains(&keys::EVENTS), "{names:?}");
    let tree = in_the_tree();
    for name in &names {
        let prefix = name.ends_with('/');
        let has = |key: &String| if prefix { key.starts_with(name) } else { key == name };
        assert!(tree.iter().any(has), "tests/log/golden has no {name}: add it to `forms.rs`");
    }
    let known = |key: &String| key.starts_with(GIVEN) || names.iter().any(|n| key.starts_with(n));
    let strays: Vec<_> = tree.iter().filter(|key| !known(key)).collect();
    assert!(strays.is_empty(), "no object of ours has such a name: {strays:?}");
}

#[tokio::test]
async fn the_log_in_the_tree_is_read_with_all_that_belongs_to_it() {
    let store = Arc::new(FolderStore::read_only(folder()));
    let key = KnownKey::new().verifier();
    assert_eq!(fs::read_to_string(folder().join("given/key")).unwrap().parse(), Ok(key.clone()));
    let log = log_in(store.clone()).with_data(store.clone()).with_checkpoints_by(key.clone());
    let view = log.view().await.unwrap();
    let started = log.cold_start().await;
    assert_eq!((started.snapshot, started.passed_over), (view.position.seq, vec![]));
    let whole = log_in(store_of_the_log().await).view().await.unwrap();
    assert_eq!(view, whole, "hint and snapshot give what the commits give");
    let known = Known { key: Some(key.clone()), ..Known::default() };
    let report = log.verify_with(&known, |_| ()).await.unwrap();
    assert_eq!((report.fault, report.checkpoints), (None, 1));
    assert_eq!(report.sealed.unwrap().size, view.position.offset, "all of it is sealed");

    let bundle: Bundle =
        serde_json::from_slice(&fs::read(folder().join("given/bundle.json")).unwrap()).unwrap();
    assert_eq!(bundle.check(&key).unwrap().event.offset, 7);
    let plan = Plan::decode(&fs::read(folder().join(keys::RESTORE)).unwrap()).unwrap();
    assert_eq!((plan.epoch, plan.kept_seq), (2, 20));
    let artifact = artifact();
    let stored = Artifacts::new(store).get(&Digest::of(&artifact)).await.unwrap();
    assert_eq!(Diff::from_bytes(&stored).unwrap(), Diff::from_bytes(&artifact).unwrap());
}

#[tokio::test]
async fn the_views_in_the_tree_are_found_and_read() {
    let store = Arc::new(FolderStore::read_only(folder()));
    let log = log_in(store.clone()).with_data(store);
    let view = log.view().await.unwrap();
    let [attempt, pull_request, removed, _] = departures(&view.state);
    let aged = log.aged_attempt(&view, &attempt_id("aged-1")).await.unwrap().unwrap().attempt;
    let Departure::Attempt { attempt, .. } = attempt else { panic!("an attempt") };
    assert_eq!((&aged.task, aged.end), (&attempt.task, attempt.end));
    assert_eq!(aged.commits, [attempt.commits, vec![16]].concat(), "what was said later");
    let aged = log.aged_pull_request(&view, &target(), 77).await.unwrap().unwrap();
    let Departure::PullRequest { pull_request, .. } = pull_request else { panic!("one") };
    assert_eq!(aged, pull_request);
    let aged = log.aged_task(&view, &target(), &task()).await.unwrap().unwrap();
    let Departure::Task { task: removed, .. } = removed else { panic!("a task") };
    assert_eq!(aged, removed);
    for key in in_the_tree().iter().filter(|key| key.starts_with(views::PREFIX)) {
        let bytes = fs::read(folder().join(key)).unwrap();
        let departures: Vec<(u64, Departure)> = views::decode(key, &bytes).unwrap();
        assert_eq!(departures.len(), if key.contains("/block/") { 4 } else { 1 }, "{key}");
    }
}

#[tokio::test]
async fn the_graph_in_the_tree_is_begun_from() {
    let store = Arc::new(FolderStore::read_only(folder()));
    let log = log_in(store.clone()).with_data(store).showing();
    let shown = log.shown().await.unwrap();
    assert_eq!(log.cold_start().await.passed_over, []);
    let seq = log.view().await.unwrap().position.seq.unwrap();
    let whole = log_in(store_of_the_log().await).shown().await.unwrap();
    assert_eq!(shown.graph.clone().within(Window::ENDLESS), whole.graph);
    for key in in_the_tree().iter().filter(|key| key.starts_with(keys::GRAPH_VIEWS)) {
        let bytes = fs::read(folder().join(key)).unwrap();
        let lines = if key.starts_with(&views::graph::starts()) {
            views::graph::decode(seq, &bytes).is_ok()
        } else if key.contains("/attempt/") {
            let read: Vec<(u64, leviathan_core::graph::Departure)> =
                views::decode(key, &bytes).unwrap();
            read.len() == 1
        } else {
            let read: Vec<(u64, leviathan_core::graph::Row)> = views::decode(key, &bytes).unwrap();
            !read.is_empty()
        };
        assert!(lines, "{key}");
    }
}
