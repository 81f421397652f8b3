//! One function per letter: what it says, to whom.

use serde_json::{Value, json};

use super::{Content, Sealed, seal};
use crate::carriers::{Mail, Reason, Sms};
use crate::entities::{election, establishment, voter};
use crate::fault::Fault;
use crate::portal::Portal;
use crate::texts;
use crate::values::{Instant, Language, MobileNumber, Territory, Token, VotingIdentifier, gsm7};

/// What somebody waits for in front of a page goes before what only informs.
const AWAITED: i16 = 0;
pub(super) const NOTICE: i16 = 1;

/// Who reads a mail: where it goes, in which language, and by which clock.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    pub email: &'a str,
    pub language: Language,
    pub territory: Territory,
}

/// Every message of the portal, by the name of its template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Letter {
    PasswordLink,
    PasswordChanged,
    IdentifierSms,
    IdentifierSent,
    IdentifierVoided,
    IdentifierDisavowed,
    DisavowalReported,
    VoterUnlocked,
    VoterCorrected,
    VoterUnfrozen,
    AddressPassed,
}

impl Letter {
    pub fn name(self) -> &'static str {
        match self {
            Self::PasswordLink => "password-link",
            Self::PasswordChanged => "password-changed",
            Self::IdentifierSms => "identifier",
            Self::IdentifierSent => "identifier-sent",
            Self::IdentifierVoided => "identifier-voided",
            Self::IdentifierDisavowed => "identifier-disavowed",
            Self::DisavowalReported => "disavowal-reported",
            Self::VoterUnlocked => "voter-unlocked",
            Self::VoterCorrected => "voter-corrected",
            Self::VoterUnfrozen => "voter-unfrozen",
            Self::AddressPassed => "address-passed",
        }
    }

    /// 0 goes first.
    pub fn priority(self) -> i16 {
        match self {
            Self::PasswordLink | Self::IdentifierSms => AWAITED,
            Self::PasswordChanged
            | Self::IdentifierSent
            | Self::IdentifierVoided
            | Self::IdentifierDisavowed
            | Self::DisavowalReported
            | Self::VoterUnlocked
            | Self::VoterCorrected
            | Self::VoterUnfrozen
            | Self::AddressPassed => NOTICE,
        }
    }
}

/// The one-time link to set a password, and until when it lives. `election`: whose assistance helps, if there is one.
pub fn password_link(
    portal: &Portal,
    to: Reader<'_>,
    token: &Token,
    until: Instant,
    election: Option<&election::Model>,
) -> Result<Sealed, Fault> {
    let context = json!({
        "link": portal.link(&format!("/mot-de-passe/nouveau/{}", token.text())),
        "until": until,
    });
    mail(portal, Letter::PasswordLink, to, election, context)
}

pub fn password_changed(portal: &Portal, to: Reader<'_>, election: Option<&election::Model>) -> Result<Sealed, Fault> {
    let context = json!({
        "at": portal.now(),
        "link": portal.link("/mot-de-passe/oublie"),
    });
    mail(portal, Letter::PasswordChanged, to, election, context)
}

/// The identifier itself, to the phone.
pub fn identifier_sms(
    portal: &Portal,
    election: &election::Model,
    to: &MobileNumber,
    identifier: &VotingIdentifier,
    language: Language,
) -> Result<Sealed, Fault> {
    let text = identifier_text(portal, &election.name, identifier, language)?;
    let content = Content::Sms(Sms { to: to.e164().to_owned(), text });
    seal(portal, Letter::IdentifierSms, &content)
}

/// The text of that SMS: one GSM-7 segment, for which the election's name is shortened if it must be.
pub fn identifier_text(
    portal: &Portal,
    election: &str,
    identifier: &VotingIdentifier,
    language: Language,
) -> Result<String, Fault> {
    let render = |name: &str| -> Result<String, Fault> {
        let frame = json!({ "lang": language.code() });
        let context = json!({ "frame": frame, "election": name, "identifier": identifier.text() });
        Ok(gsm7::spell(portal.texts.plain("sms/identifier", &context)?.trim()))
    };
    // Measured around a name of one septet: an empty one would let trimming shorten the frame.
    let framed = gsm7::septets(&render("x")?).ok_or_else(|| Fault::new("an SMS template is outside GSM-7"))?;
    let room =
        (gsm7::SEGMENT + 1).checked_sub(framed).ok_or_else(|| Fault::new("an SMS template exceeds one segment"))?;
    render(&gsm7::shorten(gsm7::spell(election).trim(), room))
}

/// Tells the mailbox that an identifier left for a phone, with the way to say "that was not me".
pub fn identifier_sent(
    portal: &Portal,
    to: Reader<'_>,
    election: &election::Model,
    number: &MobileNumber,
    disavow: &Token,
    at: Instant,
) -> Result<Sealed, Fault> {
    let context = json!({
        "election": election.name,
        "number": number.masked(),
        "at": at,
        "disavow": portal.link(&format!("/pas-moi/{}", disavow.text())),
    });
    mail(portal, Letter::IdentifierSent, to, Some(election), context)
}

/// Tells the voter that the SMS could not be delivered, and that the try was given back; or, of the last one, that no
/// other will be sent, and whom to call.
pub fn identifier_voided(
    portal: &Portal,
    to: Reader<'_>,
    election: &election::Model,
    masked_number: &str,
    reason: Option<Reason>,
    is_last: bool,
) -> Result<Sealed, Fault> {
    let now = portal.now();
    let context = json!({
        "what": if is_last { "mail-identifier-voided-last" } else { "mail-identifier-voided-text" },
        "why": match reason {
            Some(Reason::Number) => "mail-identifier-voided-number",
            Some(Reason::Unreachable) => "mail-identifier-voided-unreachable",
            _ => "mail-identifier-voided-ours",
        },
        "election": election.name,
        "number": masked_number,
        "link": portal.link("/electeur"),
        "until": (!is_last && now < election.reissue_closes).then_some(election.reissue_closes),
    });
    mail(portal, Letter::IdentifierVoided, to, Some(election), context)
}

/// Tells the mailbox that its owner's "that was not me" was heard.
pub fn identifier_disavowed(portal: &Portal, to: Reader<'_>, election: &election::Model) -> Result<Sealed, Fault> {
    let context = json!({ "election": election.name, "at": portal.now() });
    mail(portal, Letter::IdentifierDisavowed, to, Some(election), context)
}

/// Tells the election's assistance of it: somebody may know the voter's password, NUMEN and birthdate.
pub fn disavowal_reported(
    portal: &Portal,
    election: &election::Model,
    voter: &voter::Model,
    email: &str,
    establishment: &establishment::Model,
    masked_number: &str,
) -> Result<Sealed, Fault> {
    let context = json!({
        "election": election.name,
        "name": format!("{} {}", voter.first_names, voter.last_name),
        "email": email,
        "establishment": establishment.name,
        "uai": establishment.uai,
        "at": portal.now(),
        "number": masked_number,
    });
    let desk = Reader { email: &election.support_email, language: Language::French, territory: Territory::Metropole };
    mail(portal, Letter::DisavowalReported, desk, None, context)
}

/// Tells the voter that a desk let their failed checks count from nothing again. `until`: how long they can ask for an
/// identifier now, if nothing else stands in the way.
pub fn voter_unlocked(
    portal: &Portal,
    to: Reader<'_>,
    election: &election::Model,
    until: Option<Instant>,
) -> Result<Sealed, Fault> {
    mail(portal, Letter::VoterUnlocked, to, Some(election), helped(portal, election, until))
}

/// Tells a voter who was locked that the roll had their NUMEN or birthdate wrong, and that their failed checks count from
/// nothing since it was corrected.
pub fn voter_corrected(
    portal: &Portal,
    to: Reader<'_>,
    election: &election::Model,
    until: Option<Instant>,
) -> Result<Sealed, Fault> {
    mail(portal, Letter::VoterCorrected, to, Some(election), helped(portal, election, until))
}

/// Tells the voter that a desk let them ask for identifiers again, after somebody said "that was not me".
pub fn voter_unfrozen(
    portal: &Portal,
    to: Reader<'_>,
    election: &election::Model,
    until: Option<Instant>,
) -> Result<Sealed, Fault> {
    mail(portal, Letter::VoterUnfrozen, to, Some(election), helped(portal, election, until))
}

/// Tells a voter, at the address that a roll gives them, that the one of before is another person's: nothing that was behind
/// it is theirs any more.
pub fn address_passed(portal: &Portal, to: Reader<'_>, election: &election::Model) -> Result<Sealed, Fault> {
    let context = json!({ "election": election.name, "link": portal.link("/mot-de-passe/oublie") });
    mail(portal, Letter::AddressPassed, to, Some(election), context)
}

fn helped(portal: &Portal, election: &election::Model, until: Option<Instant>) -> Value {
    json!({ "election": election.name, "at": portal.now(), "link": portal.link("/electeur"), "until": until })
}

/// Whom to call, as letters and pages say it.
pub fn support(election: &election::Model) -> Value {
    json!({
        "phone": election.support_phone,
        "dial": dialled(&election.support_phone),
        "email": election.support_email,
        "hours": election.support_hours,
    })
}

/// A number as a link dials it, from overseas, too (RFC 3966); nothing where it is not plainly one number.
fn dialled(number: &str) -> Option<String> {
    const OVERSEAS: [&str; 6] = ["0262", "0263", "0269", "0590", "0594", "0596"];
    let digits: String = number.replace("(0)", "").chars().filter(|c| c.is_ascii_digit() || *c == '+').collect();
    if number.chars().any(char::is_alphabetic) || digits.len() > 15 {
        return None;
    }
    let is_of_mainland = digits.len() == 10
        && ["01", "02", "03", "04", "05"].iter().any(|zone| digits.starts_with(zone))
        && !OVERSEAS.iter().any(|zone| digits.starts_with(zone));
    Some(if is_of_mainland { format!("+33{}", &digits[1..]) } else { digits })
}

fn mail(
    portal: &Portal,
    letter: Letter,
    to: Reader<'_>,
    election: Option<&election::Model>,
    mut context: Value,
) -> Result<Sealed, Fault> {
    let is_answered = portal.settings.mail.reply_to.is_some();
    context["signature"] = if is_answered { "mail-signature" } else { "mail-signature-unanswered" }.into();
    context["frame"] = json!({ "lang": to.language.code(), "place": to.territory.code() });
    context["brand"] = portal.settings.appearance.name.as_str().into();
    context["support"] = election.map(support).into();
    let texts::Letter { subject, text, html } = portal.texts.letter(&format!("mail/{}", letter.name()), &context)?;
    seal(portal, letter, &Content::Mail(Mail { to: to.email.to_owned(), subject, text, html }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_dialled_from_overseas_too() {
        for (number, dialled_as) in [
            ("01 23 45 67 89", Some("+33123456789")),
            ("+33 (0)1 23 45 67 89", Some("+33123456789")),
            ("0 800 12 34 56", Some("0800123456")),
            ("0262 12 34 56", Some("0262123456")),
            ("3900", Some("3900")),
            ("01 23 45 67 89 ou 06 12 34 56 78", None),
        ] {
            assert_eq!(dialled(number).as_deref(), dialled_as, "{number}");
        }
    }
}
