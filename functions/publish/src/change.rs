//! The change, verified once more on the very bytes that will be pushed.

use leviathan_core::diff::Diff;
use leviathan_core::gate::{GatePassed, judge};
use leviathan_core::ids::Digest;
use leviathan_core::task::TaskDefinition;

use crate::Publish;
use crate::stop::Stop;
use crate::work::Work;

/// A change that passed here, with the task that it was made for.
#[derive(Debug, Clone)]
pub(crate) struct Verified {
    /// The change.
    pub(crate) passed: GatePassed,
    /// The task, as recorded when the attempt was created.
    pub(crate) task: TaskDefinition,
}

/// Reads the change by its digest and judges it: under the definition that the attempt was given
/// and, where a person changed the task meanwhile, under that one too (DECISIONS 5); both times
/// under the policy that is in force now.
pub(crate) async fn verify(
    context: &Publish,
    work: &Work,
    digest: &Digest,
) -> Result<Verified, Stop> {
    if let Some(check) = work.checked.checks.iter().find(|check| !check.passed) {
        return Err(Stop::refused(format!("invariant {} did not pass", check.name)));
    }
    let bytes = context.artifacts.get(digest).await?;
    let diff = Diff::from_bytes(&bytes)
        .map_err(|problem| Stop::refused(format!("artifact {digest} is no diff: {problem}")))?;
    if diff.base != work.base {
        let reason =
            format!("the diff is against {}, the attempt against {}", diff.base, work.base);
        return Err(Stop::refused(reason));
    }
    if diff.files.is_empty() {
        return Err(Stop::refused("the diff changes nothing, so there is nothing to push"));
    }
    let Some(now) = &work.definition_now else {
        return Err(Stop::refused(format!("task {} left the backlog meanwhile", work.task)));
    };
    if *now != work.definition {
        let task = definition(context, now).await?;
        judge(diff.clone(), &[], &task, &work.policy).map_err(|violations| Stop::Refused {
            reason: "the task was changed meanwhile and no longer allows this change".to_owned(),
            violations,
        })?;
    }
    let task = definition(context, &work.definition).await?;
    match judge(diff, &[], &task, &work.policy) {
        Ok(passed) => Ok(Verified { passed, task }),
        Err(violations) => Err(Stop::Refused {
            reason: "the change breaks rules on the bytes that would be pushed".to_owned(),
            violations,
        }),
    }
}

async fn definition(context: &Publish, digest: &Digest) -> Result<TaskDefinition, Stop> {
    let bytes = context.artifacts.get(digest).await?;
    serde_json::from_slice(&bytes)
        .map_err(|error| Stop::refused(format!("artifact {digest} is no task definition: {error}")))
}
