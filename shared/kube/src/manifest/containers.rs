//! The pod's containers: the same image and rights for all, each with its own volumes.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{
    Capabilities, Container, EnvVar, EnvVarSource, ObjectFieldSelector, ResourceRequirements,
    SecurityContext,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

use super::volumes::{self, ROOT};
use crate::settings::{JobSettings, Resources};

/// The container that the pod waits for after the last phase.
pub(crate) const END: &str = "end";
/// The container that talks to the api.
pub(crate) const REPORT: &str = "report";

/// The side-car, and the phases in order. Kubernetes starts each when the one before has ended, but
/// the side-car's successor as soon as that runs.
pub(super) fn in_order(settings: &JobSettings) -> Vec<Container> {
    let mut all = vec![report(settings)];
    all.extend(
        ["prepare", "work", "gate", "check"]
            .map(|phase| container(phase, settings, &settings.phases)),
    );
    all
}

/// Waits until report is done.
pub(super) fn end(settings: &JobSettings) -> Container {
    container(END, settings, &settings.report)
}

fn report(settings: &JobSettings) -> Container {
    let mut report = container(REPORT, settings, &settings.report);
    report.restart_policy = Some("Always".to_owned());
    let field = ObjectFieldSelector {
        api_version: Some("v1".to_owned()),
        field_path: "metadata.uid".to_owned(),
    };
    let pod_uid = EnvVar {
        name: "LEVIATHAN_POD_UID".to_owned(),
        value_from: Some(EnvVarSource { field_ref: Some(field), ..EnvVarSource::default() }),
        value: None,
    };
    let token = variable("LEVIATHAN_ATTEMPT_TOKEN_FILE", &format!("{ROOT}/attempt-token"));
    report.env.get_or_insert_default().extend([pod_uid, token]);
    report
}

fn container(name: &str, settings: &JobSettings, resources: &Resources) -> Container {
    Container {
        name: name.to_owned(),
        image: Some(settings.image.clone()),
        // By digest: what is there already is the same.
        image_pull_policy: Some("IfNotPresent".to_owned()),
        command: Some(vec![settings.program.clone()]),
        args: Some([name, "--job", ROOT, "--pod"].map(str::to_owned).to_vec()),
        // The image's user has none either; work's and check's commands get one of their own.
        env: Some(vec![variable("HOME", "/nonexistent")]),
        resources: Some(requirements(resources)),
        security_context: Some(SecurityContext {
            allow_privilege_escalation: Some(false),
            capabilities: Some(Capabilities { drop: Some(vec!["ALL".to_owned()]), add: None }),
            privileged: Some(false),
            read_only_root_filesystem: Some(true),
            run_as_non_root: Some(true),
            ..SecurityContext::default()
        }),
        volume_mounts: Some(volumes::mounts(name)),
        ..Container::default()
    }
}

fn requirements(resources: &Resources) -> ResourceRequirements {
    let quantity = |text: &str| Quantity(text.to_owned());
    let mut limits = BTreeMap::from([
        ("memory".to_owned(), quantity(&resources.memory)),
        ("ephemeral-storage".to_owned(), quantity(&resources.disk)),
    ]);
    let bounded = limits.clone();
    limits.insert("cpu".to_owned(), quantity(&resources.cpu));
    ResourceRequirements { requests: Some(limits), limits: Some(bounded), claims: None }
}

fn variable(name: &str, value: &str) -> EnvVar {
    EnvVar { name: name.to_owned(), value: Some(value.to_owned()), value_from: None }
}
