//! Bundles as they come in, by short stories.

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::decide::tests::story::{Story, target, task};
use crate::state::AttemptStatus;

/// Decides on a body and, as the log would, folds what is appended and remembers the bundle.
fn send(
    story: &mut Story,
    principal: &Principal,
    body: &str,
    key: Option<IdempotencyKey>,
) -> Answer {
    let bundle = match read(body) {
        Ok(bundle) => bundle,
        Err(faults) => return Answer::Faulty(faults),
    };
    let sent = Sent { bundle: &bundle, principal, key };
    let decision = decide(&story.state, &story.moment(), &sent);
    let appended = !decision.events.is_empty();
    let answer = story.commit(principal.clone(), decision);
    if let (true, Some(target)) = (appended, bundle.target_id()) {
        story.state.apply_bundle(&target, &sent.known_by(), &bundle.content());
    }
    answer
}

fn legacy() -> Principal {
    Principal::program(Role::Legacy)
}

fn bundle(id: &str, events: &Value) -> String {
    json!({"target": "shop", "bundle_id": id, "events": events}).to_string()
}

fn event(id: &str, event_type: &str, payload: &Value) -> Value {
    json!({"event_id": id, "event_type": event_type, "timestamp": "2026-03-01T12:00:00",
        "payload": payload})
}

fn taken(ingested: u64) -> Answer {
    Answer::Taken { ingested }
}

/// Which entries are faulty: type and place.
fn faults(answer: &Answer) -> Vec<String> {
    let Answer::Faulty(faults) = answer else { panic!("{answer:?}") };
    faults.iter().map(|f| format!("{} {}", f.kind, json!(f.loc))).collect()
}

fn envelope_faults(body: &str) -> Vec<String> {
    faults(&send(&mut Story::new(), &legacy(), body, None))
}

#[test]
fn a_broken_envelope_names_each_fault() {
    let cases: &[(&str, &[&str])] = &[
        ("", &[r#"json_invalid ["body",0]"#]),
        ("{", &[r#"json_invalid ["body",0]"#]),
        ("{\n \"a\": NaN}", &[r#"json_invalid ["body",8]"#]),
        ("null", &[r#"missing ["body"]"#]),
        ("[]", &[r#"model_attributes_type ["body"]"#]),
        ("7", &[r#"model_attributes_type ["body"]"#]),
        (
            "{}",
            &[
                r#"missing ["body","target"]"#,
                r#"missing ["body","bundle_id"]"#,
                r#"missing ["body","events"]"#,
            ],
        ),
        (
            r#"{"target":1,"bundle_id":null,"events":{}}"#,
            &[
                r#"string_type ["body","target"]"#,
                r#"string_type ["body","bundle_id"]"#,
                r#"list_type ["body","events"]"#,
            ],
        ),
        (
            r#"{"target":"t","bundle_id":"b","events":[{},1,"x"]}"#,
            &[r#"dict_type ["body","events",1]"#, r#"dict_type ["body","events",2]"#],
        ),
        (
            r#"{"target":"t","bundle_id":"b","events":[],"artifacts":[{"sha256":"s","kind":"k","size":"1.5"},3]}"#,
            &[
                r#"dict_type ["body","artifacts",1]"#,
                r#"missing ["body","artifacts",0,"uri"]"#,
                r#"int_parsing ["body","artifacts",0,"size"]"#,
            ],
        ),
    ];
    for (body, expected) in cases {
        let mut found = envelope_faults(body);
        if body.starts_with('{') && expected.len() == 1 && expected[0].starts_with("json_invalid") {
            // Where exactly a parser gives up is its own affair; that it is named is not.
            assert!(found[0].starts_with("json_invalid [\"body\","), "{body}: {found:?}");
            continue;
        }
        found.sort();
        let mut expected: Vec<String> = expected.iter().map(|e| (*e).to_owned()).collect();
        expected.sort();
        assert_eq!(found, expected, "{body}");
    }
}

#[test]
fn artifacts_may_be_absent_null_or_have_more_keys() {
    for artifacts in [
        "",
        r#","artifacts":null"#,
        r#","artifacts":[]"#,
        r#","artifacts":[{"sha256":"s","kind":"log","uri":"file:///x","size":3,"name":"n"}]"#,
    ] {
        let body = format!(r#"{{"target":"t","bundle_id":"b","events":[]{artifacts}}}"#);
        assert_eq!(send(&mut Story::new(), &legacy(), &body, None), taken(0), "{artifacts}");
    }
}

#[test]
fn a_malformed_event_is_refused_by_itself_and_recorded() {
    let mut story = Story::new();
    let before = story.events.len();
    let body = r#"{"target":"shop","bundle_id":"b","events":[
        {"event_id":"1","event_type":"x","timestamp":"2026-03-01","payload":{"n":1.50}},
        {"event_id":"2","event_type":"x","timestamp":"yesterday","payload":{}},
        {"event_id":"3","event_type":"x","timestamp":"2026-03-01","payload":{"a":"\udc80"}},
        {"event_id":"4","event_type":"x","timestamp":"2026-03-01","payload":{"a":1e999}},
        {"event_id":5,"timestamp":true,"payload":[]},
        {"event_id":"6","event_type":"x","timestamp":1764000000,"actor_id":null,"payload":{},"hash":"h"}
    ]}"#;
    assert_eq!(send(&mut story, &legacy(), body, None), taken(2));
    assert_eq!(
        story.types_since(before),
        ["x", "event.refused", "event.refused", "event.refused", "event.refused", "x"]
    );
    let events = &story.events[before..];
    assert_eq!(json!(events[0].payload).to_string(), r#"{"n":1.50}"#, "the number as spelled");
    assert_eq!(events[5].timestamp, "1764000000");
    let refused: Vec<_> = events[1..5].iter().map(|e| e.payload["index"].clone()).collect();
    assert_eq!(refused, [json!(1), json!(2), json!(3), json!(4)]);
    assert!(events[1].payload["reason"].as_str().unwrap().starts_with("timestamp: "));
    let reason = events[4].payload["reason"].as_str().unwrap();
    for field in ["event_id: ", "event_type: ", "timestamp: ", "payload: "] {
        assert!(reason.contains(field), "{reason}");
    }
    // The same again: nothing is appended, and the answer is the first one.
    let before = story.events.len();
    assert_eq!(send(&mut story, &legacy(), body, None), taken(2));
    assert_eq!(story.events.len(), before);
}

#[test]
fn an_event_sent_again_is_counted_and_not_appended() {
    let mut story = Story::new();
    let before = story.events.len();
    let one = event("e", "x", &json!({"n": 1}));
    assert_eq!(send(&mut story, &legacy(), &bundle("b", &json!([one, one])), None), taken(2));
    assert_eq!(story.events.len(), before + 1, "twice in one bundle");
    // A worker's posts share a bundle id, and a failing one repeats what it sent.
    let two = event("f", "x", &json!({"n": 1}));
    assert_eq!(send(&mut story, &legacy(), &bundle("b", &json!([one, two])), None), taken(2));
    assert_eq!(story.types_since(before), ["x", "x"]);
    // Files of equal content share an event id: those are different events.
    for other in [
        event("e", "x", &json!({"n": 2})),
        event("e", "y", &json!({"n": 1})),
        json!({"event_id": "e", "event_type": "x", "timestamp": "2026-03-02", "payload": {"n": 1}}),
    ] {
        let before = story.events.len();
        assert_eq!(send(&mut story, &legacy(), &bundle("b", &json!([other])), None), taken(1));
        assert_eq!(story.events.len(), before + 1, "{other}");
    }
}

#[test]
fn a_target_that_we_could_not_have_is_taken_from_the_originals_clients() {
    let mut story = Story::new();
    let body = json!({"target": "Some Org/Repo", "bundle_id": "b",
        "events": [event("e", "x", &json!({}))]});
    assert_eq!(send(&mut story, &legacy(), &body.to_string(), None), taken(1));
    let event = story.events.last().unwrap();
    assert_eq!((event.event_id.as_str(), &event.target), ("e", &None));
    let before = story.events.len();
    assert_eq!(send(&mut story, &legacy(), &body.to_string(), None), taken(1));
    assert_eq!(story.events.len(), before);
}

#[test]
fn with_a_key_a_bundle_is_all_or_nothing_and_known_again() {
    let mut story = Story::new();
    let key = IdempotencyKey::new(story.now, [1; 16]);
    let before = story.events.len();
    let broken = bundle("b", &json!([event("e", "x", &json!({})), {"event_id": 1}]));
    let answer = send(&mut story, &legacy(), &broken, Some(key));
    assert_eq!(
        faults(&answer),
        [
            r#"string_type ["body","events",1,"event_id"]"#,
            r#"missing ["body","events",1,"event_type"]"#,
            r#"missing ["body","events",1,"timestamp"]"#,
            r#"missing ["body","events",1,"payload"]"#,
        ]
    );
    assert_eq!(story.events.len(), before);

    let sound = bundle("b", &json!([event("e", "x", &json!({})), event("f", "x", &json!({}))]));
    assert_eq!(send(&mut story, &legacy(), &sound, Some(key)), taken(2));
    assert_eq!(send(&mut story, &legacy(), &sound, Some(key)), taken(2));
    assert_eq!(story.events.len(), before + 2);
    let other = bundle("b", &json!([event("g", "x", &json!({}))]));
    assert_eq!(send(&mut story, &legacy(), &other, Some(key)), Answer::KeyUsed);
    story.pass(24 * 3600 + 1);
    assert!(matches!(
        send(&mut story, &legacy(), &sound, Some(key)),
        Answer::KeyAge(KeyAge::Expired { .. })
    ));
}

#[test]
fn secrets_are_gone_before_anything_is_digested() {
    let token = format!("ghp_{}", "kQ3vX9mT2bLw7RzY5nJc8HdF4sGp1AeU6oVi");
    let leaky = json!({"error": format!("fatal: https://x-access-token:{token}@forge"),
        "deep": [{"log": token}]});
    let clean = read(&bundle("b", &json!([event("e", "x", &leaky)]))).unwrap();
    let spelled = format!("{clean:?}");
    assert!(!spelled.contains(&token), "{spelled}");
    assert!(spelled.contains("[redacted:"), "{spelled}");
    let other = json!({"error": leaky["error"], "deep": [{"log": format!("ghp_{}", "w8Tn4KyB2rXc7QmZ5vLj1HsDf9GpA3eU6oVi")}]});
    let other = read(&bundle("b", &json!([event("e", "x", &other)]))).unwrap();
    assert_eq!(clean.content(), other.content(), "the digest holds nothing of the secret");
}

#[test]
fn a_large_payload_leaves_its_short_fields_and_a_mark() {
    let lines = "all work and no play ".repeat(4000);
    let payload = json!({"attempt_id": "a", "log": lines, "n": 1.50});
    let read = read(&bundle("b", &json!([event("e", "x", &payload)]))).unwrap();
    let element = &read.elements[0];
    let kept = &element.event.as_ref().unwrap().payload;
    let bytes = element.set_aside.as_ref().unwrap();
    assert_eq!(whole(kept), Some(Whole { sha256: Digest::of(bytes), size_bytes: bytes.len() }));
    assert_eq!(serde_json::from_slice::<Value>(bytes).unwrap(), payload);
    assert_eq!(kept.keys().collect::<Vec<_>>(), ["attempt_id", "n", "leviathan.payload"]);

    let small = json!({"log": "x".repeat(super::MAX_PAYLOAD_BYTES - r#"{"log":""}"#.len())});
    assert_eq!(
        super::read(&bundle("b", &json!([event("e", "x", &small)]))).unwrap().elements[0].set_aside,
        None
    );
}

#[test]
fn nobody_can_send_the_mark() {
    let forged = json!({"leviathan.payload": {"sha256": "0".repeat(64), "size_bytes": 1}});
    let read = read(&bundle("b", &json!([event("e", "x", &forged)]))).unwrap();
    assert!(read.elements[0].event.is_err());
}

/// A story with one attempt that is submitted.
fn submitted() -> (Story, AttemptId) {
    let mut story = Story::new();
    story.sync(1, &[task("a"), task("b")]);
    let attempt = story.tick().picked[0].clone();
    let decision = crate::decide::dispatch::submit(&story.state, &story.moment(), 1, &attempt);
    story.commit(Principal::program(Role::Dispatch), decision);
    (story, attempt)
}

fn claim(attempt: &AttemptId, pod: &str) -> Value {
    let payload = json!({"attempt_id": attempt, "pod_uid": pod, "status": "running"});
    event(&format!("claim-{pod}"), "attempt.started", &payload)
}

fn says(story: &mut Story, attempt: &AttemptId, events: &Value) -> Answer {
    send(story, &Principal::attempt(attempt), &bundle("b", events), None)
}

#[test]
fn the_first_pod_holds_the_attempt() {
    let (mut story, attempt) = submitted();
    assert_eq!(says(&mut story, &attempt, &json!([claim(&attempt, "one")])), taken(1));
    assert_eq!(story.state.attempts[&attempt].status, AttemptStatus::Running);
    let before = story.events.len();
    // The same pod after a restart, with another event id: it goes on.
    let mut again = claim(&attempt, "one");
    again["event_id"] = json!("after the restart");
    assert_eq!(says(&mut story, &attempt, &json!([again])), taken(1));
    assert_eq!(story.events.len(), before);
    let other = says(&mut story, &attempt, &json!([claim(&attempt, "two")]));
    assert!(matches!(other, Answer::Attempt(attempt::Refusal::HeldByAnother { .. })), "{other:?}");
    assert_eq!(story.events.len(), before);
}

#[test]
fn a_claim_comes_too_late_after_the_attempts_time() {
    let (mut story, attempt) = submitted();
    let not_after = story.state.attempts[&attempt].not_after.unwrap();
    story.now = not_after;
    let answer = says(&mut story, &attempt, &json!([claim(&attempt, "one")]));
    assert!(matches!(answer, Answer::Attempt(attempt::Refusal::TooLate { .. })), "{answer:?}");
}

#[test]
fn an_attempt_speaks_for_itself_alone() {
    let (mut story, attempt) = submitted();
    let before = story.events.len();
    let other: AttemptId = "other-attempt".parse().unwrap();
    let created = event("e", "attempt.created", &json!({"attempt_id": attempt}));
    let refused = [
        json!([claim(&other, "one")]),
        json!([created]),
        json!([event("e", "pr.merged", &json!({"pr_number": 1}))]),
        json!([event("e", "anything", &json!({}))]),
        json!([claim(&attempt, "one"), claim(&other, "one")]),
    ];
    for events in refused {
        let answer = says(&mut story, &attempt, &events);
        assert!(matches!(answer, Answer::Forbidden(_)), "{events}: {answer:?}");
    }
    let elsewhere = json!({"target": "bank", "bundle_id": "b", "events": [claim(&attempt, "one")]});
    let answer = send(&mut story, &Principal::attempt(&attempt), &elsewhere.to_string(), None);
    assert_eq!(answer, Answer::Forbidden(NotItsOwn::Target { attempt: attempt.clone() }));
    let unfit = event("e", "attempt.started", &json!({"attempt_id": attempt}));
    assert_eq!(
        faults(&says(&mut story, &attempt, &json!([unfit]))),
        [r#"value_error ["body","events",0,"payload"]"#]
    );
    assert_eq!(story.events.len(), before, "nothing of all that is in the log");
}

#[test]
fn an_attempt_appends_a_bounded_number_of_events() {
    let (mut story, attempt) = submitted();
    assert_eq!(says(&mut story, &attempt, &json!([claim(&attempt, "one")])), taken(1));
    let progress = |n: u32| {
        let payload = json!({"attempt_id": attempt, "phase": "work", "state": "started",
            "milliseconds": null, "detail": n.to_string()});
        event(&format!("p{n}"), "attempt.progress", &payload)
    };
    let many: Vec<Value> = (0..attempt::MAX_EXECUTOR_EVENTS).map(progress).collect();
    let answer = says(&mut story, &attempt, &json!(many));
    assert!(matches!(answer, Answer::Attempt(attempt::Refusal::TooMany { .. })), "{answer:?}");
    let rest = &many[..many.len() - 1];
    assert!(matches!(says(&mut story, &attempt, &json!(rest)), Answer::Taken { .. }));
    let answer = says(&mut story, &attempt, &json!([progress(9_999)]));
    assert!(matches!(answer, Answer::Attempt(attempt::Refusal::TooMany { .. })), "{answer:?}");
}

#[test]
fn what_comes_after_the_end_is_stored_and_changes_nothing() {
    let (mut story, attempt) = submitted();
    assert_eq!(says(&mut story, &attempt, &json!([claim(&attempt, "one")])), taken(1));
    story.fail(&attempt, crate::fact::FailureClass::Infra);
    let ended = story.state.attempts[&attempt].clone();
    let checked = event(
        "c",
        "attempt.checked",
        &json!({"attempt_id": attempt, "diff_digest": null, "files": 0, "ignored_files": 0,
            "skeleton": false, "checks": []}),
    );
    let before = story.events.len();
    assert_eq!(says(&mut story, &attempt, &json!([checked])), taken(1));
    assert_eq!(story.types_since(before), ["attempt.checked"]);
    let now = &story.state.attempts[&attempt];
    assert_eq!((now.status, &now.checked, &now.end), (ended.status, &None, &ended.end));
}

#[test]
fn the_target_of_a_bundle_is_the_attempts() {
    let (mut story, attempt) = submitted();
    assert_eq!(says(&mut story, &attempt, &json!([claim(&attempt, "one")])), taken(1));
    assert_eq!(story.events.last().unwrap().target, Some(target()));
}

proptest! {
    #[test]
    fn any_body_is_read_or_refused(body in "\\PC{0,200}") {
        let _ = read(&body);
    }

    #[test]
    fn bodies_close_to_a_bundle_never_panic_and_count_no_more_than_they_hold(
        events in prop::collection::vec(prop::collection::btree_map(
            prop::sample::select(vec!["event_id", "event_type", "timestamp", "actor_id", "payload", "leviathan.payload"]),
            prop_oneof![
                Just(json!("2026-03-01")), Just(json!("x")), Just(json!(null)), Just(json!({})),
                Just(json!({"leviathan.payload": 1})), Just(json!([])), Just(json!(3)), Just(json!(1e300)),
            ], 0..6), 0..6),
    ) {
        let count = events.len() as u64;
        let mut story = Story::new();
        let answer = send(&mut story, &legacy(), &bundle("b", &json!(events)), None);
        let Answer::Taken { ingested } = answer else { panic!("{answer:?}") };
        prop_assert!(ingested <= count);
        let before = story.events.len();
        prop_assert_eq!(send(&mut story, &legacy(), &bundle("b", &json!(events)), None), taken(ingested));
        prop_assert_eq!(story.events.len(), before, "the same again appends nothing");
    }

    #[test]
    fn the_age_of_a_key_is_what_its_maker_wrote(seconds in 0_i64..200_000, random in any::<[u8; 16]>()) {
        let now: Timestamp = "2026-03-01T12:00:00Z".parse().unwrap();
        let key = IdempotencyKey::new(now - SignedDuration::from_secs(seconds), random);
        prop_assert_eq!(key.check_age(now).is_ok(), seconds <= 86_400);
    }
}
