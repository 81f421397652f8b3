//! The tables as sea-orm sees them: columns and relations, nothing else.

pub mod account;
pub mod alarm;
pub mod captcha_try;
pub mod desk_act;
pub mod election;
pub mod establishment;
pub mod identity_check;
pub mod known_browser;
pub mod master_secret;
pub mod message;
pub mod phone_claim;
pub mod recovery_request;
pub mod recovery_ticket;
pub mod session;
pub mod sign_in_throttle;
pub mod sms_tally_share;
pub mod voter;
pub mod voting_identifier;
