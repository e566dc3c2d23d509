//! Taking in a client's bundle: what is appended, what was there already, what is refused
//! (DECISIONS 1, 2 and 6).
//!
//! Bundles without an `Idempotency-Key` come from workers of the original: a broken element is
//! refused by itself and recorded, the others go on. With a key, and from attempts, a bundle is all
//! or nothing.

mod bundle;
mod element;
pub mod fault;
mod large;

use std::collections::BTreeSet;

use super::attempt::{self, Verdict};
use super::{Decision, Moment};
use crate::authority;
use crate::event::{NewEvent, Principal, Role};
use crate::fact::{EventRefused, Fact};
use crate::idempotency_key::{IdempotencyKey, KeyAge};
use crate::ids::{AttemptId, Digest, TargetId};
use crate::state::{State, bundle_id_key, bundle_key, event_key};

pub use bundle::{Bundle, not_an_object, read, read_text, whole_number};
pub use element::{Element, Incoming};
pub use fault::{Fault, Step};
pub use large::{MAX_PAYLOAD_BYTES, Whole, whole};

/// Who sends what.
#[derive(Debug, Clone, Copy)]
pub struct Sent<'a> {
    /// The bundle.
    pub bundle: &'a Bundle,
    /// The caller, from its token.
    pub principal: &'a Principal,
    /// The name that a new client gave to this request.
    pub key: Option<IdempotencyKey>,
}

impl Sent<'_> {
    /// What the bundle is known by: its key where it has one, else the id that its sender gave.
    pub fn known_by(&self) -> String {
        self.key.map_or_else(|| self.bundle.bundle_id.clone(), |key| key.to_string())
    }

    /// Whether one broken element refuses all.
    pub fn all_or_nothing(&self) -> bool {
        self.key.is_some() || self.principal.role == Role::Attempt
    }
}

/// What the sender is told.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// Everything that is an event is in the log now, or was already.
    Taken {
        /// How many of the bundle's elements are events.
        ingested: u64,
    },
    /// Nothing was appended: these entries are wrong.
    Faulty(Vec<Fault>),
    /// Nothing was appended: the attempt may not say that now.
    Attempt(attempt::Refusal),
    /// Nothing was appended: this caller may not say that at all.
    Forbidden(NotItsOwn),
    /// Nothing was appended: another bundle came under this key.
    KeyUsed,
    /// Nothing was appended: the key is too old or too new.
    KeyAge(KeyAge),
}

/// An attempt's executor spoke for something else than its attempt.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotItsOwn {
    /// Another target.
    #[error("attempt {attempt} belongs to another target than the bundle's")]
    Target {
        /// Who spoke.
        attempt: AttemptId,
    },
    /// Another attempt.
    #[error("event {index}: the token of attempt {attempt} speaks for that attempt only")]
    Attempt {
        /// Who spoke.
        attempt: AttemptId,
        /// Where in the bundle.
        index: usize,
    },
    /// Another type of event.
    #[error("event {index}: an attempt may not append events of that type")]
    Type {
        /// Where in the bundle.
        index: usize,
    },
}

/// Decides on one bundle.
pub fn decide(state: &State, moment: &Moment, sent: &Sent<'_>) -> Decision<Answer> {
    let bundle = sent.bundle;
    if let Some(Err(age)) = sent.key.map(|key| key.check_age(moment.now)) {
        return Decision::nothing(Answer::KeyAge(age));
    }
    let target = bundle.target_id();
    let id = sent.known_by();
    if let Some(target) = &target {
        if state.seen.contains(&bundle_key(target, &id, &bundle.content())) {
            return Decision::nothing(Answer::Taken { ingested: bundle.sound() });
        }
        if sent.key.is_some() && state.seen.contains(&bundle_id_key(target, &id)) {
            return Decision::nothing(Answer::KeyUsed);
        }
    }
    if sent.all_or_nothing() {
        let faults = bundle.faults();
        if !faults.is_empty() {
            return Decision::nothing(Answer::Faulty(faults));
        }
    }
    let own = sent.principal.name.as_deref().and_then(|name| name.parse::<AttemptId>().ok());
    match (sent.principal.role, own) {
        (Role::Attempt, Some(own)) => from_attempt(state, moment, sent, &own, target.as_ref()),
        _ => from_client(state, sent, target.as_ref()),
    }
}

/// Events that are there already are counted and not appended again, whether they came in before
/// or twice in this bundle.
struct Fresh<'a> {
    state: &'a State,
    target: Option<&'a TargetId>,
    here: BTreeSet<Digest>,
}

impl Fresh<'_> {
    fn is_new(&mut self, event: &Incoming) -> bool {
        let key = event_key(
            self.target,
            &event.event_id,
            &event.event_type,
            &event.timestamp,
            &event.payload,
        );
        !self.state.seen.contains(&key) && self.here.insert(key)
    }
}

fn from_client(state: &State, sent: &Sent<'_>, target: Option<&TargetId>) -> Decision<Answer> {
    let mut fresh = Fresh { state, target, here: BTreeSet::new() };
    let mut events = Vec::new();
    for element in &sent.bundle.elements {
        match &element.event {
            Ok(event) if fresh.is_new(event) => events.push(new_event(event, target)),
            Ok(_) => {}
            Err(faults) => events.push(refused(sent.bundle, element, faults, target)),
        }
    }
    Decision::new(events, Answer::Taken { ingested: sent.bundle.sound() })
}

fn from_attempt(
    state: &State,
    moment: &Moment,
    sent: &Sent<'_>,
    own: &AttemptId,
    target: Option<&TargetId>,
) -> Decision<Answer> {
    if state.attempts.get(own).is_some_and(|attempt| Some(&attempt.target) != target) {
        let attempt = own.clone();
        return Decision::nothing(Answer::Forbidden(NotItsOwn::Target { attempt }));
    }
    let mut fresh = Fresh { state, target, here: BTreeSet::new() };
    let mut events = Vec::new();
    let mut facts = Vec::new();
    for element in &sent.bundle.elements {
        let Ok(event) = &element.event else { continue };
        let fact = match own_fact(own, element.index, event) {
            Ok(fact) => fact,
            Err(answer) => return Decision::nothing(answer),
        };
        if !fresh.is_new(event) {
            continue;
        }
        match attempt::judge(state, moment.now, own, &fact, &facts) {
            Verdict::Accept => facts.push(fact),
            Verdict::Late => {}
            Verdict::Already => continue,
            Verdict::Refuse(refusal) => return Decision::nothing(Answer::Attempt(refusal)),
        }
        events.push(new_event(event, target));
    }
    Decision::new(events, Answer::Taken { ingested: sent.bundle.sound() })
}

/// What an executor may state: a fact of ours, of a type that the table allows it, about itself.
fn own_fact(own: &AttemptId, index: usize, event: &Incoming) -> Result<Fact, Answer> {
    if !authority::may_append(Role::Attempt, &event.event_type) {
        return Err(Answer::Forbidden(NotItsOwn::Type { index }));
    }
    let loc = fault::at_event(index, Some("payload"));
    let Some(fact) = Fact::read(&event.event_type, &event.payload) else {
        let msg = format!("The payload does not fit {}", event.event_type);
        let input = serde_json::Value::Object(event.payload.clone());
        return Err(Answer::Faulty(vec![Fault::value(loc, msg, &input)]));
    };
    if large::whole(&event.payload).is_some() {
        let msg = format!("An attempt's payload has at most {MAX_PAYLOAD_BYTES} bytes");
        return Err(Answer::Faulty(vec![Fault::value(loc, msg, &serde_json::Value::Null)]));
    }
    if fact.attempt() == Some(own) {
        Ok(fact)
    } else {
        Err(Answer::Forbidden(NotItsOwn::Attempt { attempt: own.clone(), index }))
    }
}

fn new_event(event: &Incoming, target: Option<&TargetId>) -> NewEvent {
    NewEvent {
        event_id: Some(event.event_id.clone()),
        event_type: event.event_type.clone(),
        timestamp: Some(event.timestamp.clone()),
        actor_id: event.actor_id.clone(),
        target: target.cloned(),
        payload: event.payload.clone(),
    }
}

fn refused(
    bundle: &Bundle,
    element: &Element,
    faults: &[Fault],
    target: Option<&TargetId>,
) -> NewEvent {
    let reasons: Vec<String> = faults.iter().map(reason).collect();
    let fact = Fact::from(EventRefused {
        bundle_id: bundle.bundle_id.clone(),
        index: u32::try_from(element.index).unwrap_or(u32::MAX),
        reason: reasons.join("; "),
        digest: element.digest.clone(),
    });
    NewEvent {
        event_id: None,
        event_type: fact.event_type().to_owned(),
        timestamp: None,
        actor_id: None,
        target: target.cloned(),
        payload: fact.payload(),
    }
}

/// A fault for the log: which field and what rule. What was sent is not repeated there.
fn reason(fault: &Fault) -> String {
    let field = fault.loc.iter().rev().find_map(|step| match step {
        Step::Key(key) if key != "events" => Some(key.as_str()),
        _ => None,
    });
    match field {
        Some(field) => format!("{field}: {}", fault.msg),
        None => fault.msg.clone(),
    }
}

#[cfg(test)]
mod tests;
