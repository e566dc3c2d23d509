//! The whole command tree, on one screen.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use leviathan_log::seal::VerifierKey;

use crate::output::Format;
use crate::place::Place;

/// Runs a repository's own backlog, on one machine; looks, merges, verifies.
#[derive(Debug, Parser)]
#[command(name = "leviathanctl", version, about, propagate_version = true)]
#[command(after_help = "Exit codes: 0 done, 1 failed, 2 usage, 3 a person has to act first, \
                        4 not found, 5 the log is damaged.")]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Options of every command.
    #[command(flatten)]
    pub global: Global,
}

/// Options of every command.
#[derive(Debug, Clone, Args)]
pub struct Global {
    /// Where the state lies: log, artifacts, Jobs. Default: the one used last, under
    /// ~/.local/state/leviathan.
    #[arg(long, global = true, value_name = "DIR", env = "LEVIATHAN_STATE")]
    pub state: Option<PathBuf>,
    /// How results look.
    #[arg(long, global = true, value_enum, default_value = "table")]
    pub output: Format,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run everything in this one process, on a sample target or on yours.
    Dev(DevArgs),
    /// Make one task's pull request in a repository, without writing a file to it.
    Try(TryArgs),
    /// Propose the three files of a target; writes after a yes, never commits.
    Init(InitArgs),
    /// The repositories that are worked for.
    #[command(subcommand)]
    Targets(TargetsCommand),
    /// The tasks of the backlogs.
    #[command(subcommand)]
    Tasks(TasksCommand),
    /// Why a task does not run now, and what would change that.
    Why(WhyArgs),
    /// What was tried.
    #[command(subcommand)]
    Attempts(AttemptsCommand),
    /// Pull requests.
    #[command(subcommand)]
    Pr(PrCommand),
    /// What happened.
    #[command(subcommand)]
    Events(EventsCommand),
    /// The log itself.
    Log(LogArgs),
    /// One phase of an attempt, as a Job runs it.
    #[command(hide = true)]
    Executor(ExecutorArgs),
}

/// `leviathanctl dev`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  leviathanctl dev                             with a sample target, made on the spot\n  leviathanctl dev --target ~/src/shop          on a repository of yours\n  leviathanctl dev --target . --until-idle --trust   in a script\n  leviathanctl dev clean                        undo: removes its own branches and state"
)]
pub struct DevArgs {
    /// A repository with a .leviathan/ folder: a path, or a URL (mirrored, nothing is pushed).
    /// Repeatable. Without it, a sample target is made.
    #[arg(long, value_name = "PATH_OR_URL")]
    pub target: Vec<String>,
    /// The branch that pull requests go into. Default: origin's, else main, master, or HEAD's.
    #[arg(long, value_name = "NAME")]
    pub branch: Option<String>,
    /// End by itself, with exit code 0, when nothing is left that needs no person.
    #[arg(long)]
    pub until_idle: bool,
    /// Let the policy's commands run here without asking; for scripts.
    #[arg(long)]
    pub trust: bool,
    /// The organisation's policy: a target's own can only narrow it.
    #[arg(long, value_name = "FILE")]
    pub organisation_policy: Option<PathBuf>,
    /// Keep each Job's workspace after its end, for looking into.
    #[arg(long)]
    pub keep_workspaces: bool,
    /// Copy each signed checkpoint of the log to this folder too: on another disk or machine it
    /// proves later that nobody shortened or rewrote the log here.
    #[arg(long, value_name = "FOLDER", env = "LEVIATHAN_CHECKPOINT_COPY")]
    pub checkpoint_copy: Option<PathBuf>,
    /// Where the local api listens; port 0 takes a free one. Its token is that in
    /// $LEVIATHAN_CONTROL_PLANE_TOKEN, else one in the state folder.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    pub listen: String,
    /// `clean` instead of running.
    #[command(subcommand)]
    pub command: Option<DevCommand>,
}

/// `leviathanctl dev …`
#[derive(Debug, Subcommand)]
pub enum DevCommand {
    /// Lists, asks, then removes its own branches and its state. A branch with a person's commits
    /// stays.
    Clean(CleanArgs),
}

/// `leviathanctl dev clean`
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  leviathanctl dev clean --dry-run\n  leviathanctl dev clean")]
pub struct CleanArgs {
    /// Only list what would go and what would stay.
    #[arg(long)]
    pub dry_run: bool,
    /// Don't ask.
    #[arg(long)]
    pub yes: bool,
}

/// `leviathanctl try`
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  leviathanctl try ~/src/shop --allow Cargo.lock --check 'cargo test' -- cargo update"
)]
pub struct TryArgs {
    /// The repository.
    pub path: String,
    /// A path that the change may touch: a file, or a folder with a trailing slash. Repeatable.
    #[arg(long, value_name = "PATH", required = true)]
    pub allow: Vec<String>,
    /// A command that has to exit with 0 on the changed tree. Repeatable.
    #[arg(long, value_name = "COMMAND")]
    pub check: Vec<String>,
    /// An environment variable that the commands may see. Repeatable.
    #[arg(long, value_name = "NAME")]
    pub env: Vec<String>,
    /// A file or folder outside the repository that the commands may read. Repeatable.
    #[arg(long, value_name = "PATH")]
    pub file: Vec<String>,
    /// The pull request's title. Default: the command.
    #[arg(long)]
    pub title: Option<String>,
    /// The branch that the pull request goes into. Default: origin's, else main, master, or HEAD's.
    #[arg(long, value_name = "NAME")]
    pub branch: Option<String>,
    /// When a command is ended, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    pub time_limit: u32,
    /// Run without asking; for scripts.
    #[arg(long)]
    pub trust: bool,
    /// The command that makes the change, after `--`.
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub command: Vec<String>,
}

/// `leviathanctl init`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  leviathanctl init ~/src/shop --dry-run\n  leviathanctl init ~/src/shop"
)]
pub struct InitArgs {
    /// The repository.
    #[arg(default_value = ".")]
    pub path: PathBuf,
    /// Write without asking. Existing files are never overwritten.
    #[arg(long)]
    pub yes: bool,
    /// Only show what would be written.
    #[arg(long)]
    pub dry_run: bool,
}

/// `leviathanctl targets …`
#[derive(Debug, Subcommand)]
pub enum TargetsCommand {
    /// All of them, with their files' state.
    #[command(
        after_help = "Examples:\n  leviathanctl targets list\n  leviathanctl targets list --output json"
    )]
    List,
}

/// `leviathanctl tasks …`
#[derive(Debug, Subcommand)]
pub enum TasksCommand {
    /// All of them, with status and reason.
    #[command(
        after_help = "Examples:\n  leviathanctl tasks list\n  leviathanctl tasks list --target shop --output json"
    )]
    List(TargetFilter),
    /// One of them, with its attempts.
    #[command(after_help = "Example:\n  leviathanctl tasks show update-readme")]
    Show(TaskArgs),
    /// Have a blocked task tried again, attempts counted anew.
    #[command(
        after_help = "Example:\n  leviathanctl tasks unblock update-readme --reason 'the flaky test is mended'"
    )]
    Unblock(UnblockArgs),
}

/// Only one target's.
#[derive(Debug, Clone, Args)]
pub struct TargetFilter {
    /// Only this target's.
    #[arg(long, value_name = "TARGET")]
    pub target: Option<String>,
}

/// One task.
#[derive(Debug, Clone, Args)]
pub struct TaskArgs {
    /// The task's id.
    pub task: String,
    /// Its target, where more than one has such a task.
    #[arg(long, value_name = "TARGET")]
    pub target: Option<String>,
}

/// `leviathanctl tasks unblock`
#[derive(Debug, Args)]
pub struct UnblockArgs {
    /// Which.
    #[command(flatten)]
    pub task: TaskArgs,
    /// Why, for the log.
    #[arg(long, default_value = "unblocked by hand")]
    pub reason: String,
}

/// `leviathanctl why`
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  leviathanctl why update-readme")]
pub struct WhyArgs {
    /// Which.
    #[command(flatten)]
    pub task: TaskArgs,
}

/// `leviathanctl attempts …`
#[derive(Debug, Subcommand)]
pub enum AttemptsCommand {
    /// Newest first.
    #[command(
        after_help = "Examples:\n  leviathanctl attempts list\n  leviathanctl attempts list --task update-readme --limit 5"
    )]
    List(AttemptsListArgs),
    /// One of them: phases, refusals, checks, events, artifacts.
    #[command(after_help = "Example:\n  leviathanctl attempts show update-readme-k3ds7qmabc")]
    Show(AttemptArgs),
    /// The log of one of its phases.
    #[command(
        after_help = "Examples:\n  leviathanctl attempts logs update-readme-k3ds7qmabc\n  leviathanctl attempts logs update-readme-k3ds7qmabc --phase work"
    )]
    Logs(AttemptLogsArgs),
    /// Call a live one off.
    #[command(
        after_help = "Example:\n  leviathanctl attempts cancel update-readme-k3ds7qmabc --reason 'wrong base'"
    )]
    Cancel(ReasonArgs),
    /// Don't count a failed one.
    #[command(
        after_help = "Example:\n  leviathanctl attempts invalidate update-readme-k3ds7qmabc --reason 'the disk was full' --yes"
    )]
    Invalidate(ReasonArgs),
}

/// `leviathanctl attempts list`
#[derive(Debug, Args)]
pub struct AttemptsListArgs {
    /// Only this target's.
    #[arg(long, value_name = "TARGET")]
    pub target: Option<String>,
    /// Only this task's.
    #[arg(long, value_name = "TASK")]
    pub task: Option<String>,
    /// At most so many.
    #[arg(long, default_value_t = 20)]
    pub limit: usize,
}

/// One attempt.
#[derive(Debug, Args)]
pub struct AttemptArgs {
    /// The attempt's id.
    pub attempt: String,
}

/// `leviathanctl attempts logs`
#[derive(Debug, Args)]
pub struct AttemptLogsArgs {
    /// The attempt's id.
    pub attempt: String,
    /// Only this phase's; `check` includes the invariants' own.
    #[arg(long, value_parser = ["prepare", "work", "gate", "check"])]
    pub phase: Option<String>,
}

/// One attempt, and why.
#[derive(Debug, Args)]
pub struct ReasonArgs {
    /// The attempt's id.
    pub attempt: String,
    /// Why, for the log.
    #[arg(long)]
    pub reason: String,
    /// Only say what would happen.
    #[arg(long)]
    pub dry_run: bool,
    /// Don't ask.
    #[arg(long)]
    pub yes: bool,
}

/// `leviathanctl pr …`
#[derive(Debug, Subcommand)]
pub enum PrCommand {
    /// All of them, open ones first.
    #[command(
        after_help = "Examples:\n  leviathanctl pr list\n  leviathanctl pr list --output json"
    )]
    List(TargetFilter),
    /// One of them, with its receipt.
    #[command(
        after_help = "Examples:\n  leviathanctl pr show 3\n  leviathanctl pr show agent/update-readme-update-readme-k3ds7qmabc"
    )]
    Show(PrArgs),
    /// Merge it. Never moves a checked-out branch: there it prints the git command and exits
    /// with 3.
    #[command(after_help = "Example:\n  leviathanctl pr merge 3")]
    Merge(PrArgs),
    /// Close it without merge: its branch goes, its task is blocked.
    #[command(
        after_help = "Examples:\n  leviathanctl pr close 3 --reason 'not wanted'\n  leviathanctl pr close 3 --dry-run"
    )]
    Close(PrCloseArgs),
}

/// One pull request.
#[derive(Debug, Args)]
pub struct PrArgs {
    /// Its number, or its branch.
    pub pull_request: String,
    /// Its target, where there is more than one.
    #[arg(long, value_name = "TARGET")]
    pub target: Option<String>,
}

/// `leviathanctl pr close`
#[derive(Debug, Args)]
pub struct PrCloseArgs {
    /// Which.
    #[command(flatten)]
    pub pull_request: PrArgs,
    /// Why, for the log and for whoever reads why the task is blocked.
    #[arg(long, default_value = "closed by hand")]
    pub reason: String,
    /// Only say what would happen.
    #[arg(long)]
    pub dry_run: bool,
    /// Don't ask.
    #[arg(long)]
    pub yes: bool,
}

/// `leviathanctl events …`
#[derive(Debug, Subcommand)]
pub enum EventsCommand {
    /// The newest events; with --follow, the ones to come as well.
    #[command(
        after_help = "Examples:\n  leviathanctl events tail\n  leviathanctl events tail --follow --output json"
    )]
    Tail(TailArgs),
}

/// `leviathanctl events tail`
#[derive(Debug, Args)]
pub struct TailArgs {
    /// Only this target's.
    #[arg(long, value_name = "TARGET")]
    pub target: Option<String>,
    /// So many of the newest.
    #[arg(long, default_value_t = 20)]
    pub limit: usize,
    /// Go on with what comes, until interrupted.
    #[arg(long, short)]
    pub follow: bool,
}

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

/// `leviathanctl executor`
#[derive(Debug, Args)]
#[command(disable_help_flag = true)]
pub struct ExecutorArgs {
    /// Handed on to the executor.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub arguments: Vec<std::ffi::OsString>,
}
