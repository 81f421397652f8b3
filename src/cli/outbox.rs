//! The commands on the messages that wait or failed.

use std::fmt::Write as _;

use guichet::carriers::Reason;
use guichet::db::Patience;
use guichet::entities::message::{Channel, State};
use guichet::outbox::watch;
use guichet::recovery::answer;
use guichet::{settings, texts};

use super::{Stop, open_checked, say};

pub async fn list() -> Result<(), Stop> {
    let portal = open_checked(&settings::figment(), Patience::COMMANDS).await?;
    let (mut after, mut waiting, mut failed) = (0, 0, 0);
    let mut lines = "numéro;canal;lettre;état;essais;créé le;prochain essai;passerelle;motif;code\n".to_owned();
    loop {
        let page = watch::unfinished(&portal, after).await?;
        let Some(last) = page.last() else { break };
        after = last.id;
        for message in page {
            let state = match message.state {
                State::Queued => "en attente",
                State::Sending => "en cours",
                State::Failed => "refusé",
                State::Expired => "expiré",
                State::Accepted | State::Delivered => continue,
            };
            let due = message.ended_at.is_none().then(|| texts::date_and_time(message.due_at));
            waiting += i32::from(due.is_some());
            failed += i32::from(due.is_none());
            let _ = writeln!(
                lines,
                "{};{};{};{state};{};{};{};{};{};{}",
                message.id,
                if message.channel == Channel::Sms { "SMS" } else { "courriel" },
                message.letter,
                message.attempts,
                texts::date_and_time(message.created_at),
                due.unwrap_or_default(),
                message.gateway.unwrap_or_default(),
                message.failure.as_deref().and_then(Reason::from_name).map_or("", in_french),
                message.code.unwrap_or_default(),
            );
        }
        say(&std::mem::take(&mut lines))?;
    }
    let requests = answer::set_aside(&portal).await?;
    if requests > 0 {
        let _ = writeln!(
            lines,
            "{requests} demandes de mot de passe mises de côté : voir le journal, puis « guichet outbox retry »"
        );
    }
    say(&format!("{lines}{waiting} en attente, {failed} en échec\n"))
}

/// Why a message did not arrive.
pub fn in_french(reason: Reason) -> &'static str {
    match reason {
        Reason::Number => "ce numéro ne reçoit pas de SMS",
        Reason::Unreachable => "téléphone éteint ou hors de portée",
        Reason::Limit => "le transporteur demande de ralentir",
        Reason::Outage => "panne ou refus passager du transporteur",
        Reason::Operator => "à corriger : réglages, compte, expéditeur ou droits chez le transporteur",
        Reason::Mailbox => "boîte refusée par le serveur de messagerie",
        Reason::MailboxFull => "boîte pleine",
        Reason::MailboxUnknown => "adresse inconnue du serveur de messagerie",
        Reason::Undelivered => "pas remis par le transporteur : voyez son code",
        Reason::Unreadable => "scellé sous un autre secret",
        Reason::Replaced => "sans objet : remplacé ou déjà utilisé",
    }
}

pub async fn retry() -> Result<(), Stop> {
    let portal = open_checked(&settings::figment(), Patience::COMMANDS).await?;
    say(&format!("messages relancés : {}\n", watch::retry(&portal).await?))?;
    match answer::retry(&portal).await? {
        0 => Ok(()),
        requests => say(&format!("demandes de mot de passe reprises : {requests}\n")),
    }
}
