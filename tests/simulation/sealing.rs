//! Who seals: with one key that lies where a request has to go, and with a second place of trust.

use std::sync::Arc;

use async_trait::async_trait;
use ed25519_dalek::{Signer as _, SigningKey};
use jiff::SignedDuration;
use leviathan_core::ports::{Signer, SignerError};
use leviathan_log::seal::VerifierKey;

use crate::event_loop::Owner;
use crate::faults::Request;
use crate::faulty_store::FaultyStore;
use crate::network::Network;
use crate::process::Process;

/// The name that all sealers of all runs sign under.
pub(crate) const ORIGIN: &str = "leviathan.local/simulated";

/// The key of all runs: a random one would be in the trace, by its id.
pub(crate) struct Key(SigningKey);

impl Default for Key {
    fn default() -> Self {
        Self(SigningKey::from_bytes(&[7; 32]))
    }
}

impl Key {
    /// What readers check checkpoints with.
    pub(crate) fn verifier(&self) -> VerifierKey {
        VerifierKey::new(ORIGIN, &self.public_key()).expect("a sound name")
    }
}

#[async_trait]
impl Signer for Key {
    fn name(&self) -> &str {
        ORIGIN
    }
    fn public_key(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }
    async fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignerError> {
        Ok(self.0.sign(message).to_bytes())
    }
}

/// The same key as a process reaches it over the network.
struct FarKey {
    network: Network,
    owner: Owner,
    key: Key,
}

#[async_trait]
impl Signer for FarKey {
    fn name(&self) -> &str {
        ORIGIN
    }
    fn public_key(&self) -> [u8; 32] {
        self.key.public_key()
    }
    async fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignerError> {
        let fault = self.network.fault(self.owner, Request::Sign);
        let wrong = fault.map_or_else(String::new, |fault| format!(": {}", fault.name()));
        let label = format!("Sign{wrong}");
        self.network.steps.step(self.owner, label, SignedDuration::ZERO).await;
        match fault {
            Some(fault) => Err(SignerError { reason: fault.name().to_owned() }),
            None => self.key.sign(message).await,
        }
    }
}

impl Process {
    /// Seals this many times what others append; one time in three as a process that has just been
    /// started.
    pub(crate) async fn sealer(self, times: u64) {
        let (network, owner) = (self.shared.network.clone(), self.owner);
        let signer = FarKey { network: network.clone(), owner, key: Key::default() };
        let store = Arc::clone(&self.shared.second);
        let second = FaultyStore { network, owner, store, name: "the second place: " };
        for _ in 0..times {
            self.pause(4_000).await;
            let cold = (self.below(3) == 0).then(|| self.cold_log());
            let log = cold.as_ref().unwrap_or(&self.log);
            // As the tick: it has read the log before it seals it.
            let sealed = match log.view().await {
                Ok(_) => log.seal(&signer, Some(&second)).await,
                Err(problem) => Err(problem),
            };
            match sealed {
                Ok(None) => self.shared.network.tally.count("nothing new to seal"),
                Ok(Some(checkpoint)) => {
                    self.steps.note(owner, &format!("sealed {} events", checkpoint.size));
                    self.shared.history.has_sealed(owner, checkpoint);
                }
                Err(problem) => self.shared.history.failed(&self.steps, owner, problem),
            }
        }
    }
}
