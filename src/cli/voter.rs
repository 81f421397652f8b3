//! The commands on one voter, as an assistance needs them.

use std::fmt::Write as _;

use clap::Args;
use guichet::carriers::Reason as Failure;
use guichet::db::Patience;
use guichet::entities::account::MailboxFault;
use guichet::entities::desk_act::Act;
use guichet::entities::message::{self, State as SmsState};
use guichet::entities::voting_identifier::State;
use guichet::issuance::desk::dossier::{Dossier, dossier};
use guichet::issuance::desk::{self, Desk, Outcome, Reason};
use guichet::issuance::rules::{PHONE_REFUSALS_PER_DAY, Refusal};
use guichet::issuance::space::Issued;
use guichet::settings;
use guichet::texts::date_and_time;
use guichet::values::{EmailAddress, Instant};

use super::outbox::in_french;
use super::{Stop, election, open_checked, say};

/// Whom a command is about.
#[derive(Args)]
pub struct Named {
    /// Le numéro de l’élection, ou son nom
    #[arg(long)]
    election: String,
    /// L’adresse professionnelle de l’électeur
    #[arg(long)]
    email: String,
}

#[derive(Args)]
pub struct Acting {
    #[command(flatten)]
    named: Named,
    /// Pourquoi : conservé avec l’acte, sans NUMEN ni autre secret
    #[arg(long)]
    reason: String,
}

pub async fn show(named: &Named) -> Result<(), Stop> {
    let email = address(named)?;
    let portal = open_checked(&settings::figment(), Patience::COMMANDS).await?;
    let election = election::named(&portal, &named.election).await?;
    let found = dossier(&portal, &election, &email).await?;
    say(&told(&found.ok_or_else(|| unknown(named))?, portal.now()))
}

pub async fn act(act: Act, acting: &Acting) -> Result<(), Stop> {
    let named = &acting.named;
    let email = address(named)?;
    let reason = Reason::parse(&acting.reason).map_err(|wanted| Stop::Refused(format!("--reason : {wanted}")))?;
    let portal = open_checked(&settings::figment(), Patience::COMMANDS).await?;
    let election = election::named(&portal, &named.election).await?;
    let desk = Desk { actor: actor(), reason };
    let done = match (desk::act(&portal, &election, &email, act, &desk).await?, act) {
        (Outcome::UnknownVoter, _) => return Err(unknown(named)),
        (Outcome::Done, Act::Unlock) => {
            "Les vérifications échouées sont effacées. L’électeur en est informé par courriel."
        }
        (Outcome::Nothing, Act::Unlock) => "Rien à débloquer : aucune vérification échouée.",
        (Outcome::Done, Act::Unfreeze) => "Les demandes sont rétablies. L’électeur en est informé par courriel.",
        (Outcome::Nothing, Act::Unfreeze) => "Rien à rétablir : les demandes ne sont pas gelées.",
        (Outcome::Done, Act::Voted) => "Le vote est noté : plus aucun identifiant ne sera émis.",
        (Outcome::Nothing, Act::Voted) => "Rien à noter : cet électeur a déjà voté.",
    };
    say(&format!("{done}\n"))
}

/// The system's account that acts: by name, or by number where it has none.
pub fn actor() -> String {
    let named = ["USER", "LOGNAME"].into_iter().filter_map(|name| std::env::var(name).ok());
    let named = named.map(|name| name.trim().chars().filter(|c| !c.is_control()).take(80).collect::<String>());
    named.into_iter().find(|name| !name.is_empty()).unwrap_or_else(number)
}

#[cfg(unix)]
fn number() -> String {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata("/proc/self").map_or_else(|_| "inconnu".into(), |process| format!("uid {}", process.uid()))
}

#[cfg(not(unix))]
fn number() -> String {
    "inconnu".into()
}

fn address(named: &Named) -> Result<EmailAddress, Stop> {
    EmailAddress::parse(&named.email).ok_or_else(|| Stop::Refused("--email : attendu une adresse électronique".into()))
}

fn unknown(named: &Named) -> Stop {
    Stop::Refused(format!("personne n’a l’adresse {} sur la liste de cette élection", named.email.trim()))
}

/// The dossier as people read it.
fn told(dossier: &Dossier, now: Instant) -> String {
    let Dossier { space, account, establishment, last_failure, held_back_until, acts } = dossier;
    let (voter, standing) = (&space.seat.voter, &space.standing);
    let mut text = format!("{} {}\n", voter.first_names, voter.last_name);
    let mut line = |key: &str, value: String| {
        let _ = writeln!(text, "{key} : {value}");
    };
    line("en bref", diagnosis(standing.obstacle(now)).into());
    line("établissement", format!("{}, {}", establishment.name, establishment.uai));
    line("élection", format!("{} ({})", space.seat.election.name, space.seat.election.id));
    line(
        "compte",
        if account.password_hash.is_some() { "mot de passe choisi" } else { "pas encore de mot de passe" }.into(),
    );
    line("boîte", mailbox(account.mailbox_fault.zip(account.mailbox_fault_at)));
    let held = |until| format!("retenue jusqu’au {}, trop d’échecs", date_and_time(until));
    line("connexion", held_back_until.map_or("libre".into(), held));
    let (failed, most) = (standing.failed_checks, standing.max_failed_checks);
    line("vérifications échouées", format!("{failed} sur {most}, reste {}", standing.checks_left()));
    let part = |(refusal, at): (Refusal, _)| format!("{}, le {}", what_differed(refusal), date_and_time(at));
    line("dernier échec", last_failure.map_or("aucun".into(), part));
    let phones = standing.phone_refusals_today(now);
    line("numéros d’autrui essayés aujourd’hui", format!("{phones} sur {PHONE_REFUSALS_PER_DAY}"));
    line("gelé", since(voter.frozen_at));
    line("a voté", since(voter.voted_at));
    line("identifiants", format!("{} sur {}", standing.issued, standing.max_identifiers));
    for issued in space.issued.iter().rev() {
        let _ = writeln!(text, "  {}", identifier(issued));
    }
    for act in acts {
        let what = match act.act {
            Act::Unlock => "débloqué",
            Act::Unfreeze => "rétabli",
            Act::Voted => "vote noté",
        };
        let _ = writeln!(text, "{what} le {}, par {} : {}", date_and_time(act.at), act.actor, act.reason);
    }
    text
}

/// What stands in the way, and the next act.
fn diagnosis(obstacle: Option<Refusal>) -> &'static str {
    match obstacle {
        None => "peut demander un identifiant",
        Some(Refusal::NotOpenYet) => "les demandes ne sont pas encore ouvertes",
        Some(Refusal::Closed) => "les demandes sont closes",
        Some(Refusal::HasVoted) => "a voté, plus rien à demander",
        Some(Refusal::Frozen) => "gelé : « ce n’est pas moi » ; à vérifier, puis « guichet voter unfreeze »",
        Some(Refusal::LimitReached) => "a reçu tous les identifiants que l’élection permet",
        Some(Refusal::Locked) => "bloqué par trop d’échecs ; à vérifier, puis « guichet voter unlock »",
        Some(Refusal::ReturnsUsedUp) => "cinq SMS n’ont pas pu être remis : vérifier le numéro avec l’électeur",
        Some(Refusal::RequestsUsedUp) => "cinq demandes aujourd’hui, à nouveau demain",
        Some(Refusal::PhoneTriesUsedUp) => "trop de numéros d’autrui essayés aujourd’hui, à nouveau demain",
        Some(Refusal::NumenDiffers | Refusal::BirthdateDiffers | Refusal::BothDiffer | Refusal::PhoneTaken) => "",
    }
}

fn what_differed(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::NumenDiffers => "NUMEN différent",
        Refusal::BirthdateDiffers => "date de naissance différente",
        _ => "NUMEN et date de naissance différents",
    }
}

fn mailbox(noted: Option<(MailboxFault, Instant)>) -> String {
    match noted {
        None => "rien à signaler".into(),
        Some((MailboxFault::Full, at)) => format!("pleine depuis le {}", date_and_time(at)),
        Some((MailboxFault::Unknown, at)) => format!("inconnue du serveur depuis le {}", date_and_time(at)),
    }
}

fn since(at: Option<Instant>) -> String {
    at.map_or("non".into(), |at| format!("depuis le {}", date_and_time(at)))
}

fn identifier(issued: &Issued) -> String {
    let Issued { identifier, sms } = issued;
    let state = match identifier.state {
        State::Active => "valable",
        State::Revoked => "remplacé ou désavoué",
        State::Voided => "annulé, essai rendu",
    };
    let ended = identifier.ended_at.map_or(String::new(), |at| format!(" le {}", date_and_time(at)));
    let asked = date_and_time(identifier.requested_at);
    let (number, sms) = (&identifier.masked_number, sms_state(sms));
    format!("n° {}, {state}{ended} : demandé le {asked} au {number}, SMS {sms}", identifier.sequence)
}

fn sms_state(sms: &message::Model) -> String {
    let at = |at: Option<Instant>| at.map_or(String::new(), |at| format!(" le {}", date_and_time(at)));
    let why = sms
        .failure
        .as_deref()
        .and_then(Failure::from_name)
        .map_or(String::new(), |reason| format!(" ({})", in_french(reason)));
    match sms.state {
        SmsState::Queued => format!("en attente{why}"),
        SmsState::Sending => "en cours d’envoi".into(),
        SmsState::Accepted => format!("confié à l’opérateur{}", at(sms.ended_at)),
        SmsState::Delivered => format!("remis{}", at(sms.settled_at)),
        SmsState::Failed => format!("refusé{}{why}", at(sms.ended_at)),
        SmsState::Expired => format!("jamais parti à temps{}{why}", at(sms.ended_at)),
    }
}
