//! Mails that come back. Each leaves under a return address of its own, which names it and can't be made up; what is
//! returned there lies in a maildir.

use std::fs;
use std::io::{ErrorKind, Read as _};
use std::path::Path;

use reqwest::Url;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ActiveEnum, ActiveValue::Set, ColumnTrait, EntityTrait, ExprTrait as _, QueryFilter, QuerySelect};

use super::{alarm as call_operator, is_sealed, mailbox, report, seal};
use crate::carriers::{Cover, Delivery, Failure, Reason};
use crate::entities::alarm;
use crate::entities::message::{Channel, Column, Entity, Model, State};
use crate::fault::Fault;
use crate::portal::Portal;
use crate::values::Purpose;

/// More than any report that is worth reading; a returned mail of ours is a few kilobytes.
const LONGEST: u64 = 1024 * 1024;

/// What was found in a maildir, in mails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    pub full: u64,
    pub unknown: u64,
    /// Returned for our sake: SPF, reputation.
    pub ours: u64,
    /// Returned for another reason.
    pub refused: u64,
    /// On its way, or arrived.
    pub underway: u64,
    /// No report, or not on a mail of ours: left unread, for a person.
    pub strange: u64,
}

/// What a mail is known by: to the mailbox that gets it, and to us when it comes back, at
/// `rebonds+7-0123456789abcdef@vote.example.fr` (if a mailbox is set for that).
pub fn cover(portal: &Portal, message: &Model) -> Cover {
    let sealed = seal(portal, Purpose::Bounce, message);
    let host = Url::parse(portal.settings.public_url()).ok().and_then(|url| url.host_str().map(str::to_owned));
    let bounces = portal.settings.mail.bounces.as_ref().and_then(|address| address.split_once('@'));
    Cover {
        message_id: host.map(|host| format!("<{sealed}@{host}>")),
        return_path: bounces.map(|(local, domain)| format!("{local}+{}-{sealed}@{domain}", message.id)),
    }
}

/// The mail that a return address names, whatever case a server gave it.
async fn named(portal: &Portal, address: &str) -> Result<Option<Model>, Fault> {
    let address = address.to_lowercase();
    let extension = address.split_once('@').and_then(|(local, _)| local.split_once('+'));
    let Some((id, sealed)) = extension.and_then(|(_, extension)| extension.split_once('-')) else { return Ok(None) };
    let Ok(id) = id.parse::<i64>() else { return Ok(None) };
    let message = Entity::find_by_id(id).one(&portal.db).await?;
    Ok(message
        .filter(|message| message.channel == Channel::Mail && is_sealed(portal, Purpose::Bounce, message, sealed)))
}

/// Reads what is new in a maildir, notes which mailboxes are full or unknown, and moves what was read to `cur`. Interrupted,
/// it is completed by running it again.
///
/// # Errors
/// The inner error is a French sentence on why the folder can't be read.
pub async fn read(portal: &Portal, maildir: &Path) -> Result<Result<Summary, String>, Fault> {
    let (new, cur) = (maildir.join("new"), maildir.join("cur"));
    if !new.is_dir() || !cur.is_dir() {
        return Ok(Err(format!("{} n’est pas un maildir : il y manque new ou cur", maildir.display())));
    }
    let mut names = Vec::new();
    for entry in fs::read_dir(&new)? {
        let entry = entry?;
        // What begins with a dot is no mail (the maildir's own rule), and a folder is none either.
        if entry.file_type()?.is_file() && !entry.file_name().to_string_lossy().starts_with('.') {
            names.push(entry.file_name());
        }
    }
    names.sort_unstable();
    let mut summary = Summary::default();
    for name in names {
        let path = new.join(&name);
        let mut mail = Vec::new();
        match fs::File::open(&path).and_then(|file| file.take(LONGEST).read_to_end(&mut mail)) {
            Ok(_) => {}
            // Another reader was faster.
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => {
                tracing::error!(%error, name = %name.to_string_lossy(), "a returned mail can't be read");
                summary.strange += 1;
                continue;
            }
        }
        let is_read = take(portal, &mail, &mut summary).await?;
        let mut read_name = name;
        read_name.push(if is_read { ":2,S" } else { ":2," });
        match fs::rename(&path, cur.join(read_name)) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    Ok(Ok(summary))
}

/// Returns whether the mail was a report on one of ours.
async fn take(portal: &Portal, mail: &[u8], summary: &mut Summary) -> Result<bool, Fault> {
    let Some(report) = report::read(mail) else {
        summary.strange += 1;
        return Ok(false);
    };
    let mut message = None;
    for address in &report.addressees {
        message = message.or(named(portal, address).await?);
    }
    let Some(message) = message else {
        summary.strange += 1;
        return Ok(false);
    };
    match report.delivery {
        Delivery::Underway | Delivery::Delivered => summary.underway += 1,
        Delivery::Failed(failure) => {
            match failure.reason {
                Reason::MailboxFull => summary.full += 1,
                Reason::MailboxUnknown => summary.unknown += 1,
                Reason::Operator => summary.ours += 1,
                _ => summary.refused += 1,
            }
            settle(portal, message.id, &failure).await?;
        }
    }
    Ok(true)
}

async fn settle(portal: &Portal, message: i64, failure: &Failure) -> Result<(), Fault> {
    let now = portal.now();
    let work = portal.db.begin().await?;
    let found = Entity::find_by_id(message).lock_exclusive().one(&work).await?;
    // A report that is read twice says nothing new. One may come before the hand-over was recorded: then the mailbox is
    // noted, and the message ends by itself.
    let Some(message) = found.filter(|message| !message.state.is_final()) else { return Ok(()) };
    Entity::update_many()
        .col_expr(Column::State, Expr::value(State::Failed.to_value()))
        .col_expr(Column::SettledAt, Expr::value(now))
        .col_expr(Column::Failure, Expr::value(failure.reason.name()))
        .col_expr(Column::Code, Expr::value(failure.code.clone()))
        .filter(Column::Id.eq(message.id))
        .filter(Column::State.eq(State::Accepted))
        .exec(&work)
        .await?;
    mailbox::note(&work, message.account_id, Some(failure.reason), now).await?;
    // Without an account it was to an election's assistance, which then hears nothing.
    let is_ours = failure.reason == Reason::Operator || message.account_id.is_none();
    if is_ours {
        let name = if message.account_id.is_none() { "returned-from-assistance" } else { "returned-for-our-sake" };
        let added = Expr::col((alarm::Entity, alarm::Column::Times)).add(1);
        let again = OnConflict::column(alarm::Column::Name)
            .value(alarm::Column::Times, added)
            .update_column(alarm::Column::LastAt)
            .to_owned();
        let noted = alarm::ActiveModel { name: Set(name.to_owned()), times: Set(1), last_at: Set(now) };
        alarm::Entity::insert(noted).on_conflict(again).exec_without_returning(&work).await?;
    }
    work.commit().await?;
    let (reason, code) = (failure.reason, failure.code.as_deref());
    tracing::warn!(message_id = message.id, letter = message.letter, reason = reason.name(), code, "message returned");
    if is_ours {
        call_operator(portal, &message, reason, code);
    }
    Ok(())
}
