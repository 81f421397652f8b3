//! What only the operator can mend is told while it lasts: carriers that are set aside, messages that wait too long or can't be
//! claimed, a clock that is wrong, what commands met while nobody looked. Figures for `/metrics`, lines for the log.

mod rules;

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::Duration;

use sea_orm::EntityTrait;

use crate::entities::alarm;
use crate::entities::message::Channel;
use crate::fault::Fault;
use crate::metrics::{Alarm, Carrier, Queue};
use crate::outbox::watch;
use crate::portal::Portal;
use crate::recovery::answer;
use crate::values::Instant;
use rules::{News, Told};

/// A machine that keeps its time by the network's is not so far from another.
const CLOCK_OFF: Duration = Duration::from_secs(2);

/// What the operator was told so far by this process.
#[derive(Debug, Default)]
pub struct Watch {
    set_aside: BTreeMap<String, Told>,
    out: BTreeMap<&'static str, Told>,
    late: BTreeMap<&'static str, Told>,
    claims: BTreeMap<&'static str, Told>,
    clock: Told,
    far: Told,
}

impl Watch {
    /// Looks at how things stand, and tells what is new.
    ///
    /// # Errors
    /// The database is away: what it would tell is shown no longer.
    pub async fn look(&mut self, portal: &Portal) -> Result<(), Fault> {
        self.look_at_carriers(portal);
        self.look_at_claims(portal);
        let heard = portal.hear_the_time().await;
        self.look_at_the_clock(portal);
        let looked = self.look_at_queues(portal).await;
        if looked.is_err() {
            // A figure of before would pass for one of now.
            portal.metrics.waiting.clear();
            portal.metrics.oldest.clear();
        }
        heard.and(looked)
    }

    fn look_at_carriers(&mut self, portal: &Portal) {
        let now = portal.now();
        let carriers = &portal.carriers;
        let sms: Vec<(&str, bool)> =
            carriers.sms.iter().map(|gateway| (gateway.name.as_str(), gateway.is_set_aside())).collect();
        let mail = [("mail", carriers.mail.is_set_aside())];
        for (channel, carriers) in [("sms", &sms[..]), ("mail", &mail[..])] {
            for &(carrier, set_aside) in carriers {
                portal.metrics.set_aside.get_or_create(&Carrier { carrier: carrier.to_owned() }).set(set_aside.into());
                match self.set_aside.entry(carrier.to_owned()).or_default().learn(set_aside, now) {
                    Some(News::Begins) => tracing::warn!(carrier, "a carrier is set aside"),
                    Some(News::Ends) => tracing::info!(carrier, "a carrier works again"),
                    Some(News::Lasts) | None => {}
                }
            }
            let none = !carriers.is_empty() && carriers.iter().all(|(_, set_aside)| *set_aside);
            match self.out.entry(channel).or_default().learn(none, now) {
                Some(News::Begins | News::Lasts) => {
                    portal.metrics.alarm(if channel == "sms" { "no-sms-carrier" } else { "no-mail-carrier" });
                    tracing::error!(channel, "alarm: nothing leaves, every carrier is set aside");
                }
                Some(News::Ends) => tracing::info!(channel, "messages leave again"),
                None => {}
            }
        }
    }

    fn look_at_claims(&mut self, portal: &Portal) {
        for (queue, channel) in [("sms", Channel::Sms), ("mail", Channel::Mail)] {
            let waited = portal.claims.waits(channel);
            match self.claims.entry(queue).or_default().learn(waited.is_some(), portal.now()) {
                Some(News::Begins | News::Lasts) => {
                    portal.metrics.alarm("claims-wait");
                    let seconds = waited.unwrap_or_default().as_secs();
                    tracing::error!(queue, seconds, "alarm: messages can't be claimed");
                }
                Some(News::Ends) => tracing::info!(queue, "messages are claimed again"),
                None => {}
            }
        }
    }

    fn look_at_the_clock(&mut self, portal: &Portal) {
        let (ahead, now) = (portal.clock.off(), portal.now());
        let off = rules::is_late(Some(ahead.abs().to_std().unwrap_or_default()), CLOCK_OFF, self.clock.is_told());
        let far = !portal.clock.is_sound();
        let milliseconds = ahead.num_milliseconds();
        let (clock, far) = (self.clock.learn(off, now), self.far.learn(far, now));
        match (far, clock) {
            (Some(News::Begins | News::Lasts), _) => {
                portal.metrics.alarm("clock");
                tracing::error!(milliseconds, "alarm: the clock is too far from the database's, no work is taken");
            }
            (None, Some(News::Begins | News::Lasts)) => {
                portal.metrics.alarm("clock");
                tracing::warn!(milliseconds, "alarm: the clock is ahead of the database's, or behind it");
            }
            (_, Some(News::Ends)) => tracing::info!(milliseconds, "the clock goes with the database's again"),
            (Some(News::Ends), _) => {
                tracing::warn!(milliseconds, "the clock is nearer to the database's: work is taken again");
            }
            (None, None) => {}
        }
    }

    async fn look_at_queues(&mut self, portal: &Portal) -> Result<(), Fault> {
        let settings = &portal.settings;
        let [sms, mail] =
            [settings.sms.late_seconds, settings.mail.late_seconds].map(u64::from).map(Duration::from_secs);
        let waiting = watch::waiting(portal).await?;
        let requests = answer::waiting(portal).await?;
        let now = portal.now();
        for (queue, waiting, limit, what) in [
            ("sms", waiting.sms, sms, "late-sms"),
            ("mail", waiting.mail, mail, "late-mail"),
            ("request", requests, mail, "late-request"),
        ] {
            let name = Queue { queue };
            portal.metrics.waiting.get_or_create(&name).set(waiting.count);
            portal.metrics.oldest.get_or_create(&name).set(since(waiting.oldest, now).as_secs().try_into()?);
            let told = self.late.entry(queue).or_default();
            let waited = waiting.awaited.map(|at| since(Some(at), now));
            let late = rules::is_late(waited, limit, told.is_told());
            match told.learn(late, now) {
                Some(News::Begins | News::Lasts) => {
                    portal.metrics.alarm(what);
                    let (seconds, waiting) = (waited.unwrap_or_default().as_secs(), waiting.count);
                    tracing::error!(queue, seconds, waiting, "alarm: somebody waits too long");
                }
                Some(News::Ends) => tracing::info!(queue, "nobody waits too long any more"),
                None => {}
            }
        }
        for alarm in alarm::Entity::find().all(&portal.db).await? {
            let counter = portal.metrics.alarms.get_or_create_owned(&Alarm { what: alarm.name });
            counter.inner().store(alarm.times.try_into()?, Ordering::Relaxed);
        }
        Ok(())
    }
}

fn since(at: Option<Instant>, now: Instant) -> Duration {
    at.and_then(|at| (now - at).to_std().ok()).unwrap_or_default()
}
