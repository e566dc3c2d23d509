//! The proof that a delivery is GitHub's: HMAC-SHA256 over the raw body, in `X-Hub-Signature-256`.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::Secret;

/// What the header's value begins with.
const SCHEME: &str = "sha256=";

/// Why a delivery is not taken for GitHub's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// It carries none.
    #[error(
        "the delivery has no X-Hub-Signature-256; give the webhook at GitHub the same secret as \
         this receiver"
    )]
    Missing,
    /// It is not `sha256=` and 64 hex digits.
    #[error("X-Hub-Signature-256 is not sha256= and 64 hex digits")]
    Malformed,
    /// The body was signed with another secret, or changed on its way.
    #[error(
        "X-Hub-Signature-256 does not fit the body: the webhook's secret at GitHub is another than \
         this receiver's, or something on the way changed the body"
    )]
    Wrong,
}

/// Checks a delivery's signature over the bytes as they came, in constant time.
///
/// # Errors
/// If the header is missing, malformed, or not this secret's for this body. An empty secret fits
/// nothing.
pub fn verify(
    secret: &Secret,
    raw_body: &[u8],
    signature_header: Option<&str>,
) -> Result<(), SignatureError> {
    let header = signature_header.ok_or(SignatureError::Missing)?;
    let hex = header.strip_prefix(SCHEME).ok_or(SignatureError::Malformed)?;
    let claimed = bytes(hex).ok_or(SignatureError::Malformed)?;
    let mac = mac(secret, raw_body).filter(|_| !secret.expose().is_empty());
    match mac {
        Some(mac) => mac.verify_slice(&claimed).map_err(|_| SignatureError::Wrong),
        None => Err(SignatureError::Wrong),
    }
}

/// The header's value for a body, as GitHub makes it.
pub fn sign(secret: &Secret, raw_body: &[u8]) -> String {
    let mut header = SCHEME.to_owned();
    if let Some(mac) = mac(secret, raw_body) {
        for byte in mac.finalize().into_bytes() {
            header.push_str(&format!("{byte:02x}"));
        }
    }
    header
}

fn mac(secret: &Secret, raw_body: &[u8]) -> Option<Hmac<Sha256>> {
    // HMAC takes keys of any length; `None` never comes.
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).ok()?;
    mac.update(raw_body);
    Some(mac)
}

/// 32 bytes out of 64 hex digits.
fn bytes(hex: &str) -> Option<[u8; 32]> {
    let digits: Vec<u8> = hex
        .chars()
        .map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok()))
        .collect::<Option<_>>()?;
    let (pairs, rest) = digits.as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    let bytes: Vec<u8> = pairs.iter().map(|[high, low]| high << 4 | low).collect();
    bytes.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// GitHub's own example of its documentation.
    const HEADER: &str = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

    fn secret() -> Secret {
        Secret::from("It's a Secret to Everybody")
    }

    #[test]
    fn the_published_example_is_taken() {
        assert_eq!(verify(&secret(), b"Hello, World!", Some(HEADER)), Ok(()));
        assert_eq!(sign(&secret(), b"Hello, World!"), HEADER);
    }

    #[test]
    fn everything_else_is_refused() {
        use SignatureError::{Malformed, Missing, Wrong};
        let upper = HEADER.to_ascii_uppercase();
        let longer = format!("{HEADER}00");
        let other = sign(&Secret::from("other"), b"Hello, World!");
        for (body, header, error) in [
            ("Hello, World!", None, Missing),
            ("Hello, World!", Some(""), Malformed),
            ("Hello, World!", Some("sha256="), Malformed),
            ("Hello, World!", Some("sha1=757107ea0eb2509fc211221cce984b8a37570b6d"), Malformed),
            ("Hello, World!", Some(upper.as_str()), Malformed),
            ("Hello, World!", Some(longer.as_str()), Malformed),
            ("Hello, World!", Some("sha256=zz"), Malformed),
            ("Hello, World!", Some(other.as_str()), Wrong),
            ("Hello, World", Some(HEADER), Wrong),
            ("Hello, World!\n", Some(HEADER), Wrong),
            ("", Some(HEADER), Wrong),
        ] {
            assert_eq!(verify(&secret(), body.as_bytes(), header), Err(error), "{header:?}");
        }
    }

    #[test]
    fn an_empty_secret_fits_nothing() {
        let empty = Secret::from("");
        let header = sign(&empty, b"x");
        assert_eq!(verify(&empty, b"x", Some(&header)), Err(SignatureError::Wrong));
    }

    #[test]
    fn no_bit_of_body_or_signature_can_change() {
        let body = b"{\"action\":\"closed\"}".to_vec();
        let header = sign(&secret(), &body);
        for at in 0..body.len() * 8 {
            let mut changed = body.clone();
            changed[at / 8] ^= 1 << (at % 8);
            assert_eq!(verify(&secret(), &changed, Some(&header)), Err(SignatureError::Wrong));
        }
        for at in SCHEME.len()..header.len() {
            let digit = if header.as_bytes()[at] == b'0' { "1" } else { "0" };
            let mut changed = header.clone();
            changed.replace_range(at..=at, digit);
            assert_eq!(verify(&secret(), &body, Some(&changed)), Err(SignatureError::Wrong));
        }
    }
}
