//! Who closes the log, as a restore does before a successor goes on (DECISIONS 9).

use leviathan_core::decide::Decision;
use leviathan_core::event::Principal;
use leviathan_core::fact::{Fact, LogClosed};
use leviathan_core::state::State;
use leviathan_log::Transaction;

use crate::history::{Answer, Wish};
use crate::process::Process;

impl Process {
    /// Closes the log some time, again while it is not known whether it is closed.
    pub(crate) async fn keeper(self) {
        self.pause(20_000).await;
        let (successor, place) = ("the-next".to_owned(), "/elsewhere".to_owned());
        let closed = Fact::from(LogClosed { successor, place, epoch: 2 }).event_about_no_target();
        for _ in 0..5 {
            let id = self.shared.history.new_id();
            let restore = Transaction::of("restore", Principal::keeper(id.to_string()));
            let event = closed.clone();
            let decide =
                move |state: &State, _: &_| Decision::new(vec![event.clone()], state.events);
            let answer = self.attempt((id, 1), Wish::Close, &restore, decide).await;
            if matches!(answer, Ok(Answer::Committed { .. })) {
                self.shared.network.tally.count("log closed");
                return;
            }
        }
    }
}
