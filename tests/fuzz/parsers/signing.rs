//! A key pair that everybody knows (the first of RFC 8032's test vectors), so that a note that
//! nobody signed can be signed here, and what stands behind the signature is reached.

use ed25519_dalek::{Signer as _, SigningKey};
use leviathan_log::seal::VerifierKey;

const SECRET: [u8; 32] = [
    0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec, 0x2c, 0xc4,
    0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60,
];

/// Its public half, under the name that the corpus has.
pub(crate) fn key() -> VerifierKey {
    let public_key = SigningKey::from_bytes(&SECRET).verifying_key();
    VerifierKey::new("example.org/log", public_key.as_bytes()).unwrap()
}

/// The note of this text, signed.
pub(crate) fn note(text: &str) -> String {
    let signature = SigningKey::from_bytes(&SECRET).sign(text.as_bytes());
    key().note(text, &signature.to_bytes())
}
