//! One Job from its folder to its end: report beside prepare ▸ work ▸ gate ▸ check.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use leviathan_confine::{
    ConfineError, ConfinedCommand, Ended, Ending, Limits, StopToken, run_watched,
};
use leviathan_core::fact::{FailureClass, Phase};
use leviathan_core::ports::cluster::{Job, JobSecrets};

use super::folder::{End, EndStatus, Folder};
use super::{Launcher, sight};

/// How often it is looked whether report has claimed the attempt.
const LOOK: Duration = Duration::from_millis(20);

/// How long report may take to send what is left after the last phase.
const REPORT_FINISHES_WITHIN: Duration = Duration::from_secs(120);

/// One Job that runs.
pub(super) struct Runner {
    pub(super) job: Job,
    pub(super) folder: Folder,
    pub(super) launcher: Arc<Launcher>,
    pub(super) stop: StopToken,
    /// Only one line of `processes.jsonl` is written at a time.
    pub(super) notes: Mutex<()>,
}

/// Whether the phases came to their end, in whatever way.
enum Phases {
    Ran,
    NeverClaimed,
}

impl Runner {
    /// Runs the Job, and writes down how it ended. Blocks until all its processes are gone.
    pub(super) fn run(&self, secrets: &JobSecrets, pod_uid: &str) -> End {
        let report_stop = StopToken::new();
        let (phases, report) = std::thread::scope(|scope| {
            let report = scope.spawn(|| self.report(secrets, pod_uid, &report_stop));
            let phases = self.phases(&|| report.is_finished());
            self.let_report_finish(&report_stop, &|| report.is_finished());
            (phases, report.join())
        });
        let end = match report {
            Ok(ended) => self.judge(&phases, ended),
            Err(_panicked) => End::new(EndStatus::Failed, "report's thread ended by a panic"),
        };
        if let Err(error) = self.folder.write_end(&end) {
            tracing::error!(attempt = %self.job.attempt, %error, "end.json could not be written");
        }
        if !self.launcher.keep_folders
            && let Err(error) = self.folder.slim()
        {
            tracing::warn!(attempt = %self.job.attempt, %error, "the Job's folder stays as it is");
        }
        end
    }

    fn judge(&self, phases: &Phases, report: Result<Ended, ConfineError>) -> End {
        if self.stop.is_stopped() {
            return End::new(EndStatus::Deleted, "stopped");
        }
        let claimed = match phases {
            Phases::Ran => "",
            Phases::NeverClaimed => " before the attempt was claimed",
        };
        match report {
            Ok(ended) if ended.succeeded() => End::new(EndStatus::Completed, "report is done"),
            Ok(ended) => End::new(EndStatus::Failed, format!("report {}{claimed}", ended.ending)),
            Err(error) => End::new(EndStatus::Failed, format!("report: {error}{claimed}")),
        }
    }

    fn report(
        &self,
        secrets: &JobSecrets,
        pod_uid: &str,
        stop: &StopToken,
    ) -> Result<Ended, ConfineError> {
        let own = [
            ("LEVIATHAN_ATTEMPT_TOKEN", secrets.attempt_token.as_str()),
            ("LEVIATHAN_POD_UID", pod_uid),
        ];
        let own = own.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let time = self.time_left().saturating_add(REPORT_FINISHES_WITHIN);
        self.start(Phase::Report, time, own.into(), stop)
    }

    fn phases(&self, report_is_over: &dyn Fn() -> bool) -> Phases {
        while !self.folder.claimed() {
            if report_is_over() || self.stop.is_stopped() || self.time_left().is_zero() {
                return Phases::NeverClaimed;
            }
            std::thread::sleep(LOOK);
        }
        for phase in Phase::IN_ORDER {
            let ended = self.start(phase, self.time_left(), BTreeMap::new(), &self.stop);
            if let Err(error) = &ended {
                tracing::warn!(attempt = %self.job.attempt, phase = phase.as_str(), %error, "a phase could not be run");
            }
            let passed = ended.as_ref().is_ok_and(Ended::succeeded);
            if let Err(error) = self.note_exit(phase, ended) {
                tracing::error!(attempt = %self.job.attempt, %error, "exit.json could not be written");
            }
            if !passed {
                break;
            }
        }
        Phases::Ran
    }

    /// What report tells of a phase that could not speak for itself any more.
    fn note_exit(&self, phase: Phase, ended: Result<Ended, ConfineError>) -> std::io::Result<()> {
        // The target's own commands run in these: what they eat is the task's fault.
        let theirs = matches!(phase, Phase::Work | Phase::Check).then_some(FailureClass::Task);
        let (reason, class) = match ended {
            Ok(ended) => {
                let class = match ended.ending {
                    Ending::TimedOut | Ending::MemoryExceeded | Ending::TooManyProcesses => theirs,
                    Ending::Exited(_) | Ending::Signalled(_) | Ending::Stopped => None,
                };
                (format!("{} {}", phase.as_str(), ended.ending), class)
            }
            Err(error) => (error.to_string(), None),
        };
        self.folder.note_exit(phase, &reason, class)
    }

    /// Report ends by itself after the last phase, or is ended when it does not.
    fn let_report_finish(&self, report_stop: &StopToken, is_over: &dyn Fn() -> bool) {
        let began = Instant::now();
        while !is_over() {
            if self.stop.is_stopped() || began.elapsed() > REPORT_FINISHES_WITHIN {
                report_stop.stop();
            }
            std::thread::sleep(LOOK);
        }
    }

    fn start(
        &self,
        phase: Phase,
        time: Duration,
        own: BTreeMap<String, String>,
        stop: &StopToken,
    ) -> Result<Ended, ConfineError> {
        let limits = Limits { time, ..self.launcher.limits.clone() };
        let (confinement, mut environment) =
            sight::of(phase, &self.job, &self.folder, &self.launcher, limits);
        environment.extend(own);
        let mut args = self.launcher.prefix_args.clone();
        let folder = self.folder.root().to_string_lossy().into_owned();
        args.extend([phase.as_str().to_owned(), "--job".to_owned(), folder]);
        let command = ConfinedCommand {
            program: self.launcher.program.to_string_lossy().into_owned(),
            args,
            directory: self.folder.scratch(phase),
            environment,
            stdin: Vec::new(),
            output: self.folder.log(phase),
        };
        run_watched(&command, &confinement, stop, &mut |process| {
            let _one_at_a_time = self.notes.lock();
            if let Err(error) = self.folder.note_process(process) {
                tracing::error!(attempt = %self.job.attempt, %error, "a process could not be noted");
            }
        })
    }

    fn time_left(&self) -> Duration {
        let left = self.job.not_after.duration_since(Timestamp::now());
        left.try_into().unwrap_or(Duration::ZERO)
    }
}
