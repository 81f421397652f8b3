//! Mails that come back. Each leaves under a return address of its own, which names it and can't be made up; what is
//! returned there lies in a maildir.

use std::fs;
use std::io::{ErrorKind, Read as _};
use std::path::Path;

use sea_orm::sea_query::Expr;
use sea_orm::{ActiveEnum, ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use subtle::ConstantTimeEq;

use super::{mailbox, report};
use crate::carriers::{Delivery, Failure, Reason};
use crate::entities::message::{Channel, Column, Entity, State};
use crate::fault::Fault;
use crate::portal::Portal;
use crate::values::Purpose;

/// More than any report that is worth reading; a returned mail of ours is a few kilobytes.
const LONGEST: u64 = 1024 * 1024;
/// Bytes of the digest that keeps an address from being made up.
const SEAL: usize = 8;

/// What was found in a maildir, in mails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    pub full: u64,
    pub unknown: u64,
    /// Returned for another reason.
    pub refused: u64,
    /// On its way, or arrived.
    pub underway: u64,
    /// No report, or not on a mail of ours: left unread, for a person.
    pub strange: u64,
}

/// Where a mail is returned to: `rebonds+7-0123456789abcdef@vote.example.fr`. Nothing if no mailbox is set for it.
pub fn return_path(portal: &Portal, message: i64) -> Option<String> {
    let (local, domain) = portal.settings.mail.bounces.as_ref()?.split_once('@')?;
    Some(format!("{local}+{message}-{}@{domain}", seal(portal, message)))
}

fn seal(portal: &Portal, message: i64) -> String {
    hex::encode(&portal.keys.digest(Purpose::Bounce, &[&message.to_le_bytes()])[..SEAL])
}

/// The mail that a return address names, whatever case a server gave it.
fn named(portal: &Portal, address: &str) -> Option<i64> {
    let address = address.to_lowercase();
    let (_, extension) = address.split_once('@')?.0.split_once('+')?;
    let (message, sealed) = extension.split_once('-')?;
    let message: i64 = message.parse().ok()?;
    bool::from(seal(portal, message).as_bytes().ct_eq(sealed.as_bytes())).then_some(message)
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
        names.push(entry?.file_name());
    }
    names.sort_unstable();
    let mut summary = Summary::default();
    for name in names {
        let path = new.join(&name);
        let mut mail = Vec::new();
        match fs::File::open(&path) {
            Ok(file) => file.take(LONGEST).read_to_end(&mut mail)?,
            // Another reader was faster.
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => return Err(error.into()),
        };
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
    let report = report::read(mail);
    let message = report.as_ref().and_then(|report| report.addressees.iter().find_map(|to| named(portal, to)));
    let (Some(report), Some(message)) = (report, message) else {
        summary.strange += 1;
        return Ok(false);
    };
    match report.delivery {
        Delivery::Underway | Delivery::Delivered => summary.underway += 1,
        Delivery::Failed(failure) => {
            match failure.reason {
                Reason::MailboxFull => summary.full += 1,
                Reason::MailboxUnknown => summary.unknown += 1,
                _ => summary.refused += 1,
            }
            settle(portal, message, &failure).await?;
        }
    }
    Ok(true)
}

async fn settle(portal: &Portal, message: i64, failure: &Failure) -> Result<(), Fault> {
    let now = portal.now();
    let work = portal.db.begin().await?;
    let found = Entity::find_by_id(message).lock_exclusive().one(&*work).await?;
    // A report that is read twice says nothing new.
    let Some(message) = found.filter(|m| m.channel == Channel::Mail && m.state == State::Accepted) else {
        return Ok(());
    };
    Entity::update_many()
        .col_expr(Column::State, Expr::value(State::Failed.to_value()))
        .col_expr(Column::SettledAt, Expr::value(now))
        .col_expr(Column::Failure, Expr::value(failure.reason.name()))
        .col_expr(Column::Code, Expr::value(failure.code.clone()))
        .filter(Column::Id.eq(message.id))
        .exec(&*work)
        .await?;
    mailbox::note(&*work, message.account_id, Some(failure.reason), now).await?;
    work.commit().await?;
    let (reason, code) = (failure.reason.name(), &failure.code);
    if failure.reason == Reason::Operator {
        portal.metrics.alarm(reason);
        tracing::error!(message_id = message.id, reason, code, "alarm: mail servers refuse us, the operator must act");
    } else {
        tracing::warn!(message_id = message.id, reason, code, "message returned");
    }
    Ok(())
}
