//! The commands under `leviathanctl log`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use leviathan_log::seal::VerifierKey;

use crate::place::Place;

/// `leviathanctl log …`: on the state's log, or on any log in any store.
#[derive(Debug, Args)]
pub struct LogArgs {
    /// The store that holds the log: a folder, or s3://BUCKET/PREFIX. Default: the state's.
    #[arg(long, global = true, value_name = "PLACE")]
    pub log: Option<Place>,
    /// The store that holds the artifacts and what is derived: a folder, or s3://BUCKET/PREFIX.
    /// Default: the state's; none where --log is given.
    #[arg(long, global = true, value_name = "PLACE")]
    pub data: Option<Place>,
    /// What to do with it.
    #[command(subcommand)]
    pub command: LogCommand,
}

/// What to do with a log.
#[derive(Debug, Subcommand)]
pub enum LogCommand {
    /// Read the whole log and check everything that can be checked.
    Verify(Box<VerifyArgs>),
    /// Prove that one event stands in the log: to anybody who has the log's public key, without
    /// the log.
    Prove(ProveArgs),
    /// Print the public key that the log's checkpoints are signed with: note it down elsewhere.
    #[command(after_help = "Example:\n  leviathanctl log key > /mnt/elsewhere/log.key")]
    Key,
    /// Copy what a second store lacks: commits, proofs, artifacts. Each run goes on where the last
    /// one stopped; nothing is ever overwritten.
    Backup(BackupArgs),
    /// Restore a log from a backup into an empty store. The old log is closed, and the new one
    /// goes on in a new epoch.
    Restore(RestoreArgs),
    /// Prove a backup: restore it into a scratch store, replay, compare with the live log.
    Drill(DrillArgs),
    /// Print every event, one a line.
    Export(ExportArgs),
    /// Make the original's journal the beginning of an empty log, with the same hashes.
    Import(ImportArgs),
}

/// `leviathanctl log verify`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  leviathanctl log verify\n  leviathanctl log verify --replay\n  leviathanctl log verify --head 41:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\n  leviathanctl log verify --key \"$(cat log.key)\" --since checkpoint-of-january\n  leviathanctl log verify --key \"$(cat log.key)\" --offline /mnt/copy-of-the-log\n  leviathanctl log verify --key \"$(cat log.key)\" --proof event-42.json"
)]
pub struct VerifyArgs {
    /// A head that an earlier run printed: proves that nothing up to it was replaced or cut off.
    #[arg(long, value_name = "COMMIT:SHA256")]
    pub head: Option<KnownHead>,
    /// Also fold the whole log anew and compare the result, byte for byte, with the state that the
    /// programs believe and with the newest snapshot.
    #[arg(long)]
    pub replay: bool,
    /// The public key of the checkpoints, as `log key` printed it, from a place that you trust: the
    /// signature of each is checked too. Default: the state's own key.
    #[arg(long, value_name = "NAME+ID+BASE64")]
    pub key: Option<VerifierKey>,
    /// A signed checkpoint that you kept: proves that the log goes on from it, and reads only what
    /// came after it.
    #[arg(long, value_name = "CHECKPOINT")]
    pub since: Option<PathBuf>,
    /// The public key that signed the checkpoint of --since, where that is not the one of --key:
    /// after a restore with a new key.
    #[arg(long, value_name = "NAME+ID+BASE64", requires = "since")]
    pub since_key: Option<VerifierKey>,
    /// Verify the copy of a log in this folder, such as a backup: nothing else is read, neither a
    /// state nor the network.
    #[arg(long, value_name = "DIR", conflicts_with = "replay")]
    pub offline: Option<PathBuf>,
    /// Check the proof of one event that `log prove` made, with the key and nothing else.
    #[arg(
        long,
        value_name = "FILE",
        requires = "key",
        conflicts_with_all = ["head", "replay", "since", "offline"]
    )]
    pub proof: Option<PathBuf>,
}

/// `leviathanctl log prove`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  leviathanctl log prove 42-0 --save event-42.json\n  leviathanctl log prove 1000 --key \"$(cat log.key)\" --log s3://leviathan-log/prod > event-1000.json"
)]
pub struct ProveArgs {
    /// The event: its event_id, or its offset.
    #[arg(value_name = "EVENT")]
    pub event: String,
    /// Write the proof into this new file. Default: to stdout, as JSON.
    #[arg(long, value_name = "FILE")]
    pub save: Option<PathBuf>,
    /// The public key of the checkpoints, as `log key` printed it. Default: the state's own key.
    #[arg(long, value_name = "NAME+ID+BASE64")]
    pub key: Option<VerifierKey>,
}

/// `leviathanctl log backup`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  leviathanctl log backup /mnt/second-disk/leviathan\n  leviathanctl log backup s3://leviathan-backup/prod --log s3://leviathan-log/prod --data s3://leviathan-data/prod\n  leviathanctl log backup /mnt/second-disk/leviathan --dry-run --output json"
)]
pub struct BackupArgs {
    /// The second store: a folder, or s3://BUCKET/PREFIX.
    #[arg(value_name = "PLACE")]
    pub to: Place,
    /// Only say what would be copied.
    #[arg(long)]
    pub dry_run: bool,
}

/// `leviathanctl log restore`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  leviathanctl log restore --from /mnt/second-disk/leviathan --to new/log --to-data new/data --old old/log\n  leviathanctl log restore --from s3://leviathan-backup/prod --to s3://leviathan-log-2/prod --to-data s3://leviathan-data-2/prod --old-unreachable\n  leviathanctl log restore --from /mnt/second-disk/leviathan --to new/log --to-data new/data --old old/log --until 2026-11-24T12:00:00Z --dry-run"
)]
pub struct RestoreArgs {
    /// The backup: a folder, or s3://BUCKET/PREFIX.
    #[arg(long, value_name = "PLACE")]
    pub from: Place,
    /// The new log's store, which has to be empty.
    #[arg(long, value_name = "PLACE")]
    pub to: Place,
    /// Where the artifacts go.
    #[arg(long, value_name = "PLACE", required_unless_present = "without_artifacts")]
    pub to_data: Option<Place>,
    /// Leave the artifacts in the backup.
    #[arg(long, conflicts_with = "to_data")]
    pub without_artifacts: bool,
    /// The old log, which is closed: nothing can be appended to it afterwards.
    #[arg(long, value_name = "PLACE", required_unless_present = "old_unreachable")]
    pub old: Option<Place>,
    /// The old log can't be reached. Then you have to see to it that nobody writes to it any more;
    /// what to revoke is printed.
    #[arg(long, conflicts_with = "old")]
    pub old_unreachable: bool,
    /// Keep nothing after this time (2026-11-24T12:00:00Z) or commit (its number).
    #[arg(long, value_name = "TIME|COMMIT")]
    pub until: Option<KeepUntil>,
    /// Only say what would happen.
    #[arg(long)]
    pub dry_run: bool,
    /// Don't ask.
    #[arg(long)]
    pub yes: bool,
}

/// Where a restore stops.
#[derive(Debug, Clone)]
pub struct KeepUntil(pub leviathan_log::Until);

/// `leviathanctl log drill`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  leviathanctl log drill --from /mnt/second-disk/leviathan\n  leviathanctl log drill --from s3://leviathan-backup/prod --log s3://leviathan-log/prod --output json"
)]
pub struct DrillArgs {
    /// The backup: a folder, or s3://BUCKET/PREFIX.
    #[arg(long, value_name = "PLACE")]
    pub from: Place,
    /// An empty store to restore into, which is left as it is then. Default: a temporary folder.
    #[arg(long, value_name = "PLACE")]
    pub scratch: Option<Place>,
}

/// `leviathanctl log export`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  leviathanctl log export > events.ndjson\n  leviathanctl log export --format chain > journal.ndjson"
)]
pub struct ExportArgs {
    /// How each line looks.
    #[arg(long, value_enum, default_value = "ndjson")]
    pub format: ExportFormat,
}

/// How an exported line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum ExportFormat {
    /// The event line exactly as it is stored.
    Ndjson,
    /// As the original's journal: each event with its hash and the one before it.
    Chain,
}

/// `leviathanctl log import`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  leviathanctl log import journal.ndjson --log new/log --dry-run\n  leviathanctl log import journal.ndjson --log new/log"
)]
pub struct ImportArgs {
    /// The original's events.ndjson.
    pub file: PathBuf,
    /// Only verify, and say what would be imported.
    #[arg(long)]
    pub dry_run: bool,
    /// Import events that look like they hold a secret: nothing can be taken out of a log again.
    #[arg(long)]
    pub accept_secrets: bool,
}

/// A commit of the log and the digest of its bytes.
#[derive(Debug, Clone)]
pub struct KnownHead(pub leviathan_log::Head);
