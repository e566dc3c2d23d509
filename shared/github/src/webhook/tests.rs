//! Whatever comes over the wire: no delivery and no address makes the receiver panic, and a signature
//! fits its own body and secret only.

use proptest::prelude::*;

use super::{parse, sign, verify};
use crate::{Location, Secret};

proptest! {
    #[test]
    fn any_body_is_told_ignored_or_refused(
        event in "(pull_request|push|ping|installation|[a-z_]{0,12})",
        body in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..200),
            "\\{\"(action|ref|after|number)\":(\"[^\"]{0,40}\"|[0-9]{1,30}|null|\\[\\])\\}"
                .prop_map(String::into_bytes),
        ],
    ) {
        if let Err(error) = parse(&event, &body) {
            prop_assert_eq!(error.event, event);
        }
    }

    #[test]
    fn a_signature_fits_its_own_body_and_secret_only(
        secret in "[ -~]{1,80}",
        other in "[ -~]{0,80}",
        body in proptest::collection::vec(any::<u8>(), 0..300),
        header in ".{0,80}",
    ) {
        let (secret, other) = (Secret::from(secret), Secret::from(other));
        let signature = sign(&secret, &body);
        prop_assert!(verify(&secret, &body, Some(&signature)).is_ok());
        if secret != other {
            prop_assert!(verify(&other, &body, Some(&signature)).is_err());
        }
        if header != signature {
            prop_assert!(verify(&secret, &body, Some(&header)).is_err());
        }
    }

    #[test]
    fn an_address_that_is_read_is_written_so_that_it_is_read_the_same(
        text in prop_oneof![
            ".{0,80}",
            "https://[A-Za-z0-9.-]{1,20}(:[0-9]{1,5})?/[A-Za-z0-9_-]{1,20}/[A-Za-z0-9._-]{1,20}(\\.git)?/?",
        ],
    ) {
        if let Ok(location) = text.parse::<Location>() {
            let again: Location = location.to_string().parse().unwrap();
            prop_assert_eq!(again.key(), location.key());
        }
    }
}
