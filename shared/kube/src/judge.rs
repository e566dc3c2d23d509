//! What became of a Job, from what the cluster shows of it: by conditions, never by counts, which
//! may be missing when a Job has failed.

use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::batch::v1::{Job, JobCondition};
use k8s_openapi::api::core::v1::{ContainerStatus, Pod, PodStatus};
use leviathan_core::fact::FailureClass;
use leviathan_core::ports::JobStatus;

use crate::fault::tidy;
use crate::manifest::REPORT;
use crate::settings::JobSettings;

/// How long a pod may be without any container before it is asked whether its Secret is there.
const SECRET_PATIENCE: Duration = Duration::from_secs(30);

/// Reasons for which a container waits and its image is to blame.
const IMAGE_REASONS: &[&str] = &[
    "ErrImagePull",
    "ImagePullBackOff",
    "InvalidImageName",
    "ErrImageNeverPull",
    "ImageInspectError",
    "RegistryUnavailable",
    "SignatureValidationFailed",
];

/// Judges a Job that exists by its conditions, and by its pods as long as it has none.
pub(crate) fn judge(job: &Job, pods: &[Pod], settings: &JobSettings, now: Timestamp) -> JobStatus {
    if condition(job, "Complete").is_some() {
        return JobStatus::Completed;
    }
    if let Some(failed) = condition(job, "Failed") {
        return failure(failed, pods);
    }
    // Being deleted, or ended and its pod not yet gone: no verdict before the cluster has one.
    if job.metadata.deletion_timestamp.is_some() || condition(job, "FailureTarget").is_some() {
        return JobStatus::Running;
    }
    newest(pods).map_or(JobStatus::Running, |pod| waiting(pod, settings, now))
}

/// Whether the pods are needed for a verdict.
pub(crate) fn is_complete(job: &Job) -> bool {
    condition(job, "Complete").is_some()
}

fn condition<'a>(job: &'a Job, kind: &str) -> Option<&'a JobCondition> {
    let all = job.status.as_ref()?.conditions.as_deref().unwrap_or_default();
    all.iter().find(|condition| condition.type_ == kind && condition.status == "True")
}

fn newest(pods: &[Pod]) -> Option<&Pod> {
    pods.iter().max_by_key(|pod| created(pod))
}

fn created(pod: &Pod) -> Option<Timestamp> {
    // Its jiff is another version than ours.
    let created = pod.metadata.creation_timestamp.as_ref()?;
    Timestamp::from_second(created.0.as_second()).ok()
}

/// A Job that failed: the machinery's fault, but for commands that ate more memory than they had.
fn failure(failed: &JobCondition, pods: &[Pod]) -> JobStatus {
    let told = failed.message.as_deref().unwrap_or_default();
    let seen = newest(pods).and_then(|pod| pod.status.as_ref()).map(seen_of).unwrap_or_default();
    let reason = match failed.reason.as_deref().unwrap_or_default() {
        "DeadlineExceeded" => "its time was over before report could say how it went".to_owned(),
        "PodFailurePolicy" => "its pod was taken off its node".to_owned(),
        "BackoffLimitExceeded" if !seen.text.is_empty() => "its pod failed".to_owned(),
        other => format!("the cluster gave it up: {other}: {told}"),
    };
    let reason = [reason, seen.text].into_iter().filter(|text| !text.is_empty());
    let reason = reason.collect::<Vec<_>>().join("; ");
    let class = seen.class.unwrap_or(FailureClass::Infra);
    JobStatus::Failed { class, reason: tidy(&reason) }
}

/// What a pod shows of its end.
#[derive(Debug, Default)]
struct Seen {
    text: String,
    class: Option<FailureClass>,
}

fn seen_of(status: &PodStatus) -> Seen {
    let mut parts = Vec::new();
    // Evicted, NodeLost, Shutdown …
    if let Some(reason) = status.reason.as_deref().filter(|reason| !reason.is_empty()) {
        parts.push(with_message(reason, status.message.as_deref()));
    }
    let conditions = status.conditions.as_deref().unwrap_or_default();
    let disrupted = conditions.iter().find(|one| one.type_ == "DisruptionTarget");
    if let Some(disrupted) = disrupted.filter(|one| one.status == "True") {
        let reason = disrupted.reason.as_deref().unwrap_or("disrupted");
        parts.push(with_message(reason, disrupted.message.as_deref()));
    }
    let ended = containers(status).find_map(|container| {
        let ended = container.state.as_ref()?.terminated.as_ref()?;
        (ended.exit_code != 0 && container.name != REPORT).then_some((container, ended))
    });
    let mut class = None;
    if let Some((container, ended)) = ended {
        let name = &container.name;
        let reason = ended.reason.as_deref().unwrap_or_default();
        if reason == "OOMKilled" {
            parts.push(format!("{name} was killed: it needed more memory than it may use"));
            // The target's own commands run in these: what they eat is the task's fault.
            class = matches!(name.as_str(), "work" | "check").then_some(FailureClass::Task);
        } else {
            let what = with_message(reason, ended.message.as_deref());
            parts.push(format!("{name} ended with exit code {}: {what}", ended.exit_code));
        }
    }
    Seen { text: parts.join("; "), class }
}

/// The pod's containers in the order in which they run.
fn containers(status: &PodStatus) -> impl Iterator<Item = &ContainerStatus> {
    let init = status.init_container_statuses.as_deref().unwrap_or_default();
    let main = status.container_statuses.as_deref().unwrap_or_default();
    init.iter().chain(main)
}

fn with_message(reason: &str, message: Option<&str>) -> String {
    match message.filter(|message| !message.is_empty()) {
        Some(message) => format!("{reason} ({message})"),
        None => reason.to_owned(),
    }
}

/// A Job without an end: whether its pod can still begin.
fn waiting(pod: &Pod, settings: &JobSettings, now: Timestamp) -> JobStatus {
    let Some(status) = &pod.status else { return JobStatus::Running };
    let Some(created) = created(pod) else { return JobStatus::Running };
    let age = Duration::try_from(now.duration_since(created)).unwrap_or_default();
    let minutes = age.as_secs().div_ceil(60);
    let conditions = status.conditions.as_deref().unwrap_or_default();
    let unscheduled =
        conditions.iter().find(|one| one.type_ == "PodScheduled" && one.status == "False");
    if let Some(unscheduled) = unscheduled {
        if age < settings.schedule_patience {
            return JobStatus::Running;
        }
        let message = unscheduled.message.as_deref().unwrap_or("no message");
        let reason = format!("no node was found for its pod in {minutes} min: {message}");
        return JobStatus::Failed { class: FailureClass::Infra, reason: tidy(&reason) };
    }
    let started = containers(status).any(|container| {
        let state = container.state.as_ref();
        state.is_some_and(|state| state.running.is_some() || state.terminated.is_some())
            || container.restart_count > 0
    });
    for container in containers(status) {
        let Some(waiting) = container.state.as_ref().and_then(|state| state.waiting.as_ref())
        else {
            continue;
        };
        let reason = waiting.reason.as_deref().unwrap_or_default();
        if IMAGE_REASONS.contains(&reason) && age >= settings.image_patience {
            let what = with_message(reason, waiting.message.as_deref());
            let name = &container.name;
            let reason =
                format!("the image of {name} could not be pulled in {minutes} min: {what}");
            return JobStatus::Failed { class: FailureClass::Infra, reason: tidy(&reason) };
        }
    }
    let phase = status.phase.as_deref().unwrap_or_default();
    if !started && phase == "Pending" && age >= SECRET_PATIENCE {
        return JobStatus::NotStarted;
    }
    JobStatus::Running
}

#[cfg(test)]
mod tests;
