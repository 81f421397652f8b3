//! How many forms one address of origin may send: it only blunts floods, a whole school shares one.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

/// Forgets addresses that have been quiet, each time that so many forms have come.
const TIDY_EVERY: u32 = 1_000;

pub struct Throttle {
    limiter: DefaultKeyedRateLimiter<IpAddr>,
    forms: AtomicU32,
}

impl Throttle {
    pub fn new(posts_per_minute: u32) -> Self {
        let quota = Quota::per_minute(NonZeroU32::new(posts_per_minute).unwrap_or(NonZeroU32::MIN));
        Self { limiter: RateLimiter::keyed(quota), forms: AtomicU32::new(0) }
    }

    pub fn admits(&self, origin: IpAddr) -> bool {
        if self.forms.fetch_add(1, Ordering::Relaxed) % TIDY_EVERY == TIDY_EVERY - 1 {
            self.limiter.retain_recent();
        }
        self.limiter.check_key(&network(origin)).is_ok()
    }
}

/// One subscriber holds a whole /64 of IPv6.
pub fn network(origin: IpAddr) -> IpAddr {
    match origin {
        IpAddr::V4(_) => origin,
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => v4.into(),
            None => std::net::Ipv6Addr::from(u128::from(v6) & !u128::from(u64::MAX)).into(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_admitted_up_to_its_limit_and_others_go_on() {
        let throttle = Throttle::new(3);
        let admitted = |origin: &str| throttle.admits(origin.parse().unwrap());
        assert!((0..3).all(|_| admitted("192.0.2.1")));
        assert!(!admitted("192.0.2.1"));
        assert!(admitted("192.0.2.2"));
        assert!((1..=3).all(|host| admitted(&format!("2001:db8::{host}"))));
        assert!(!admitted("2001:db8::4"));
        assert!(admitted("2001:db8:0:1::1"));
        assert!(!admitted("::ffff:192.0.2.1"));
    }
}
