//! Checkpoints signed by a key that never leaves KMS (DECISIONS 15).
//!
//! The key is of KMS's spec `ECC_NIST_EDWARDS25519` and signs plain Ed25519 (`ED25519_SHA_512` over
//! the message itself): what it signs, every Ed25519 library verifies. No signature is given on
//! that was not verified with the public key first: a checkpoint is written once, so a wrong one
//! would stand there for good.

mod fault;
mod open;

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_kms::Client;
use aws_sdk_kms::config::retry::RetryConfig;
use aws_sdk_kms::config::timeout::TimeoutConfig;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{KeySpec, KeyUsageType, MessageType, SigningAlgorithmSpec};
use ed25519_dalek::{Signature, VerifyingKey};
use leviathan_core::ports::{Signer, SignerError};

use self::fault::{Asked, explain};

pub use self::open::KmsOpenError;

/// The most bytes that KMS signs as they are.
const MAX_MESSAGE_BYTES: usize = 4_096;

/// How often a request is sent at most. Unlike an append, signing twice changes nothing, so the
/// SDK may ask again by itself.
const TRIES: u32 = 3;

/// Until the connection stands.
const CONNECT: Duration = Duration::from_secs(3);
/// Until one try is answered.
const ANSWER: Duration = Duration::from_secs(5);
/// Until all tries are over.
const WHOLE: Duration = Duration::from_secs(20);

/// What stands before the 32 bytes of the key in its DER form, a SubjectPublicKeyInfo (RFC 8410): a
/// sequence of the algorithm's identifier, 1.3.101.112, and a bit string.
const SPKI_HEAD: [u8; 12] = [48, 42, 48, 5, 6, 3, 43, 101, 112, 3, 33, 0];

/// A key in KMS, and the name that it signs under.
#[derive(Clone)]
pub struct KmsSigner {
    client: Client,
    key_id: String,
    name: String,
    public: VerifyingKey,
}

impl fmt::Debug for KmsSigner {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key_id, name, .. } = self;
        formatter.debug_struct("KmsSigner").field("key_id", key_id).field("name", name).finish()
    }
}

impl KmsSigner {
    /// The key `key_id` (its id, ARN or alias), reached by this client: its endpoint, region and
    /// credentials count, its retries and time-outs are replaced. Reads the public key once;
    /// `name` is what stands in the first line of the checkpoints.
    pub async fn new(client: &Client, key_id: &str, name: &str) -> Result<Self, SignerError> {
        if name.is_empty() || name.contains(|char: char| char.is_whitespace() || char == '+') {
            return Err(refused(format!(
                "{name:?} can't be a log's name: not empty, without blanks and without +"
            )));
        }
        let config = client
            .config()
            .to_builder()
            .retry_config(RetryConfig::standard().with_max_attempts(TRIES))
            .timeout_config(
                TimeoutConfig::builder()
                    .connect_timeout(CONNECT)
                    .operation_attempt_timeout(ANSWER)
                    .operation_timeout(WHOLE)
                    .build(),
            )
            .build();
        let client = Client::from_conf(config);
        let answer = client.get_public_key().key_id(key_id).send().await;
        let answer = answer.map_err(|problem| explain(key_id, Asked::PublicKey, &problem))?;
        let spec = answer.key_spec().map_or("none", KeySpec::as_str);
        if answer.key_spec() != Some(&KeySpec::EccNistEdwards25519)
            || answer.key_usage() != Some(&KeyUsageType::SignVerify)
        {
            let usage = answer.key_usage().map_or("none", KeyUsageType::as_str);
            return Err(refused(format!(
                "the key {key_id} has the spec {spec} and the usage {usage}; make one with the \
                 spec ECC_NIST_EDWARDS25519 and the usage SIGN_VERIFY"
            )));
        }
        let public = answer.public_key().map(Blob::as_ref).and_then(public_key);
        let public = public.ok_or_else(|| {
            refused(format!(
                "KMS gave no Ed25519 public key in DER form for {key_id}: is something else than \
                 KMS at the endpoint?"
            ))
        })?;
        Ok(Self { client, key_id: key_id.to_owned(), name: name.to_owned(), public })
    }
}

#[async_trait]
impl Signer for KmsSigner {
    fn name(&self) -> &str {
        &self.name
    }

    fn public_key(&self) -> [u8; 32] {
        self.public.to_bytes()
    }

    async fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignerError> {
        if message.len() > MAX_MESSAGE_BYTES {
            return Err(refused(format!(
                "KMS signs at most {MAX_MESSAGE_BYTES} bytes, and these are {}",
                message.len()
            )));
        }
        let answer = self
            .client
            .sign()
            .key_id(&self.key_id)
            .message(Blob::new(message))
            .message_type(MessageType::Raw)
            .signing_algorithm(SigningAlgorithmSpec::Ed25519Sha512)
            .send()
            .await
            .map_err(|problem| explain(&self.key_id, Asked::Sign, &problem))?;
        let signature = answer.signature().map(Blob::as_ref).unwrap_or_default();
        checked(&self.public, message, signature).ok_or_else(|| {
            refused(format!(
                "what KMS gave for a signature by {} is not one of its public key over these \
                 bytes; if the alias was moved to another key, point it back: the log's key can't \
                 change",
                self.key_id
            ))
        })
    }
}

/// The key in a SubjectPublicKeyInfo.
fn public_key(der: &[u8]) -> Option<VerifyingKey> {
    let bytes: &[u8; 32] = der.strip_prefix(&SPKI_HEAD)?.try_into().ok()?;
    let key = VerifyingKey::from_bytes(bytes).ok()?;
    // A key of small order lets anybody sign.
    (!key.is_weak()).then_some(key)
}

/// The signature, if it is one.
fn checked(key: &VerifyingKey, message: &[u8], signature: &[u8]) -> Option<[u8; 64]> {
    let signature: [u8; 64] = signature.try_into().ok()?;
    key.verify_strict(message, &Signature::from_bytes(&signature)).ok()?;
    Some(signature)
}

fn refused(reason: String) -> SignerError {
    SignerError { reason }
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::{Signer as _, SigningKey};

    use super::*;

    fn der(key: &[u8]) -> Vec<u8> {
        [&SPKI_HEAD[..], key].concat()
    }

    #[test]
    fn only_an_ed25519_key_in_its_der_form_is_taken() {
        let key = SigningKey::from_bytes(&[7; 32]).verifying_key();
        let good = der(key.as_bytes());
        assert_eq!(public_key(&good), Some(key));
        let mut x25519 = good.clone();
        x25519[8] = 110;
        for wrong in
            [vec![], good[..43].to_vec(), der(&[&key.as_bytes()[..], &[0]].concat()), x25519]
        {
            assert_eq!(public_key(&wrong), None, "{wrong:?}");
        }
        let weak = [[1].as_slice(), &[0; 31]].concat();
        assert_eq!(public_key(&der(&weak)), None);
    }

    #[test]
    fn a_signature_is_given_on_only_if_it_verifies() {
        let (key, other) = (SigningKey::from_bytes(&[7; 32]), SigningKey::from_bytes(&[8; 32]));
        let public = key.verifying_key();
        let good = key.sign(b"checkpoint").to_bytes();
        assert_eq!(checked(&public, b"checkpoint", &good), Some(good));
        assert_eq!(checked(&public, b"another", &good), None);
        assert_eq!(checked(&public, b"checkpoint", &good[..63]), None);
        assert_eq!(checked(&public, b"checkpoint", &[]), None);
        let foreign = other.sign(b"checkpoint").to_bytes();
        assert_eq!(checked(&public, b"checkpoint", &foreign), None);
    }
}
