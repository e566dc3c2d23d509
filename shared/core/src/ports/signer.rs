//! The key that checkpoints are signed with (DECISIONS 15): a file on one machine, KMS on AWS.

use async_trait::async_trait;

/// Why nothing was signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the checkpoint was not signed: {reason}")]
pub struct SignerError {
    /// The cause and what to do, for a person; holds no secret.
    pub reason: String,
}

/// One Ed25519 key (RFC 8032, the plain form: no context, no prehash) and the name that it signs
/// under. The private half never leaves the implementation.
#[async_trait]
pub trait Signer: Send + Sync {
    /// The log's name: the first line of its checkpoints, and the key's name in signed notes. Not
    /// empty, without blanks and without `+`.
    fn name(&self) -> &str;

    /// The public key.
    fn public_key(&self) -> [u8; 32];

    /// The signature of exactly these bytes. Ed25519 has no randomness in it: the same bytes give
    /// the same signature, so two sealers at the same size write the same checkpoint.
    async fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignerError>;
}
