//! The whole command tree; what stands under `log` has a file of its own.

mod log;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

pub use log::{
    BackupArgs, DrillArgs, ExportArgs, ExportFormat, ImportArgs, KeepUntil, KnownHead, LogArgs,
    LogCommand, ProveArgs, RestoreArgs, VerifyArgs,
};

use crate::output::Format;

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

/// `leviathanctl executor`
#[derive(Debug, Args)]
#[command(disable_help_flag = true)]
pub struct ExecutorArgs {
    /// Handed on to the executor.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub arguments: Vec<std::ffi::OsString>,
}
