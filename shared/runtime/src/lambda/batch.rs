//! A batch of records from SQS, each dealt with by itself: what fails, hangs or panics comes back
//! alone, and its neighbours are done with. The event source has to ask for that
//! (`ReportBatchItemFailures`), or every record would be taken for done.

use std::fmt::Display;
use std::panic::AssertUnwindSafe;
use std::time::{Duration, SystemTime};

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use futures_util::FutureExt as _;
use tokio::time::timeout;

/// Kept back from the function's time, so that the answer still reaches Lambda.
const MARGIN: Duration = Duration::from_secs(1);

/// No further record is begun with less time than this.
const ENOUGH: Duration = Duration::from_secs(5);

/// A record without an id can't be given back alone: the whole batch has to come again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoId;

impl Display for NoId {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a record came without a message id: is this event SQS's?")
    }
}

impl std::error::Error for NoId {}

/// Deals with each record's body, one after the other, until `deadline`. What is answered names the
/// records that have to come again.
pub async fn each_record<E: Display>(
    event: &SqsEvent,
    deadline: SystemTime,
    mut handle: impl AsyncFnMut(&str) -> Result<(), E>,
) -> Result<SqsBatchResponse, NoId> {
    let mut answer = SqsBatchResponse::default();
    let ids: Option<Vec<&str>> = event.records.iter().map(|it| it.message_id.as_deref()).collect();
    let ids = ids.ok_or(NoId)?;
    for (position, (record, id)) in event.records.iter().zip(ids).enumerate() {
        let left = deadline.duration_since(SystemTime::now()).unwrap_or_default();
        let problem = if position > 0 && left < ENOUGH {
            Some("no time is left in this invocation".to_owned())
        } else {
            one(record, left.saturating_sub(MARGIN), &mut handle).await.err()
        };
        if let Some(problem) = problem {
            tracing::error!(message_id = id, "a message was not dealt with: {problem}");
            let mut failure = BatchItemFailure::default();
            id.clone_into(&mut failure.item_identifier);
            answer.batch_item_failures.push(failure);
        }
    }
    Ok(answer)
}

async fn one<E: Display>(
    record: &SqsMessage,
    time: Duration,
    handle: &mut impl AsyncFnMut(&str) -> Result<(), E>,
) -> Result<(), String> {
    let body = record.body.as_deref().unwrap_or_default();
    // What the handler shares between records is behind ports, which keep themselves whole.
    let handled = AssertUnwindSafe(timeout(time, handle(body))).catch_unwind().await;
    match handled {
        Ok(Ok(Ok(()))) => Ok(()),
        Ok(Ok(Err(error))) => Err(error.to_string()),
        Ok(Err(_)) => Err(format!("it took longer than {} s", time.as_secs())),
        Err(_) => Err("a panic, which is told before this line".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(bodies: &[&str]) -> SqsEvent {
        let mut event = SqsEvent::default();
        for (number, body) in bodies.iter().enumerate() {
            let mut record = SqsMessage::default();
            record.message_id = Some(format!("id-{number}"));
            record.body = Some((*body).to_owned());
            event.records.push(record);
        }
        event
    }

    fn failed(answer: &SqsBatchResponse) -> Vec<&str> {
        answer.batch_item_failures.iter().map(|it| it.item_identifier.as_str()).collect()
    }

    /// Does what a body says.
    async fn handle(body: &str, seen: &mut Vec<String>) -> Result<(), String> {
        seen.push(body.to_owned());
        match body {
            "fail" => Err("as told".to_owned()),
            "panic" => {
                let _number: u8 = body.parse().unwrap();
                Ok(())
            }
            "hang" => std::future::pending().await,
            _ => Ok(()),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_fails_panics_or_hangs_comes_back_alone() {
        let event = event(&["a", "fail", "b", "panic", "c", "hang"]);
        let deadline = SystemTime::now() + Duration::from_secs(60);
        let mut seen = Vec::new();
        let answer =
            each_record(&event, deadline, async |body| handle(body, &mut seen).await).await;
        assert_eq!(failed(&answer.unwrap()), ["id-1", "id-3", "id-5"]);
        assert_eq!(seen, ["a", "fail", "b", "panic", "c", "hang"]);
    }

    #[tokio::test]
    async fn without_time_the_rest_comes_back_untouched() {
        let event = event(&["a", "b", "c"]);
        let deadline = SystemTime::now() + Duration::from_secs(3);
        let mut seen = Vec::new();
        let answer =
            each_record(&event, deadline, async |body| handle(body, &mut seen).await).await;
        assert_eq!(failed(&answer.unwrap()), ["id-1", "id-2"]);
        assert_eq!(seen, ["a"], "the first is always tried");
    }

    #[tokio::test]
    async fn a_record_without_an_id_gives_the_whole_batch_back() {
        let mut event = event(&["a", "b"]);
        event.records[1].message_id = None;
        let deadline = SystemTime::now() + Duration::from_secs(60);
        let mut seen = Vec::new();
        let answer =
            each_record(&event, deadline, async |body| handle(body, &mut seen).await).await;
        assert_eq!(answer.err(), Some(NoId));
        assert_eq!(seen, [""; 0], "before anything is done");
    }
}
