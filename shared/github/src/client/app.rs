//! How a GitHub App signs itself in: a JWT of a few minutes, signed with the app's private key.

use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;

use super::{Fault, OptionsError};
use crate::Secret;

/// GitHub refuses a token of the future, so it is dated back by what two clocks may differ.
const BACK: SignedDuration = SignedDuration::from_secs(60);

/// GitHub refuses more than ten minutes from issue to expiry; this is left from now.
const LIVES: SignedDuration = SignedDuration::from_secs(8 * 60);

/// An app and its key.
pub(super) struct App {
    id: String,
    key: EncodingKey,
}

#[derive(Serialize)]
struct Claims<'a> {
    iat: i64,
    exp: i64,
    iss: &'a str,
}

impl App {
    /// Reads the key.
    pub(super) fn new(id: &str, private_key_pem: &Secret) -> Result<Self, OptionsError> {
        let wrong = |reason: &str| OptionsError::PrivateKey { reason: reason.to_owned() };
        let key = EncodingKey::from_rsa_pem(private_key_pem.expose().as_bytes())
            .map_err(|_| wrong("it is no RSA key in PEM"))?;
        let app = Self { id: id.to_owned(), key };
        // A key that cannot sign shows at the start, not at the first request.
        app.token(Timestamp::UNIX_EPOCH).map_err(|_| wrong("nothing can be signed with it"))?;
        Ok(app)
    }

    /// A token that says who we are, until a few minutes from now.
    pub(super) fn token(&self, now: Timestamp) -> Result<Secret, Fault> {
        let claims = Claims {
            iat: now.saturating_sub(BACK).map_or(now, |at| at).as_second(),
            exp: now.saturating_add(LIVES).map_or(now, |at| at).as_second(),
            iss: &self.id,
        };
        jsonwebtoken::encode(&Header::new(Algorithm::RS256), &claims, &self.key)
            .map(Secret::from)
            // The cause could hold something of the key.
            .map_err(|_| Fault::Refused("the app's private key signs nothing".to_owned()))
    }
}
