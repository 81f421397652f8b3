//! How many forms one address of origin may send: it only blunts floods, a whole school shares one.

use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::settings::ThrottleSettings;

/// Forgets addresses that have been quiet, each time that so many forms have come.
const TIDY_EVERY: u32 = 1_000;

pub struct Throttle {
    limiter: DefaultKeyedRateLimiter<IpAddr>,
    /// Each of these lands in somebody's mailbox: their share is much smaller.
    recoveries: DefaultKeyedRateLimiter<IpAddr>,
    ipv6_prefix: u32,
    forms: AtomicU32,
}

impl Throttle {
    pub fn new(settings: &ThrottleSettings) -> Self {
        let quota = |per_minute| Quota::per_minute(NonZeroU32::new(per_minute).unwrap_or(NonZeroU32::MIN));
        Self {
            limiter: RateLimiter::keyed(quota(settings.origin_posts_per_minute)),
            recoveries: RateLimiter::keyed(quota(settings.origin_recoveries_per_minute)),
            ipv6_prefix: settings.ipv6_prefix,
            forms: AtomicU32::new(0),
        }
    }

    /// The network of an address: what its forms are counted under.
    pub fn network(&self, origin: IpAddr) -> IpAddr {
        network(origin, self.ipv6_prefix)
    }

    pub fn admits(&self, origin: IpAddr) -> bool {
        if self.forms.fetch_add(1, Ordering::Relaxed) % TIDY_EVERY == TIDY_EVERY - 1 {
            self.limiter.retain_recent();
            self.recoveries.retain_recent();
        }
        self.limiter.check_key(&self.network(origin)).is_ok()
    }

    /// Whether a network may ask for one more link without showing some work.
    pub fn admits_recovery(&self, network: IpAddr) -> bool {
        self.recoveries.check_key(&network).is_ok()
    }
}

/// One subscriber holds a whole /64 of IPv6, or more.
fn network(origin: IpAddr, ipv6_prefix: u32) -> IpAddr {
    match origin {
        IpAddr::V4(_) => origin,
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => v4.into(),
            None => Ipv6Addr::from(u128::from(v6) & !(u128::MAX >> ipv6_prefix)).into(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_admitted_up_to_its_limit_and_others_go_on() {
        let throttle = Throttle::new(&ThrottleSettings {
            origin_posts_per_minute: 3,
            origin_recoveries_per_minute: 2,
            ipv6_prefix: 64,
        });
        let admitted = |origin: &str| throttle.admits(origin.parse().unwrap());
        assert!((0..3).all(|_| admitted("192.0.2.1")));
        assert!(!admitted("192.0.2.1"));
        assert!(admitted("192.0.2.2"));
        assert!((1..=3).all(|host| admitted(&format!("2001:db8::{host}"))));
        assert!(!admitted("2001:db8::4"));
        assert!(admitted("2001:db8:0:1::1"));
        assert!(!admitted("::ffff:192.0.2.1"));
    }

    #[test]
    fn one_subscriber_of_ipv6_is_one_origin() {
        for (origin, prefix, same) in [
            ("2001:db8:1:2:3:4:5:6", 64, "2001:db8:1:2::"),
            ("2001:db8:1:2:3:4:5:6", 48, "2001:db8:1::"),
            ("2001:db8:1:2ff:3:4:5:6", 56, "2001:db8:1:200::"),
            ("2001:db8:1:2:3:4:5:6", 32, "2001:db8::"),
            ("192.0.2.1", 48, "192.0.2.1"),
            ("::ffff:192.0.2.1", 48, "192.0.2.1"),
        ] {
            let [origin, same] = [origin, same].map(|address| address.parse::<IpAddr>().unwrap());
            assert_eq!(network(origin, prefix), same, "/{prefix}");
        }
    }
}
