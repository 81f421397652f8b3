//! Notices that the proxy's header was forgotten: then every form seems to come from the proxy, and the whole country shares
//! one address's share of forms.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use chrono::TimeDelta;

use crate::values::Instant;

/// How long forms are counted before the count begins anew.
const SPAN: TimeDelta = TimeDelta::minutes(10);
/// Fewer forms prove nothing.
const FORMS: u32 = 200;
/// In hundredths: nearly all.
const NEARLY_ALL: u32 = 90;
/// A public address may be a large school's on its day; no school sends so many.
const OF_NO_SCHOOL: u32 = 120 * 10;
const TOLD_EVERY: TimeDelta = TimeDelta::hours(1);

#[derive(Default)]
pub struct Origins(Mutex<Count>);

#[derive(Default)]
struct Count {
    since: Option<Instant>,
    forms: u32,
    of: HashMap<IpAddr, u32>,
    told_at: Option<Instant>,
}

impl Origins {
    /// Counts a form. Returns whether the operator is to be told now.
    pub fn count(&self, origin: IpAddr, now: Instant) -> bool {
        let mut count = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if count.since.is_none_or(|since| !(TimeDelta::zero()..SPAN).contains(&(now - since))) {
            (count.since, count.forms) = (Some(now), 0);
            count.of.clear();
        }
        count.forms += 1;
        let of_origin = count.of.entry(origin).or_default();
        *of_origin += 1;
        let is_proxys = is_proxys(origin, *of_origin, count.forms);
        let is_due = count.told_at.is_none_or(|at| now - at >= TOLD_EVERY);
        if is_proxys && is_due {
            count.told_at = Some(now);
        }
        is_proxys && is_due
    }
}

/// Whether an address from which so many of all forms came within the span is a proxy's and not a visitor's.
fn is_proxys(origin: IpAddr, of_origin: u32, forms: u32) -> bool {
    let is_private = match origin.to_canonical() {
        IpAddr::V4(v4) => v4.is_loopback() || v4.is_private() || v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    };
    let least = if is_private { FORMS } else { OF_NO_SCHOOL };
    forms >= least && u64::from(of_origin) * 100 >= u64::from(forms) * u64::from(NEARLY_ALL)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxys_address_is_told_from_a_schools() {
        for (origin, of_origin, forms, proxys) in [
            ("127.0.0.1", 200, 200, true),
            ("127.0.0.1", 199, 199, false),
            ("127.0.0.1", 180, 200, true),
            ("127.0.0.1", 179, 200, false),
            ("10.1.2.3", 200, 200, true),
            ("172.16.0.1", 200, 200, true),
            ("192.168.1.1", 200, 200, true),
            ("::1", 200, 200, true),
            ("fd00::1", 200, 200, true),
            ("::ffff:10.0.0.1", 200, 200, true),
            // A large school, alone on a quiet morning.
            ("192.0.2.1", 1000, 1000, false),
            ("192.0.2.1", 1200, 1200, true),
            ("192.0.2.1", 1080, 1200, true),
            ("192.0.2.1", 1079, 1200, false),
            ("2001:db8::1", 1199, 1199, false),
        ] {
            assert_eq!(is_proxys(origin.parse().unwrap(), of_origin, forms), proxys, "{origin} {of_origin}/{forms}");
        }
    }

    #[test]
    fn it_is_told_once_an_hour_and_the_count_begins_anew_every_ten_minutes() {
        let start: Instant = "2026-11-24T09:00:00Z".parse().unwrap();
        let origins = Origins::default();
        let told = |minutes: i64, forms: u32| {
            let now = start + TimeDelta::minutes(minutes);
            (0..forms).filter(|_| origins.count("10.0.0.1".parse().unwrap(), now)).count()
        };
        assert_eq!(told(0, 199), 0);
        assert_eq!(told(11, 199), 0, "too slow to be a country");
        assert_eq!(told(12, 500), 1);
        assert_eq!(told(30, 500), 0);
        assert_eq!(told(73, 500), 1);
    }
}
