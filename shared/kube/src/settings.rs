//! What every Job of an installation has in common: where it runs, on which image, with how much.

use std::collections::BTreeMap;
use std::time::Duration;

/// What one container may use. The memory asked for is the memory allowed, so that a node is never
/// promised twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resources {
    /// CPU that is asked for, as Kubernetes writes it: `500m`, `2`. There is no limit: unused CPU of
    /// a node is nobody's, and throttling makes checks time out.
    pub cpu: String,
    /// Memory, asked for and allowed: `2Gi`.
    pub memory: String,
    /// Disk, asked for and allowed, volumes included: `4Gi`.
    pub disk: String,
}

impl Resources {
    /// As Kubernetes writes them.
    pub fn new(cpu: &str, memory: &str, disk: &str) -> Self {
        Self { cpu: cpu.to_owned(), memory: memory.to_owned(), disk: disk.to_owned() }
    }
}

/// How Jobs are made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobSettings {
    /// The namespace that Jobs and their Secrets are made in.
    pub namespace: String,
    /// The image with the executor and the target's toolchains, by digest.
    pub image: String,
    /// The executor's path in the image.
    pub program: String,
    /// The service account of the pods; it needs no right and its token is not mounted.
    pub service_account: String,
    /// For prepare, work, gate and check, each in its turn.
    pub phases: Resources,
    /// For report, beside them.
    pub report: Resources,
    /// Secrets of this namespace that the kubelet pulls the image with.
    pub image_pull_secrets: Vec<String>,
    /// Labels that a node must have.
    pub node_selector: BTreeMap<String, String>,
    /// A runtime class such as gVisor's, where the cluster has one.
    pub runtime_class: Option<String>,
    /// A priority class, where the cluster's own pods should not be pushed aside.
    pub priority_class: Option<String>,
    /// How long an ended Job is kept to be looked at.
    pub keep_ended: Duration,
    /// How long a registry may refuse the image before the Job counts as failed.
    pub image_patience: Duration,
    /// How long no node may be found before the Job counts as failed.
    pub schedule_patience: Duration,
}

impl JobSettings {
    /// With the namespace and service account of `infra/kubernetes`, and room for a middling build.
    pub fn new(image: impl Into<String>) -> Self {
        Self {
            namespace: "leviathan".to_owned(),
            image: image.into(),
            program: "/usr/local/bin/executor".to_owned(),
            service_account: "leviathan-executor".to_owned(),
            phases: Resources::new("1", "4Gi", "8Gi"),
            report: Resources::new("50m", "128Mi", "1Gi"),
            image_pull_secrets: Vec::new(),
            node_selector: BTreeMap::new(),
            runtime_class: None,
            priority_class: None,
            keep_ended: Duration::from_hours(1),
            image_patience: Duration::from_mins(5),
            // DECISIONS 12.
            schedule_patience: Duration::from_mins(40),
        }
    }

    /// Everything that is wrong with them, at once.
    pub fn faults(&self) -> Vec<SettingsFault> {
        let mut faults = Vec::new();
        let mut check = |field: &'static str, value: &str, fits: bool, rule: &'static str| {
            if !fits {
                faults.push(SettingsFault { field, value: value.to_owned(), rule });
            }
        };
        check("namespace", &self.namespace, is_label(&self.namespace), LABEL_RULE);
        check("image", &self.image, is_pinned(&self.image), IMAGE_RULE);
        let absolute = self.program.starts_with('/') && self.program.len() > 1;
        check("program", &self.program, absolute, "an absolute path in the image");
        check("service account", &self.service_account, is_name(&self.service_account), NAME_RULE);
        for (cpu, memory, disk, resources) in [
            ("phases' cpu", "phases' memory", "phases' disk", &self.phases),
            ("report's cpu", "report's memory", "report's disk", &self.report),
        ] {
            check(cpu, &resources.cpu, is_quantity(&resources.cpu), QUANTITY_RULE);
            check(memory, &resources.memory, is_quantity(&resources.memory), QUANTITY_RULE);
            check(disk, &resources.disk, is_quantity(&resources.disk), QUANTITY_RULE);
        }
        for name in &self.image_pull_secrets {
            check("image pull secret", name, is_name(name), NAME_RULE);
        }
        for (field, name) in
            [("runtime class", &self.runtime_class), ("priority class", &self.priority_class)]
        {
            let name = name.as_deref().unwrap_or("unset");
            check(field, name, is_name(name), NAME_RULE);
        }
        faults
    }
}

const LABEL_RULE: &str = "1 to 63 of a-z 0-9 -, a letter or digit at both ends, such as leviathan";
const NAME_RULE: &str = "1 to 253 of a-z 0-9 - ., a letter or digit at both ends";
const IMAGE_RULE: &str = "an image by its digest, such as registry.example/executor@sha256:<64 hex \
                          digits>; a tag can come to mean something else";
const QUANTITY_RULE: &str =
    "a quantity of Kubernetes above zero, such as 500m, 2 or 4Gi (case matters)";

/// One setting that Kubernetes or we would not take.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} of Jobs is {value:?}; it must be {rule}")]
pub struct SettingsFault {
    /// Which.
    pub field: &'static str,
    /// What it is.
    pub value: String,
    /// What it should be, with an example.
    pub rule: &'static str,
}

fn is_label(text: &str) -> bool {
    text.len() <= 63 && !text.contains('.') && is_name(text)
}

fn is_name(text: &str) -> bool {
    let ends_well = |part: &str| !part.is_empty() && !part.starts_with('-') && !part.ends_with('-');
    text.len() <= 253
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.'))
        && text.split('.').all(ends_well)
}

fn is_pinned(image: &str) -> bool {
    let hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    image.split_once("@sha256:").is_some_and(|(name, digest)| {
        !name.is_empty()
            && !name.contains(char::is_whitespace)
            && digest.len() == 64
            && digest.bytes().all(hex)
    })
}

/// `<digits>[.<digits>][suffix]`. Kubernetes also takes signs and exponents; nobody writes them.
fn is_quantity(text: &str) -> bool {
    let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let suffix = text.get(number.len()..).unwrap_or_default();
    let known = ["", "m", "k", "M", "G", "T", "P", "Ki", "Mi", "Gi", "Ti", "Pi"];
    let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    known.contains(&suffix)
        && digits(whole)
        && digits(part)
        && number.bytes().any(|b| matches!(b, b'1'..=b'9'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pinned() -> String {
        format!("registry.example/executor@sha256:{}", "a".repeat(64))
    }

    #[test]
    fn the_defaults_have_no_fault() {
        assert_eq!(JobSettings::new(pinned()).faults(), []);
    }

    #[test]
    fn all_faults_are_told_at_once() {
        let settings = JobSettings {
            namespace: "Not.A.Label".to_owned(),
            program: "executor".to_owned(),
            phases: Resources::new("1core", "4gi", "8Gi"),
            runtime_class: Some("-".to_owned()),
            ..JobSettings::new("executor:latest")
        };
        let faults = settings.faults();
        let fields: Vec<&str> = faults.iter().map(|fault| fault.field).collect();
        let expected =
            ["namespace", "image", "program", "phases' cpu", "phases' memory", "runtime class"];
        assert_eq!(fields, expected);
        let told = faults[1].to_string();
        assert!(told.contains("executor:latest") && told.contains("@sha256:"), "{told}");
    }

    #[test]
    fn quantities_are_kubernetes_own() {
        for good in ["1", "500m", "0.5", "4Gi", "1.5G", "10k"] {
            assert!(is_quantity(good), "{good}");
        }
        for bad in ["", "0", "0.0", "4gi", "Gi", "4 Gi", "-1", "1.", ".5", "4GiB", "1e3"] {
            assert!(!is_quantity(bad), "{bad}");
        }
    }

    #[test]
    fn an_image_is_named_by_its_digest_alone() {
        assert!(is_pinned(&pinned()));
        let short = pinned();
        let short = &short[..short.len() - 1];
        for bad in ["", "executor", "executor:1.0", "executor@sha256:", short, "@sha256:aa"] {
            assert!(!is_pinned(bad), "{bad}");
        }
    }
}
