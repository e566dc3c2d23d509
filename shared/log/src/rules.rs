//! The rules that keep the log whole, by name. Programs never choose: `Log::new` keeps all of
//! them. The simulation breaks them one by one and demands that it notices (DECISIONS 18), which
//! is how we know that it would notice a mistake in their code.

/// Which rules hold. The default is all, and the only value for a real log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// Who finds its own nonce under the key has committed: an earlier try was stored and its
    /// answer lost. Broken: the same transaction is appended twice.
    pub own_nonce_is_committed: bool,
    /// A conflict (409) says nothing about who is there: the same bytes are sent again. Broken: it
    /// is taken for "exists already" (412).
    pub conflict_is_sent_again: bool,
    /// At a cold start a LIST must agree that the log ends where a GET finds nothing. Broken: a
    /// hole is taken for the end, and what follows it is forgotten.
    pub cold_start_lists: bool,
    /// A commit's `prev` must be the digest of the commit before it. Broken: a replaced commit
    /// goes unnoticed.
    pub prev_is_checked: bool,
    /// A reader looks for what follows before it answers, however fresh its view is. Broken: what
    /// was acknowledged to one is not there yet for another.
    pub readers_catch_up: bool,
    /// After `log.closed` nothing is appended (DECISIONS 9). Broken: the log goes on beside its
    /// restored successor.
    pub closed_log_refuses: bool,
    /// A reader begins from a snapshot only when the log's commit of that number is the one that
    /// the snapshot was made after. Broken: one of another log, or of a history that a restore has
    /// cut off, is believed.
    pub snapshot_is_bound: bool,
    /// A snapshot holds the state after the commit that it names. Broken: the state of the snapshot
    /// before goes out under the newer commit's number.
    pub snapshot_is_of_its_commit: bool,
    /// A graph that a reader may begin from is the one after the commit that it names. Broken: what
    /// was shown at the snapshot before goes out under the newer commit's number.
    pub graph_is_of_its_commit: bool,
    /// Before a sealer signs, the log must go on from the newest checkpoint. Broken: what was sealed
    /// before is not looked at, and a log that was cut off or rewritten is signed as well.
    pub consistency_before_signing: bool,
    /// A checkpoint is written after all of its tiles. Broken: whoever dies in between leaves a
    /// checkpoint that nothing can be proved with, and that no sealer can go on from.
    pub tiles_before_checkpoint: bool,
    /// A checkpoint goes to the second place after the log's own store has it. Broken: whoever dies
    /// in between leaves a copy of a checkpoint that the log itself does not have.
    pub copies_come_last: bool,
    /// Each part of a commit is decided on the state after the parts before it (DECISIONS 3). Broken:
    /// all of a group are decided on the same state, and two do what only one may.
    pub parts_see_each_other: bool,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            own_nonce_is_committed: true,
            conflict_is_sent_again: true,
            cold_start_lists: true,
            prev_is_checked: true,
            readers_catch_up: true,
            closed_log_refuses: true,
            snapshot_is_bound: true,
            snapshot_is_of_its_commit: true,
            graph_is_of_its_commit: true,
            consistency_before_signing: true,
            tiles_before_checkpoint: true,
            copies_come_last: true,
            parts_see_each_other: true,
        }
    }
}
