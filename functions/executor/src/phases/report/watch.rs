//! Watches the phases' marks and results, and says what is new.

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use leviathan_core::diff::Diff;
use leviathan_core::fact::{AttemptProgress, CheckResult, Fact, Phase};
use leviathan_core::ids::Digest;

use super::api::{Api, Delivery};
use super::bundle::Bundle;
use super::outcome::{self, Known, PhaseEnd};
use super::{LAST_WORD, logs};
use crate::files::{self, FileFault};
use crate::job::JobFolder;
use crate::pod::{self, Stop};
use crate::result::{MAX_RESULT_BYTES, PhaseExit, PhaseResult};
use crate::run::say;

/// How often the marks are looked at.
const POLL: Duration = Duration::from_millis(100);

/// Logs of invariants that are uploaded: each is one of the events that an attempt may append.
const MAX_CHECK_LOGS: usize = 100;

struct Watch<'a> {
    folder: &'a JobFolder,
    api: &'a Api,
    known: Known,
}

/// Tells what the phases do until the attempt has an end and the api knows it.
pub(super) fn until_the_end(folder: &JobFolder, api: &Api, stop: &Stop) -> Result<(), String> {
    let mut watch = Watch { folder, api, known: Known::default() };
    let mut open = Phase::IN_ORDER.into_iter().peekable();
    loop {
        let mut bundle = Bundle::new(&folder.job.target, &folder.job.attempt);
        while let Some(&phase) = open.peek() {
            watch.started(&mut bundle, phase);
            let Some(end) = watch.end_of(phase)? else { break };
            watch.ended(&mut bundle, phase, &end);
            let is_last = phase == Phase::Check;
            if !end.passed() || is_last {
                return watch.finish(bundle, phase, end);
            }
            watch.learn(end);
            open.next();
        }
        if !bundle.is_empty() && !watch.tell(&bundle)? {
            // In a pod others wait for report; elsewhere a restart may ask once more.
            return if folder.pod { watch.note_done() } else { Ok(()) };
        }
        if stop.is_asked() {
            return watch.ended_from_outside(open.peek().copied());
        }
        let left = folder.job.not_after.duration_since(Timestamp::now());
        if Duration::try_from(left).unwrap_or_default() <= LAST_WORD {
            return watch.time_over(open.peek().copied());
        }
        std::thread::sleep(POLL);
    }
}

impl Watch<'_> {
    /// True the first time: a restarted report does not say it again.
    fn is_news(&self, phase: Phase, state: &str) -> bool {
        let mark = self.folder.report().join(format!("{}-{state}", phase.as_str()));
        std::fs::OpenOptions::new().write(true).create_new(true).open(mark).is_ok()
    }

    fn progress(&self, phase: Phase, state: &str, end: Option<&PhaseEnd>) -> Fact {
        Fact::AttemptProgress(AttemptProgress {
            attempt_id: self.folder.job.attempt.clone(),
            phase,
            state: state.to_owned(),
            milliseconds: end.and_then(PhaseEnd::milliseconds),
            detail: end.map(PhaseEnd::line),
        })
    }

    fn has_started(&self, phase: Phase) -> bool {
        self.folder.phase(phase).join("started").exists()
    }

    fn started(&self, bundle: &mut Bundle, phase: Phase) {
        if self.has_started(phase) && self.is_news(phase, "started") {
            bundle.add(self.progress(phase, "started", None));
        }
    }

    fn end_of(&self, phase: Phase) -> Result<Option<PhaseEnd>, String> {
        // In a pod, what runs in a phase's container might write a result of its own; when the next
        // one runs, all of it is gone and what the phase wrote last stands.
        if self.folder.pod && !pod::is_gone(self.folder, phase) {
            return Ok(None);
        }
        let place = self.folder.phase(phase);
        if let Some(result) = PhaseResult::read(&place)? {
            return Ok(Some(PhaseEnd::Told(result)));
        }
        let path = place.join("exit.json");
        let bytes = match files::read_regular(&path, MAX_RESULT_BYTES) {
            Ok(bytes) => bytes,
            Err(FileFault::Missing { .. }) => return Ok(None),
            Err(fault) => return Err(fault.to_string()),
        };
        // The phase may have written its result between the two looks.
        if let Some(result) = PhaseResult::read(&place)? {
            return Ok(Some(PhaseEnd::Told(result)));
        }
        let exit = serde_json::from_slice::<PhaseExit>(&bytes)
            .map_err(|error| format!("{} cannot be understood: {error}", path.display()))?;
        Ok(Some(PhaseEnd::Died(exit)))
    }

    /// The phase's log goes up as soon as it is whole.
    fn ended(&self, bundle: &mut Bundle, phase: Phase, end: &PhaseEnd) {
        if !self.is_news(phase, "ended") {
            return;
        }
        // The result is there before the phase's last line has come through the cluster's pipe.
        std::thread::sleep(POLL);
        let name = format!("{}.log", phase.as_str());
        let _lost = logs::upload(self.api, bundle, &self.folder.log(phase), "log", &name);
        bundle.add(self.progress(phase, "ended", Some(end)));
    }

    fn learn(&mut self, end: PhaseEnd) {
        if let PhaseEnd::Told(result) = end {
            self.known.skeleton |= result.skeleton;
            self.known.change = result.change.or_else(|| self.known.change.take());
        }
    }

    /// False when the attempt is no longer ours.
    fn tell(&self, bundle: &Bundle) -> Result<bool, String> {
        match self.api.deliver(bundle) {
            Delivery::Accepted => Ok(true),
            Delivery::NotOurs(detail) => {
                say(format!("the attempt is no longer this pod's: {detail}"));
                Ok(false)
            }
            Delivery::Failed(reason) => Err(format!("the api did not take a bundle: {reason}")),
        }
    }

    fn finish(&self, mut bundle: Bundle, phase: Phase, mut end: PhaseEnd) -> Result<(), String> {
        let checks = match &mut end {
            PhaseEnd::Told(result) => std::mem::take(&mut result.checks),
            PhaseEnd::Died(_) => Vec::new(),
        };
        let checks = self.with_logs(&mut bundle, checks);
        let attempt = &self.folder.job.attempt;
        let last = if end.passed() {
            match self.upload_diff(&mut bundle) {
                Ok(()) => outcome::checked(attempt, &self.known, checks),
                Err(reason) => outcome::not_uploaded(attempt, &reason),
            }
        } else {
            outcome::failed(attempt, phase, end, checks)
        };
        self.last_word(bundle, last)
    }

    fn time_over(&self, running: Option<Phase>) -> Result<(), String> {
        let mut bundle = Bundle::new(&self.folder.job.target, &self.folder.job.attempt);
        let running = running.filter(|phase| self.has_started(*phase));
        if let Some(phase) = running {
            let name = format!("{}.log", phase.as_str());
            let _lost = logs::upload(self.api, &mut bundle, &self.folder.log(phase), "log", &name);
        }
        self.last_word(bundle, outcome::time_over(&self.folder.job.attempt, running))
    }

    fn last_word(&self, mut bundle: Bundle, last: Fact) -> Result<(), String> {
        say(format!("the attempt ends with {}", last.event_type()));
        bundle.add(last);
        self.tell(&bundle)?;
        self.note_done()
    }

    /// The pod is being ended: the log so far goes up. How the attempt ends is the cluster's to say.
    fn ended_from_outside(&self, running: Option<Phase>) -> Result<(), String> {
        let mut bundle = Bundle::new(&self.folder.job.target, &self.folder.job.attempt);
        let Some(phase) = running.filter(|phase| self.has_started(*phase)) else { return Ok(()) };
        say(format!("ended from outside while {} ran", phase.as_str()));
        let name = format!("{}.log", phase.as_str());
        let _lost = logs::upload(self.api, &mut bundle, &self.folder.log(phase), "log", &name);
        let mut progress = self.progress(phase, "ended", None);
        if let Fact::AttemptProgress(progress) = &mut progress {
            progress.detail = Some("its pod was ended before it".to_owned());
        }
        bundle.add(progress);
        self.tell(&bundle).map(drop)
    }

    /// Nothing more is to be told, by a restarted report either.
    fn note_done(&self) -> Result<(), String> {
        files::write_whole(&self.folder.report().join("done"), b"")
            .map_err(|error| format!("the end could not be noted: {error}"))
    }

    fn with_logs(&self, bundle: &mut Bundle, mut checks: Vec<CheckResult>) -> Vec<CheckResult> {
        for (index, check) in checks.iter_mut().enumerate().take(MAX_CHECK_LOGS) {
            let number = index.saturating_add(1);
            let path: PathBuf = self.folder.check_log(number);
            let name = format!("check-{number}.log");
            check.log = logs::upload(self.api, bundle, &path, "check", &name);
        }
        checks
    }

    /// The very bytes that gate let pass; their digest is compared once more before they go up.
    fn upload_diff(&self, bundle: &mut Bundle) -> Result<(), String> {
        let Some(expected) = self.known.change.as_ref().and_then(|change| change.digest.as_ref())
        else {
            return Ok(());
        };
        let limit = u64::try_from(Diff::MAX_BYTES).unwrap_or(u64::MAX);
        let bytes =
            files::read_regular(&self.folder.diff(), limit).map_err(|fault| fault.to_string())?;
        let found = Digest::of(&bytes);
        if found != *expected {
            return Err(format!("the diff has digest {found}; gate wrote {expected}"));
        }
        logs::store(self.api, bundle, &bytes, "diff", "diff")
            .map(drop)
            .map_err(|delivery| format!("the diff could not be uploaded: {delivery:?}"))
    }
}
