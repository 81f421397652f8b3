//! Where an identifier is, as its voter is told.

use chrono::Duration;

use crate::carriers::Reason;
use crate::entities::message::{self, State as SmsState};
use crate::entities::voting_identifier::State;
use crate::values::Instant;

/// An SMS that has not arrived by then wants some advice: most take less than a minute.
const LATE: Duration = Duration::minutes(2);

/// The way of an SMS, from the request to the phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    Waiting,
    /// A carrier has it.
    HandedOver {
        at: Instant,
    },
    Arrived {
        at: Instant,
    },
    /// Another identifier took its place, or its voter disowned it.
    Revoked,
    /// It could not be delivered: the try was given back.
    Voided(Option<Reason>),
}

pub fn progress(identifier: State, sms: &message::Model) -> Progress {
    let accepted_at = sms.ended_at.unwrap_or(sms.created_at);
    match (identifier, sms.state) {
        (State::Voided, _) => Progress::Voided(sms.failure.as_deref().and_then(Reason::from_name)),
        (State::Revoked, _) => Progress::Revoked,
        (State::Active, SmsState::Delivered) => Progress::Arrived { at: sms.settled_at.unwrap_or(accepted_at) },
        (State::Active, SmsState::Accepted) => Progress::HandedOver { at: accepted_at },
        (State::Active, _) => Progress::Waiting,
    }
}

/// Whether a voter who waits should be told what to do.
pub fn is_late(progress: Progress, requested_at: Instant, now: Instant) -> bool {
    matches!(progress, Progress::Waiting | Progress::HandedOver { .. }) && now - requested_at >= LATE
}

/// Whether there may still be news.
pub fn is_open(progress: Progress, sms: &message::Model) -> bool {
    match progress {
        Progress::Waiting => true,
        // A carrier that sends no receipts has said all that it will.
        Progress::HandedOver { .. } => sms.ask_at.is_some(),
        Progress::Arrived { .. } | Progress::Revoked | Progress::Voided(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sms(state: SmsState, failure: Option<Reason>) -> message::Model {
        let at = |minute: u32| format!("2026-11-23T09:{minute:02}:00Z").parse().unwrap();
        message::Model {
            id: 1,
            channel: message::Channel::Sms,
            letter: "identifier".into(),
            account_id: None,
            sealed: None,
            state,
            attempts: 1,
            created_at: at(0),
            due_at: at(0),
            ended_at: Some(at(1)),
            carrier_id: None,
            failure: failure.map(|reason| reason.name().to_owned()),
            priority: 0,
            gateway: None,
            code: None,
            unsure: false,
            resent: 0,
            tried_at: None,
            settled_at: Some(at(2)),
            ask_at: (state == SmsState::Accepted).then(|| at(3)),
            recipient_digest: None,
            valid_from: None,
        }
    }

    #[test]
    fn each_state_is_told_and_only_what_may_change_is_asked_again() {
        let at = |minute: u32| -> Instant { format!("2026-11-23T09:{minute:02}:00Z").parse().unwrap() };
        for (identifier, state, failure, expected, open) in [
            (State::Active, SmsState::Queued, None, Progress::Waiting, true),
            (State::Active, SmsState::Sending, Some(Reason::Outage), Progress::Waiting, true),
            (State::Active, SmsState::Accepted, None, Progress::HandedOver { at: at(1) }, true),
            (State::Active, SmsState::Delivered, None, Progress::Arrived { at: at(2) }, false),
            (State::Revoked, SmsState::Delivered, None, Progress::Revoked, false),
            (State::Voided, SmsState::Failed, Some(Reason::Number), Progress::Voided(Some(Reason::Number)), false),
            (State::Voided, SmsState::Expired, None, Progress::Voided(None), false),
        ] {
            let sms = sms(state, failure);
            let told = progress(identifier, &sms);
            assert_eq!((told, is_open(told, &sms)), (expected, open), "{identifier:?} {state:?}");
            assert!(!is_late(told, at(0), at(1)));
            assert_eq!(is_late(told, at(0), at(2)), open);
        }
    }
}
