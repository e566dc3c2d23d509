//! The queue inside one process. It needs no durability: the log is the truth, and whatever a dying
//! process takes with it is found overdue at the next start.

use async_trait::async_trait;
use leviathan_core::ports::{Message, Queue, QueueError};
use tokio::sync::mpsc;

/// The sending side.
#[derive(Debug, Clone)]
pub struct ChannelQueue {
    sender: mpsc::UnboundedSender<Message>,
}

/// A queue and where its messages come out, in the order in which they were sent.
pub fn channel_queue() -> (ChannelQueue, mpsc::UnboundedReceiver<Message>) {
    let (sender, receiver) = mpsc::unbounded_channel();
    (ChannelQueue { sender }, receiver)
}

#[async_trait]
impl Queue for ChannelQueue {
    async fn send(&self, message: &Message) -> Result<(), QueueError> {
        self.sender.send(message.clone()).map_err(|_| QueueError {
            reason: "the receiving side has ended: the program is stopping".to_owned(),
        })
    }
}
