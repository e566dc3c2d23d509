//! What the queue port promises, as checks. It carries at least once and in any order, so a check
//! looks at the set of what arrives.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use leviathan_core::ports::{Message, Queue};

/// Who a message is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum For {
    Dispatch,
    Publish,
}

/// A queue of one test's own, both ends.
#[async_trait]
pub(crate) trait Ends: Send {
    /// The sending side.
    fn queue(&self) -> Arc<dyn Queue>;

    /// Messages that have arrived for these; waits until there are some.
    async fn arrived(&mut self, whom: For) -> Vec<Message>;

    /// The queue is no more.
    async fn gone(&mut self);
}

/// Hands the names of all checks to a macro that makes tests of them.
macro_rules! checks {
    ($make_tests:ident) => {
        $make_tests! {
            each_message_arrives_whole_at_whom_it_is_for,
            nothing_that_was_taken_is_lost,
            a_message_that_nobody_can_take_is_an_error,
        }
    };
}
pub(crate) use checks;

fn attempt(number: u32) -> leviathan_core::ids::AttemptId {
    format!("a-task-of-a-long-name-{number:010}").parse().unwrap()
}

pub(crate) async fn each_message_arrives_whole_at_whom_it_is_for(mut ends: impl Ends) {
    for (message, whom) in [
        (Message::Dispatch { epoch: 1, attempt: attempt(1) }, For::Dispatch),
        (Message::Stop { epoch: u64::MAX, attempt: attempt(2) }, For::Dispatch),
        (Message::Publish { epoch: 0, attempt: attempt(3) }, For::Publish),
    ] {
        ends.queue().send(&message).await.unwrap();
        assert_eq!(ends.arrived(whom).await, [message]);
    }
}

pub(crate) async fn nothing_that_was_taken_is_lost(mut ends: impl Ends) {
    let mut senders = Vec::new();
    for sender in 0..4 {
        let queue = ends.queue();
        senders.push(tokio::spawn(async move {
            for number in 0..10 {
                let message = Message::Publish { epoch: 1, attempt: attempt(sender * 10 + number) };
                queue.send(&message).await.unwrap();
            }
        }));
    }
    for sender in senders {
        sender.await.unwrap();
    }
    let mut seen = BTreeSet::new();
    while seen.len() < 40 {
        for message in ends.arrived(For::Publish).await {
            let Message::Publish { epoch: 1, attempt } = message else { panic!("{message:?}") };
            seen.insert(attempt);
        }
    }
    assert_eq!(seen, (0..40).map(attempt).collect());
}

pub(crate) async fn a_message_that_nobody_can_take_is_an_error(mut ends: impl Ends) {
    let queue = ends.queue();
    ends.gone().await;
    for message in [
        Message::Dispatch { epoch: 1, attempt: attempt(1) },
        Message::Publish { epoch: 1, attempt: attempt(1) },
    ] {
        let problem = queue.send(&message).await.unwrap_err().to_string();
        assert!(problem.contains("the queue did not take a message: "), "{problem}");
    }
}
