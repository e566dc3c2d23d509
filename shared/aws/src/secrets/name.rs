//! Which secret is meant: a configuration holds this, never the secret.

use std::fmt;
use std::str::FromStr;

/// The longest name of either service, in bytes, with an ARN around it.
const MAX_BYTES: usize = 2_048;

/// Who keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Service {
    /// AWS Secrets Manager.
    SecretsManager,
    /// Parameter Store of AWS Systems Manager.
    Parameters,
}

/// `secretsmanager:NAME`, `ssm:NAME`, or the ARN of either.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SecretName {
    service: Service,
    id: String,
}

/// A text names no secret. The text is not repeated: somebody may have put the secret there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write secretsmanager:NAME, ssm:NAME, or the ARN of a secret or of a parameter")]
pub struct SecretNameError;

impl SecretName {
    /// What the service knows it by: its name, or its ARN.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn service(&self) -> Service {
        self.service
    }
}

impl FromStr for SecretName {
    type Err = SecretNameError;

    fn from_str(text: &str) -> Result<Self, SecretNameError> {
        let (service, id, name) = split(text).ok_or(SecretNameError)?;
        let good = |byte: u8| byte.is_ascii_alphanumeric() || b"/_+=.@-:!".contains(&byte);
        if name.is_empty() || text.len() > MAX_BYTES || !name.bytes().all(good) {
            return Err(SecretNameError);
        }
        Ok(Self { service, id: id.to_owned() })
    }
}

/// The service, what it is asked for, and the name in that.
fn split(text: &str) -> Option<(Service, &str, &str)> {
    if let Some(name) = text.strip_prefix("secretsmanager:") {
        return Some((Service::SecretsManager, name, name));
    }
    if let Some(name) = text.strip_prefix("ssm:") {
        return Some((Service::Parameters, name, name));
    }
    // arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE
    let mut parts = text.splitn(6, ':');
    let arn = parts.next()? == "arn" && parts.next()?.starts_with("aws");
    let service = parts.next()?;
    let resource = parts.nth(2).filter(|_| arn)?;
    match service {
        "secretsmanager" => {
            Some((Service::SecretsManager, text, resource.strip_prefix("secret:")?))
        }
        "ssm" => Some((Service::Parameters, text, resource.strip_prefix("parameter/")?)),
        _ => None,
    }
}

impl fmt::Display for SecretName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let service = match self.service {
            _ if self.id.starts_with("arn:") => "",
            Service::SecretsManager => "secretsmanager:",
            Service::Parameters => "ssm:",
        };
        write!(formatter, "{service}{}", self.id)
    }
}

impl fmt::Debug for SecretName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_who_keeps_the_secret() {
        for (text, service, id) in [
            (
                "secretsmanager:leviathan/attempt-key",
                Service::SecretsManager,
                "leviathan/attempt-key",
            ),
            ("ssm:/leviathan/attempt-key", Service::Parameters, "/leviathan/attempt-key"),
            (
                "arn:aws:secretsmanager:eu-central-1:123456789012:secret:key-AbCdEf",
                Service::SecretsManager,
                "arn:aws:secretsmanager:eu-central-1:123456789012:secret:key-AbCdEf",
            ),
            (
                "arn:aws-us-gov:ssm:us-gov-west-1:123456789012:parameter/leviathan/key",
                Service::Parameters,
                "arn:aws-us-gov:ssm:us-gov-west-1:123456789012:parameter/leviathan/key",
            ),
        ] {
            let name: SecretName = text.parse().unwrap();
            assert_eq!((name.service(), name.id()), (service, id));
            assert_eq!(name.to_string(), text);
        }
    }

    #[test]
    fn what_could_be_the_secret_itself_is_refused_and_not_repeated() {
        for text in [
            "",
            "hunter2",
            "leviathan/attempt-key",
            "ssm:",
            "secretsmanager:a b",
            "-----BEGIN RSA PRIVATE KEY-----\nMIIE",
            "arn:aws:s3:::bucket",
            "arn:aws:ssm:eu-central-1:123456789012:document/x",
            "arn:aws:secretsmanager:eu-central-1:123456789012",
            &format!("ssm:{}", "x".repeat(MAX_BYTES)),
        ] {
            let problem = text.parse::<SecretName>().unwrap_err().to_string();
            assert!(problem.starts_with("write secretsmanager:NAME"), "{text}: {problem}");
        }
    }
}
