//! The commands on mails that came back.

use std::borrow::Cow;
use std::path::Path;

use guichet::db::Patience;
use guichet::delivery::bounces::{self, Summary};
use guichet::delivery::mailbox;
use guichet::entities::account::MailboxFault;
use guichet::fault::Fault;
use guichet::{settings, texts};

use super::{Stop, open_checked, say};

pub async fn read(maildir: &Path) -> Result<(), Stop> {
    let portal = open_checked(&settings::figment(), Patience::COMMANDS).await?;
    let summary = bounces::read(&portal, maildir).await?.map_err(Stop::Refused)?;
    let Summary { full, unknown, ours, refused, underway, strange } = summary;
    say(&format!(
        "boîtes pleines : {full}\n\
         adresses inconnues : {unknown}\n\
         refus dus à notre envoi, à corriger (SPF, réputation ; voir « guichet outbox list ») : {ours}\n\
         autres refus : {refused}\n\
         retards et accusés de réception, sans suite : {underway}\n\
         ni un rebond, ni d’un de nos courriels, laissés non lus dans cur : {strange}\n"
    ))
}

pub async fn list() -> Result<(), Stop> {
    let portal = open_checked(&settings::figment(), Patience::COMMANDS).await?;
    let mut lines = csv::WriterBuilder::new().delimiter(b';').from_writer(Vec::new());
    lines
        .write_record(["uai", "etablissement", "nom", "prenoms", "courriel", "boite", "depuis"])
        .map_err(Fault::from)?;
    let mut after = 0;
    loop {
        let page = mailbox::out_of_reach(&portal, after).await?;
        let Some(last) = page.last() else { break };
        after = last.voter.id;
        for found in page {
            let state = match (found.email.is_some(), found.fault) {
                (false, _) => "passée à une autre personne",
                (true, MailboxFault::Full) => "pleine",
                (true, MailboxFault::Unknown) => "inconnue",
            };
            let email = found.email.unwrap_or_default();
            let since = texts::date_and_time(found.since);
            let cells = [
                &found.establishment.uai,
                &found.establishment.name,
                &found.voter.last_name,
                &found.voter.first_names,
                &email,
            ];
            let cells = cells.into_iter().map(|cell| texts::cell(cell)).chain([state.into(), since.into()]);
            lines.write_record(cells.map(Cow::into_owned)).map_err(Fault::from)?;
        }
    }
    let lines = lines.into_inner().map_err(|error| Fault::new(error.to_string()))?;
    say(&String::from_utf8_lossy(&lines))
}
