//! SQS on an emulator, for the suite of the queue's port.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use aws_sdk_sqs::Client;
use leviathan_aws::{QueueUrl, QueueUrls, SqsQueue};
use leviathan_core::ports::{Message, Queue};
use leviathan_tests::emulator::Emulator;
use leviathan_tests::s3_server::surroundings;

use crate::queue::{Ends, For};

/// Two queues of one test's own.
pub(crate) struct Sqs {
    client: Client,
    urls: QueueUrls,
}

impl Sqs {
    pub(crate) async fn new(emulator: &Emulator) -> Self {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let client = Client::new(&surroundings(&emulator.endpoint()));
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let made = async |name: &str| -> QueueUrl {
            let made = client.create_queue().queue_name(format!("{name}-{number}"));
            made.send().await.unwrap().queue_url.unwrap().parse().unwrap()
        };
        let urls = QueueUrls { dispatch: made("dispatch").await, publish: made("publish").await };
        Self { client, urls }
    }
}

#[async_trait]
impl Ends for Sqs {
    fn queue(&self) -> Arc<dyn Queue> {
        Arc::new(SqsQueue::new(&self.client, self.urls.clone()))
    }

    async fn arrived(&mut self, whom: For) -> Vec<Message> {
        let url = match whom {
            For::Dispatch => self.urls.dispatch.as_str(),
            For::Publish => self.urls.publish.as_str(),
        };
        loop {
            let asked = self.client.receive_message().queue_url(url).max_number_of_messages(10);
            let answer = asked.wait_time_seconds(1).send().await.unwrap();
            let mut arrived = Vec::new();
            for record in answer.messages.unwrap_or_default() {
                arrived.push(leviathan_aws::message(record.body().unwrap()).unwrap());
                let done = self.client.delete_message().queue_url(url);
                done.receipt_handle(record.receipt_handle().unwrap()).send().await.unwrap();
            }
            if !arrived.is_empty() {
                return arrived;
            }
        }
    }

    async fn gone(&mut self) {
        for url in [&self.urls.dispatch, &self.urls.publish] {
            self.client.delete_queue().queue_url(url.as_str()).send().await.unwrap();
        }
    }
}
