//! The app's key pair, made once for a test process: no private key lies in the tree.

use std::sync::LazyLock;

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::KeyPair as _;
use data_encoding::BASE64;

/// What stands before the RSA key itself in PKCS #8, for a key of 2048 bits.
const PKCS8_HEADER: usize = 26;

/// The app's keys.
pub(super) struct Keys {
    /// As GitHub gives it out: PKCS #1 in PEM.
    pub(super) private_pem: String,
    /// The public half, PKCS #1 in DER.
    pub(super) public_der: Vec<u8>,
}

/// The app's keys.
pub(super) fn app() -> &'static Keys {
    static KEYS: LazyLock<Keys> = LazyLock::new(|| {
        let pair = KeyPair::generate(KeySize::Rsa2048).expect("a key can be made");
        let pkcs8: Pkcs8V1Der<'static> = pair.as_der().expect("a key can be written");
        let pkcs1 = pkcs8.as_ref().get(PKCS8_HEADER..).expect("a key is longer");
        let text = BASE64.encode(pkcs1);
        let mut private_pem = "-----BEGIN RSA PRIVATE KEY-----\n".to_owned();
        for line in text.as_bytes().chunks(64) {
            private_pem.push_str(&String::from_utf8_lossy(line));
            private_pem.push('\n');
        }
        private_pem.push_str("-----END RSA PRIVATE KEY-----\n");
        Keys { private_pem, public_der: pair.public_key().as_ref().to_vec() }
    });
    &KEYS
}
