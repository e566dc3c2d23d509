//! The Job and the Secret of one attempt, rendered: pure functions.
//!
//! One pod: report as a native side-car from the start, then prepare ▸ work ▸ gate ▸ check one
//! after the other (DECISIONS 12). A pod needs a container that is none of these: `end` waits until
//! report has told the api, and with it the Job completes. So a Job that *fails* is one in which the
//! machinery failed; an attempt that fails is told by report, and its Job completes.
//!
//! Which container sees which volume, and how, is the table in [`volumes`].

mod containers;
pub(crate) use containers::REPORT;
pub mod volumes;

use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::ByteString;
use k8s_openapi::api::batch::v1::{
    Job as KubernetesJob, JobSpec, PodFailurePolicy, PodFailurePolicyOnPodConditionsPattern,
    PodFailurePolicyRule,
};
use k8s_openapi::api::core::v1::{
    LocalObjectReference, PodSecurityContext, PodSpec, PodTemplateSpec, SeccompProfile, Secret,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};
use leviathan_core::ports::{Job, JobSecrets};

use crate::names;
use crate::settings::JobSettings;

/// The user and group that every container runs as; no image knows them.
pub const USER: i64 = 65_532;

/// How long a pod that is ended may go on. Phases end at once; report sends what it has.
const GRACE: Duration = Duration::from_secs(30);

/// How long after the attempt's time the Job is ended by the cluster: report has the last word
/// shortly before `not_after`, and this is for a report that hangs.
const AFTER_THE_END: Duration = Duration::from_secs(10);

/// The Secret's keys.
pub(crate) const JOB_KEY: &str = "job.json";
pub(crate) const TOKEN_KEY: &str = "attempt-token";

/// The Job of an attempt. `now` is for its deadline, which Kubernetes counts in seconds from its
/// start. Fails only where the Job is not JSON, which none that was read from the log is.
pub fn job(
    job: &Job,
    settings: &JobSettings,
    now: Timestamp,
) -> Result<KubernetesJob, serde_json::Error> {
    let digest = names::digest(job)?;
    let secret = names::secret_name(job, &digest);
    let spec = JobSpec {
        parallelism: Some(1),
        completions: Some(1),
        // A crashed attempt may be followed by another attempt, never by itself (DECISIONS 1).
        backoff_limit: Some(0),
        active_deadline_seconds: Some(seconds_until(job.not_after, now)),
        ttl_seconds_after_finished: i32::try_from(settings.keep_ended.as_secs()).ok(),
        pod_failure_policy: Some(disruption_is_told()),
        template: PodTemplateSpec {
            metadata: Some(ObjectMeta {
                labels: Some(names::labels(job)),
                annotations: Some(stays_where_it_is()),
                ..ObjectMeta::default()
            }),
            spec: Some(pod(settings, &secret)),
        },
        ..JobSpec::default()
    };
    Ok(KubernetesJob {
        metadata: ObjectMeta {
            name: Some(job.attempt.to_string()),
            namespace: Some(settings.namespace.clone()),
            labels: Some(names::labels(job)),
            annotations: Some(names::annotations(job, &digest)),
            ..ObjectMeta::default()
        },
        spec: Some(spec),
        status: None,
    })
}

/// The Secret of an attempt: `job.json` for every phase, the attempt's token for report. It belongs
/// to the Job with this uid, and the cluster deletes it with the Job.
pub fn secret(
    job: &Job,
    secrets: &JobSecrets,
    settings: &JobSettings,
    job_uid: &str,
) -> Result<Secret, serde_json::Error> {
    let digest = names::digest(job)?;
    let data = [
        (JOB_KEY, serde_json::to_vec(job)?),
        (TOKEN_KEY, secrets.attempt_token.clone().into_bytes()),
    ];
    Ok(Secret {
        metadata: ObjectMeta {
            name: Some(names::secret_name(job, &digest)),
            namespace: Some(settings.namespace.clone()),
            labels: Some(names::labels(job)),
            annotations: Some(names::annotations(job, &digest)),
            owner_references: Some(vec![OwnerReference {
                api_version: "batch/v1".to_owned(),
                kind: "Job".to_owned(),
                name: job.attempt.to_string(),
                uid: job_uid.to_owned(),
                controller: None,
                // Would need a right to the Job's finalizers.
                block_owner_deletion: None,
            }]),
            ..ObjectMeta::default()
        },
        immutable: Some(true),
        type_: Some("Opaque".to_owned()),
        data: Some(data.map(|(key, bytes)| (key.to_owned(), ByteString(bytes))).into()),
        string_data: None,
    })
}

fn pod(settings: &JobSettings, secret: &str) -> PodSpec {
    let pull = settings.image_pull_secrets.iter();
    let pull: Vec<_> = pull.map(|name| LocalObjectReference { name: name.clone() }).collect();
    PodSpec {
        automount_service_account_token: Some(false),
        service_account_name: Some(settings.service_account.clone()),
        // Services' addresses as variables are nothing that a target's command should see.
        enable_service_links: Some(false),
        restart_policy: Some("Never".to_owned()),
        termination_grace_period_seconds: i64::try_from(GRACE.as_secs()).ok(),
        security_context: Some(PodSecurityContext {
            run_as_non_root: Some(true),
            run_as_user: Some(USER),
            run_as_group: Some(USER),
            // Secrets are files of root's that this group can read.
            fs_group: Some(USER),
            seccomp_profile: Some(SeccompProfile {
                type_: "RuntimeDefault".to_owned(),
                localhost_profile: None,
            }),
            ..PodSecurityContext::default()
        }),
        image_pull_secrets: Some(pull).filter(|pull| !pull.is_empty()),
        node_selector: Some(settings.node_selector.clone()).filter(|labels| !labels.is_empty()),
        runtime_class_name: settings.runtime_class.clone(),
        priority_class_name: settings.priority_class.clone(),
        init_containers: Some(containers::in_order(settings)),
        containers: vec![containers::end(settings)],
        volumes: Some(volumes::all(settings, secret)),
        ..PodSpec::default()
    }
}

/// A drained or lost node fails the Job at once, under a reason of its own. A second pod would only
/// be refused its claim.
fn disruption_is_told() -> PodFailurePolicy {
    PodFailurePolicy {
        rules: vec![PodFailurePolicyRule {
            action: "FailJob".to_owned(),
            on_pod_conditions: Some(vec![PodFailurePolicyOnPodConditionsPattern {
                type_: "DisruptionTarget".to_owned(),
                status: "True".to_owned(),
            }]),
            on_exit_codes: None,
        }],
    }
}

/// Asks the autoscalers not to move a pod that can't be moved.
fn stays_where_it_is() -> std::collections::BTreeMap<String, String> {
    [
        ("cluster-autoscaler.kubernetes.io/safe-to-evict", "false"),
        ("karpenter.sh/do-not-disrupt", "true"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

/// Until the Job is ended from outside, at least a second.
fn seconds_until(not_after: Timestamp, now: Timestamp) -> i64 {
    let left = Duration::try_from(not_after.duration_since(now)).unwrap_or_default();
    i64::try_from(left.saturating_add(AFTER_THE_END).as_secs()).unwrap_or(i64::MAX).max(1)
}

#[cfg(test)]
pub(crate) mod tests;
