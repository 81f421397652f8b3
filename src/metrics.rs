//! What is counted while the portal runs, as Prometheus reads it. No figure tells anything of a person.

use std::fmt;
use std::sync::LazyLock;

use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// Lines of the log that could not be written. There is one log, and it begins before the portal opens.
pub static LOG_LINES_DROPPED: LazyLock<Counter> = LazyLock::new(Counter::default);

pub struct Metrics {
    registry: Registry,
    pub handovers: Family<Handed, Counter>,
    pub receipts: Family<Told, Counter>,
    pub forged_receipts: Counter,
    pub alarms: Family<Alarm, Counter>,
    pub waiting: Family<Queue, Gauge>,
    pub oldest: Family<Queue, Gauge>,
    pub set_aside: Family<Carrier, Gauge>,
    pub resent: Counter,
    pub expired: Counter,
}

/// One try to hand a message over.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Handed {
    /// The SMS gateway, or `mail`.
    pub carrier: String,
    pub outcome: &'static str,
}

/// What a carrier said later.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Told {
    pub outcome: &'static str,
}

/// Something that only the operator can mend.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Alarm {
    pub what: String,
}

/// Where something waits: `sms`, `mail`, or `request` for a password that was asked for and not answered yet.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Queue {
    pub queue: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Carrier {
    /// The SMS gateway, or `mail`.
    pub carrier: String,
}

impl Metrics {
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("guichet");
        let (handovers, receipts, forged_receipts, alarms) =
            (Family::default(), Family::default(), Counter::default(), Family::default());
        registry.register("handovers", "Tries to hand a message over", Family::clone(&handovers));
        registry.register("receipts", "What carriers said of messages later", Family::clone(&receipts));
        registry.register("forged_receipts", "Receipts whose signature was wrong", forged_receipts.clone());
        let (resent, expired) = (Counter::default(), Counter::default());
        registry.register("resent", "SMS sent again although they may have left", resent.clone());
        registry.register("expired", "Messages that no carrier took in time", expired.clone());
        registry.register("alarms", "What the operator has to mend", Family::clone(&alarms));
        registry.register("log_lines_dropped", "Lines of the log that could not be written", LOG_LINES_DROPPED.clone());
        let (waiting, oldest, set_aside) = (Family::default(), Family::default(), Family::default());
        registry.register("waiting", "Messages and requests that wait", Family::clone(&waiting));
        registry.register("oldest_waiting_seconds", "For how long the oldest of them has", Family::clone(&oldest));
        registry.register("carrier_set_aside", "1 while a carrier is set aside", Family::clone(&set_aside));
        Self { registry, handovers, receipts, forged_receipts, alarms, waiting, oldest, set_aside, resent, expired }
    }

    pub fn alarm(&self, what: &'static str) {
        self.alarms.get_or_create(&Alarm { what: what.to_owned() }).inc();
    }

    /// All figures in Prometheus's text format.
    pub fn text(&self) -> Result<String, fmt::Error> {
        let mut written = String::new();
        text::encode(&mut written, &self.registry)?;
        Ok(written)
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics(…)")
    }
}
