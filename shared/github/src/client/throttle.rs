//! While GitHub throttles, nothing is asked: asking on makes it last longer.
//!
//! The budget is an installation's, which is an account's, so the owner is what is throttled.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

use super::Fault;
use crate::Location;

/// Who is throttled, until when.
#[derive(Debug, Default)]
pub(super) struct Throttle {
    owners: Mutex<BTreeMap<String, Timestamp>>,
}

impl Throttle {
    /// Refuses while GitHub has said to wait.
    pub(super) fn check(&self, location: &Location, now: Timestamp) -> Result<(), Fault> {
        let owners = self.owners.lock().unwrap_or_else(PoisonError::into_inner);
        match owners.get(&owner(location)) {
            Some(until) if *until > now => {
                let said = "it has said so before, and was not asked again".to_owned();
                Err(Fault::Throttled { until: *until, said })
            }
            Some(_) | None => Ok(()),
        }
    }

    /// GitHub said to wait until then. Of two such words the later counts.
    pub(super) fn until(&self, location: &Location, until: Timestamp) {
        let mut owners = self.owners.lock().unwrap_or_else(PoisonError::into_inner);
        let known = owners.entry(owner(location)).or_insert(until);
        *known = until.max(*known);
    }
}

fn owner(location: &Location) -> String {
    format!("{}/{}", location.host(), location.owner()).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_left_alone_until_its_time_and_no_other_is() {
        let throttle = Throttle::default();
        let at = |second| Timestamp::from_second(second).unwrap();
        let shop: Location = "https://github.com/acme/shop".parse().unwrap();
        let site: Location = "https://github.com/ACME/site".parse().unwrap();
        let other: Location = "https://github.com/other/shop".parse().unwrap();
        throttle.until(&shop, at(100));
        throttle.until(&shop, at(50));
        for (location, second, free) in
            [(&shop, 99, false), (&site, 99, false), (&other, 99, true), (&shop, 100, true)]
        {
            assert_eq!(throttle.check(location, at(second)).is_ok(), free, "{location} {second}");
        }
    }
}
