//! Which container sees which volume, in one table: no phase can write what a later one trusts.
//!
//! | volume | at | prepare | work | gate | check | end | report |
//! |---|---|---|---|---|---|---|---|
//! | job (Secret) | job.json | r | r | r | r | r | r |
//! | token (Secret) | attempt-token | | | | | | r |
//! | base | base.git | w | r | r | r | | |
//! | workspace | workspace | w | w | r | | | |
//! | home | home | w | w | | | | |
//! | gate | gate | | | w | r | | r |
//! | check | check | | | | w | | |
//! | report | report | r | | | | r | w |
//! | phase-X | phases/X | X: w, the next one and report: r | | | | | |

use k8s_openapi::api::core::v1::{
    EmptyDirVolumeSource, KeyToPath, SecretVolumeSource, Volume, VolumeMount,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

use super::{JOB_KEY, TOKEN_KEY};
use crate::settings::JobSettings;

/// Where the Job's folder is, in every container.
pub const ROOT: &str = "/job";

/// How a container sees a volume.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sight {
    Reads,
    Writes,
}
use Sight::{Reads, Writes};

/// How much a volume may hold.
#[derive(Debug, Clone, Copy)]
enum Size {
    /// As much as a phase's containers may use of the disk.
    Disk,
    /// Results, logs and marks.
    Small,
}

/// A volume, its place under [`ROOT`], its size, and who sees it.
type Row = (&'static str, &'static str, Size, &'static [(&'static str, Sight)]);

const TABLE: &[Row] = &[
    (
        "base",
        "base.git",
        Size::Disk,
        &[("prepare", Writes), ("work", Reads), ("gate", Reads), ("check", Reads)],
    ),
    (
        "workspace",
        "workspace",
        Size::Disk,
        &[("prepare", Writes), ("work", Writes), ("gate", Reads)],
    ),
    ("home", "home", Size::Disk, &[("prepare", Writes), ("work", Writes)]),
    ("gate", "gate", Size::Small, &[("gate", Writes), ("check", Reads), ("report", Reads)]),
    ("check", "check", Size::Disk, &[("check", Writes)]),
    ("report", "report", Size::Small, &[("report", Writes), ("prepare", Reads), ("end", Reads)]),
    (
        "phase-prepare",
        "phases/prepare",
        Size::Small,
        &[("prepare", Writes), ("work", Reads), ("report", Reads)],
    ),
    (
        "phase-work",
        "phases/work",
        Size::Small,
        &[("work", Writes), ("gate", Reads), ("report", Reads)],
    ),
    (
        "phase-gate",
        "phases/gate",
        Size::Small,
        &[("gate", Writes), ("check", Reads), ("report", Reads)],
    ),
    ("phase-check", "phases/check", Size::Small, &[("check", Writes), ("report", Reads)]),
    ("phase-end", "phases/end", Size::Small, &[("end", Writes), ("report", Reads)]),
];

/// A diff is at most some tens of megabytes, and so are the outputs that are kept.
const SMALL: &str = "256Mi";

/// The files that root owns, readable for the pod's group.
const SECRET_MODE: i32 = 0o440;

/// Every volume of the pod.
pub(super) fn all(settings: &JobSettings, secret: &str) -> Vec<Volume> {
    let mut volumes = vec![from_secret("job", secret, JOB_KEY)];
    volumes.push(from_secret("token", secret, TOKEN_KEY));
    volumes.extend(TABLE.iter().map(|(name, _, size, _)| {
        let limit = match size {
            Size::Disk => settings.phases.disk.clone(),
            Size::Small => SMALL.to_owned(),
        };
        Volume {
            name: (*name).to_owned(),
            empty_dir: Some(EmptyDirVolumeSource {
                size_limit: Some(Quantity(limit)),
                medium: None,
            }),
            ..Volume::default()
        }
    }));
    volumes
}

/// The container's part of them.
pub(super) fn mounts(container: &str) -> Vec<VolumeMount> {
    let mut mounts = vec![file("job", JOB_KEY)];
    if container == super::containers::REPORT {
        mounts.push(file("token", TOKEN_KEY));
    }
    for (volume, place, _, seen_by) in TABLE {
        let Some((_, sight)) = seen_by.iter().find(|(name, _)| *name == container) else {
            continue;
        };
        mounts.push(VolumeMount {
            name: (*volume).to_owned(),
            mount_path: format!("{ROOT}/{place}"),
            read_only: (*sight == Reads).then_some(true),
            ..VolumeMount::default()
        });
    }
    mounts
}

/// One key of the Secret: nothing else of it is in the volume.
fn from_secret(volume: &str, secret: &str, key: &str) -> Volume {
    Volume {
        name: volume.to_owned(),
        secret: Some(SecretVolumeSource {
            secret_name: Some(secret.to_owned()),
            items: Some(vec![KeyToPath { key: key.to_owned(), path: key.to_owned(), mode: None }]),
            default_mode: Some(SECRET_MODE),
            optional: None,
        }),
        ..Volume::default()
    }
}

/// The file itself: without a sub-path it would be a link, which the phases do not follow.
fn file(volume: &str, key: &str) -> VolumeMount {
    VolumeMount {
        name: volume.to_owned(),
        mount_path: format!("{ROOT}/{key}"),
        sub_path: Some(key.to_owned()),
        read_only: Some(true),
        ..VolumeMount::default()
    }
}
