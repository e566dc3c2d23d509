//! Secrets by their names, from Secrets Manager and from SSM's Parameter Store. A configuration holds
//! names only. What was read is kept for a while, so that a request costs none; a secret that was
//! changed is taken up when that while is over.

mod cache;
mod name;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use secrecy::{ExposeSecret as _, SecretString};

use self::cache::Cache;
use self::name::Service;
use crate::surroundings::{NoRegion, Surroundings};
use crate::words;

pub use self::name::{SecretName, SecretNameError};

/// How often one is asked for at most, by one call.
const TRIES: u32 = 3;

/// Until the connection stands.
const CONNECT: Duration = Duration::from_secs(3);
/// Until one try is answered.
const ANSWER: Duration = Duration::from_secs(5);
/// Until all tries are over.
const WHOLE: Duration = Duration::from_secs(12);

/// A secret's text. Never shown by accident, and wiped when the last copy goes.
#[derive(Clone)]
pub struct Secret(Arc<SecretString>);

impl Secret {
    /// A secret with this text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Arc::new(SecretString::from(text.into())))
    }

    /// The text, for the one use that it is for.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(not shown)")
    }
}

/// Why a secret could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the secret {name} can't be read: {reason}")]
pub struct SecretError {
    /// Which.
    pub name: SecretName,
    /// The cause and what to do, for a person; holds nothing of the secret.
    pub reason: String,
}

/// Reads secrets, and keeps what it has read.
#[derive(Debug)]
pub struct Secrets {
    manager: aws_sdk_secretsmanager::Client,
    parameters: aws_sdk_ssm::Client,
    cache: Cache,
}

impl Secrets {
    /// Secrets reached by what the surroundings say, each read again after `refresh`.
    pub fn open_in(around: &Surroundings, refresh: Duration) -> Result<Self, NoRegion> {
        if around.config().region().is_none() {
            return Err(NoRegion);
        }
        let times = TimeoutConfig::builder()
            .connect_timeout(CONNECT)
            .operation_attempt_timeout(ANSWER)
            .operation_timeout(WHOLE)
            .build();
        let config = around
            .config()
            .clone()
            .into_builder()
            .retry_config(RetryConfig::standard().with_max_attempts(TRIES))
            .timeout_config(times)
            .build();
        Ok(Self {
            manager: aws_sdk_secretsmanager::Client::new(&config),
            parameters: aws_sdk_ssm::Client::new(&config),
            cache: Cache::new(refresh),
        })
    }

    /// The secret of this name. One that can't be read again just now is given as it was, for an
    /// hour at most.
    pub async fn get(&self, name: &SecretName) -> Result<Secret, SecretError> {
        self.cache.get(name, || self.read(name)).await
    }

    async fn read(&self, name: &SecretName) -> Result<Secret, SecretError> {
        let failed = |reason: String| SecretError { name: name.clone(), reason };
        let text = match name.service() {
            Service::SecretsManager => {
                let asked = self.manager.get_secret_value().secret_id(name.id()).send().await;
                let answer = asked.map_err(|problem| {
                    failed(words::explain("Secrets Manager", "it", &problem, |code| {
                        advice(code, "secretsmanager:GetSecretValue")
                    }))
                })?;
                answer.secret_string
            }
            Service::Parameters => {
                let asked = self.parameters.get_parameter().name(name.id()).with_decryption(true);
                let answer = asked.send().await.map_err(|problem| {
                    failed(words::explain("SSM", "it", &problem, |code| {
                        advice(code, "ssm:GetParameter")
                    }))
                })?;
                answer.parameter.and_then(|parameter| parameter.value)
            }
        };
        let text = text.ok_or_else(|| {
            failed("it holds no text; store it as a string, not as bytes".to_owned())
        })?;
        // What was pasted or came from a file ends with a line break that nobody meant.
        let text = text.trim_end_matches(['\r', '\n']);
        if text.is_empty() {
            return Err(failed("it is empty; store a value".to_owned()));
        }
        Ok(Secret::new(text))
    }
}

fn advice(code: &str, right: &str) -> String {
    match code {
        "AccessDeniedException" | "AccessDenied" => {
            format!("allow {right} on it, and kms:Decrypt on its key if that is one of your own")
        }
        "ResourceNotFoundException" | "ParameterNotFound" | "ParameterVersionNotFound" => {
            "check its name and AWS_REGION, and that it holds a value".to_owned()
        }
        "DecryptionFailure" | "InvalidKeyId" | "KMSInvalidStateException" => {
            "see that its key is enabled, and allow kms:Decrypt on it".to_owned()
        }
        "InvalidRequestException" => {
            "it may be scheduled for deletion: restore it, or name another one".to_owned()
        }
        _ => "the next run tries again".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_never_shown() {
        let secret = Secret::new("hunter2");
        assert_eq!(format!("{secret:?}"), "Secret(not shown)");
        assert_eq!(secret.expose(), "hunter2");
        assert!(secret == Secret::new("hunter2") && secret != Secret::new("hunter3"));
    }

    #[test]
    fn each_refusal_says_what_to_do() {
        for (code, words) in [
            ("AccessDeniedException", "allow ssm:GetParameter"),
            ("ParameterNotFound", "check its name"),
            ("ResourceNotFoundException", "check its name"),
            ("DecryptionFailure", "kms:Decrypt"),
            ("InvalidRequestException", "restore it"),
            ("ThrottlingException", "tries again"),
        ] {
            assert!(advice(code, "ssm:GetParameter").contains(words), "{code}");
        }
    }
}
