//! The port: a Job is created, observed and deleted by its attempt's id, each as often as one likes.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use k8s_openapi::api::batch::v1::Job as KubernetesJob;
use k8s_openapi::api::core::v1::{Pod, Secret};
use kube::api::{DeleteParams, ListParams, PostParams};
use kube::{Api, Client};
use leviathan_core::ids::AttemptId;
use leviathan_core::ports::{Clock, Cluster, ClusterError, Job, JobSecrets, JobStatus};

use crate::fault::{is_unclear, told};
use crate::judge;
use crate::manifest;
use crate::names::{ATTEMPT_LABEL, DIGEST_ANNOTATION, EPOCH_LABEL};
use crate::settings::JobSettings;

/// One request, from the first byte to the last.
const REQUEST: Duration = Duration::from_secs(25);

/// What is waited before a request with an unclear answer is sent again. All of them are idempotent.
const WAITS: [Duration; 2] = [Duration::from_millis(300), Duration::from_millis(1_200)];

/// The most pods of one Job that are looked at; it never makes more than one or two.
const MOST_PODS: u32 = 20;

/// Who Kubernetes notes as the maker of our objects.
const MANAGER: &str = "leviathan-dispatch";

/// Jobs on Kubernetes.
pub struct KubernetesCluster {
    jobs: Api<KubernetesJob>,
    pods: Api<Pod>,
    secrets: Api<Secret>,
    settings: JobSettings,
    clock: Arc<dyn Clock>,
}

impl KubernetesCluster {
    /// On the cluster of this client; the settings must have no fault.
    pub fn new(client: &Client, settings: JobSettings, clock: Arc<dyn Clock>) -> Self {
        let namespace = &settings.namespace;
        Self {
            jobs: Api::namespaced(client.clone(), namespace),
            pods: Api::namespaced(client.clone(), namespace),
            secrets: Api::namespaced(client.clone(), namespace),
            settings,
            clock,
        }
    }

    /// Sends a request until its answer is clear, a few times at most.
    async fn send<T, F>(&self, request: impl Fn() -> F) -> Result<T, Trouble>
    where
        F: Future<Output = Result<T, kube::Error>>,
    {
        let mut waits = WAITS.into_iter();
        loop {
            let answer = tokio::time::timeout(REQUEST, request()).await;
            let trouble = match answer {
                Ok(Ok(value)) => return Ok(value),
                Ok(Err(error)) if !is_unclear(&error) => return Err(Trouble::Answered(error)),
                Ok(Err(error)) => Trouble::Answered(error),
                Err(_elapsed) => Trouble::Silent,
            };
            let Some(wait) = waits.next() else { return Err(trouble) };
            self.clock.sleep(wait).await;
        }
    }

    /// The Job's uid, whether it was made now or before.
    async fn create_job(&self, job: &Job, wanted: &KubernetesJob) -> Result<String, String> {
        let params =
            PostParams { field_manager: Some(MANAGER.to_owned()), ..PostParams::default() };
        let made = match self.send(|| self.jobs.create(&params, wanted)).await {
            Ok(made) => made,
            Err(trouble) if trouble.has_code(409) => {
                let there = self.send(|| self.jobs.get(job.attempt.as_str())).await;
                let there = there.map_err(|trouble| self.told(&trouble))?;
                same(wanted, &there)?;
                there
            }
            Err(trouble) => return Err(self.told(&trouble)),
        };
        made.metadata.uid.ok_or_else(|| "the cluster gave the Job no uid".to_owned())
    }

    /// The Secret's name holds the Job's digest: one that is there already is the same.
    async fn create_secret(&self, secret: &Secret) -> Result<(), String> {
        let params =
            PostParams { field_manager: Some(MANAGER.to_owned()), ..PostParams::default() };
        match self.send(|| self.secrets.create(&params, secret)).await {
            Ok(_) => Ok(()),
            Err(trouble) if trouble.has_code(409) => Ok(()),
            Err(trouble) => Err(format!("its Secret: {}", self.told(&trouble))),
        }
    }

    async fn look(&self, attempt: &AttemptId) -> Result<JobStatus, String> {
        let job = match self.send(|| self.jobs.get(attempt.as_str())).await {
            Ok(job) => job,
            Err(trouble) if trouble.is_missing_object() => return Ok(JobStatus::Missing),
            Err(trouble) => return Err(self.told(&trouble)),
        };
        let pods = if judge::is_complete(&job) {
            Vec::new()
        } else {
            let params = ListParams::default()
                .labels(&format!("{ATTEMPT_LABEL}={attempt}"))
                .limit(MOST_PODS);
            let pods = self.send(|| self.pods.list(&params)).await;
            pods.map_err(|trouble| self.told(&trouble))?.items
        };
        Ok(judge::judge(&job, &pods, &self.settings, self.clock.now()))
    }

    fn told(&self, trouble: &Trouble) -> String {
        match trouble {
            Trouble::Answered(error) => told(error, &self.settings.namespace),
            Trouble::Silent => {
                format!("the cluster did not answer within {} s, three times", REQUEST.as_secs())
            }
        }
    }
}

/// Why a request gave nothing.
enum Trouble {
    Answered(kube::Error),
    Silent,
}

impl Trouble {
    fn has_code(&self, code: u16) -> bool {
        matches!(self, Self::Answered(kube::Error::Api(status)) if status.code == code)
    }

    /// The object is missing: neither its namespace nor the whole path.
    fn is_missing_object(&self) -> bool {
        let Self::Answered(kube::Error::Api(status)) = self else { return false };
        let kind = status.details.as_ref().map(|details| details.kind.as_str());
        status.code == 404 && kind == Some("jobs")
    }
}

/// Whether what is there is what would have been made: the same epoch and digest on it.
fn same(wanted: &KubernetesJob, there: &KubernetesJob) -> Result<(), String> {
    let marks = |job: &KubernetesJob| {
        let of = |map: &Option<std::collections::BTreeMap<String, String>>, name: &str| {
            map.as_ref().and_then(|map| map.get(name).cloned()).unwrap_or_else(|| "none".to_owned())
        };
        let epoch = of(&job.metadata.labels, EPOCH_LABEL);
        (epoch, of(&job.metadata.annotations, DIGEST_ANNOTATION))
    };
    if there.metadata.deletion_timestamp.is_some() {
        return Err("a Job of that name is just being deleted".to_owned());
    }
    let ((epoch, digest), (their_epoch, their_digest)) = (marks(wanted), marks(there));
    if (&epoch, &digest) == (&their_epoch, &their_digest) {
        return Ok(());
    }
    Err(format!(
        "another Job has its name: epoch {their_epoch}, digest {their_digest} and not epoch {epoch}, \
         digest {digest}. Does another installation use this namespace? Look at it, and delete it \
         if it is nobody's"
    ))
}

#[async_trait]
impl Cluster for KubernetesCluster {
    async fn create(&self, job: &Job, secrets: &JobSecrets) -> Result<(), ClusterError> {
        let problem =
            |reason| ClusterError { action: "create", attempt: job.attempt.clone(), reason };
        let not_json = |error: serde_json::Error| problem(format!("it is not JSON: {error}"));
        let wanted = manifest::job(job, &self.settings, self.clock.now()).map_err(not_json)?;
        // The Job first: the Secret belongs to it, so that it can't be left behind.
        let uid = self.create_job(job, &wanted).await.map_err(problem)?;
        let secret = manifest::secret(job, secrets, &self.settings, &uid).map_err(not_json)?;
        self.create_secret(&secret).await.map_err(problem)
    }

    async fn observe(&self, attempt: &AttemptId) -> Result<JobStatus, ClusterError> {
        self.look(attempt).await.map_err(|reason| ClusterError {
            action: "observe",
            attempt: attempt.clone(),
            reason,
        })
    }

    async fn delete(&self, attempt: &AttemptId) -> Result<(), ClusterError> {
        // In the background: the default would leave the pod running.
        let params = DeleteParams::background();
        match self.send(|| self.jobs.delete(attempt.as_str(), &params)).await {
            Ok(_) => Ok(()),
            Err(trouble) if trouble.is_missing_object() => Ok(()),
            Err(trouble) => Err(ClusterError {
                action: "delete",
                attempt: attempt.clone(),
                reason: self.told(&trouble),
            }),
        }
    }
}
