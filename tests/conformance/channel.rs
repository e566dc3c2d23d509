//! The queue inside one process, for the suite of its port.

use std::sync::Arc;

use async_trait::async_trait;
use leviathan_core::ports::{Message, Queue};
use leviathan_local::queue::{ChannelQueue, channel_queue};
use tokio::sync::mpsc::UnboundedReceiver;

use crate::queue::{Ends, For};

pub(crate) struct Channel {
    queue: ChannelQueue,
    receiver: Option<UnboundedReceiver<Message>>,
}

impl Channel {
    pub(crate) fn new() -> Self {
        let (queue, receiver) = channel_queue();
        Self { queue, receiver: Some(receiver) }
    }
}

fn whom(message: &Message) -> For {
    match message {
        Message::Dispatch { .. } | Message::Stop { .. } => For::Dispatch,
        Message::Publish { .. } => For::Publish,
    }
}

#[async_trait]
impl Ends for Channel {
    fn queue(&self) -> Arc<dyn Queue> {
        Arc::new(self.queue.clone())
    }

    /// One process has one channel, and who takes from it looks at the kind.
    async fn arrived(&mut self, wanted: For) -> Vec<Message> {
        let message = self.receiver.as_mut().unwrap().recv().await.unwrap();
        assert_eq!(whom(&message), wanted);
        vec![message]
    }

    async fn gone(&mut self) {
        self.receiver = None;
    }
}
