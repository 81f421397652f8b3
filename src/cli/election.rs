//! The commands on an election: its description, its identifiers.

use std::fs;
use std::io::BufWriter;
use std::path::Path;

use guichet::db::Patience;
use guichet::entities::election;
use guichet::fault::Fault;
use guichet::issuance::export::export as export_identifiers;
use guichet::portal::Portal;
use guichet::roll::election::{self as elections, Added};
use guichet::{private, settings, texts};

use super::{Stop, files, open_checked, say, tell};

pub async fn add(file: &Path) -> Result<(), Stop> {
    let text = files::text(file)?;
    let portal = open_checked(&settings::figment(), Patience::COMMANDS).await?;
    let id = match elections::add(&portal, &text).await?.map_err(|reason| of(file, &reason))? {
        Added::New(id) => id,
        Added::Known(id) => {
            tell(
                "Cette élection existe déjà : même nom, mêmes dates. Rien n’est changé ; voir « guichet election set ».\n",
            );
            id
        }
    };
    say(&format!("{id}\n"))
}

pub async fn list() -> Result<(), Stop> {
    let portal = open_checked(&settings::figment(), Patience::COMMANDS).await?;
    let mut lines = csv::WriterBuilder::new().delimiter(b';').from_writer(Vec::new());
    lines.write_record(["numéro", "nom", "ouverture", "fermeture", "électeurs"]).map_err(Fault::from)?;
    for (voters, election) in elections::list(&portal).await? {
        let [opens, closes] = [election.reissue_opens, election.reissue_closes].map(texts::date_and_time);
        let cells = [&election.id.to_string(), &*texts::cell(&election.name), &opens, &closes, &voters.to_string()];
        lines.write_record(cells).map_err(Fault::from)?;
    }
    let lines = lines.into_inner().map_err(|error| Fault::new(error.to_string()))?;
    say(&String::from_utf8_lossy(&lines))
}

pub async fn show(named_as: &str) -> Result<(), Stop> {
    let portal = open_checked(&settings::figment(), Patience::COMMANDS).await?;
    let election = named(&portal, named_as).await?;
    say(&elections::describe(&election).write())
}

pub async fn set(named_as: &str, file: &Path) -> Result<(), Stop> {
    let text = files::text(file)?;
    let portal = open_checked(&settings::figment(), Patience::COMMANDS).await?;
    let election = named(&portal, named_as).await?;
    let changes = elections::set(&portal, election.id, &text).await?.map_err(|reason| of(file, &reason))?;
    if changes.is_empty() {
        return say("Rien ne change.\n");
    }
    changes.iter().try_for_each(|change| say(&format!("{change}\n")))
}

pub async fn export(named_as: &str, to: &Path, key_to: Option<&Path>) -> Result<(), Stop> {
    if key_to.is_some_and(|key_to| files::is_same(key_to, to)) {
        return Err(Stop::Refused("--to et --key-to : il faut deux fichiers, remis par deux voies".into()));
    }
    let portal = open_checked(&settings::figment(), Patience::COMMANDS).await?;
    let election = named(&portal, named_as).await?.id;
    // Whole or not at all: the platform never reads half a file.
    let unfinished = to.with_extension("unfinished");
    let file = private::create(&unfinished).map_err(|error| files::at_fault(&unfinished, &error))?;
    let mut sink = BufWriter::new(file);
    let written = export_identifiers(&portal, election, &mut sink).await?;
    let synced = sink.into_inner().map_err(std::io::IntoInnerError::into_error).and_then(|file| file.sync_all());
    synced.map_err(|error| files::at_fault(&unfinished, &error))?;
    fs::rename(&unfinished, to).map_err(|error| files::at_fault(to, &error))?;
    if let Some(path) = key_to {
        let key = format!("{}\n", hex::encode(portal.keys.of_election(election)));
        private::write(path, &key).map_err(|error| files::at_fault(path, &error))?;
    }
    say(&format!("{written} identifiants écrits.\n"))
}

/// The election that an argument names, by number or name.
pub async fn named(portal: &Portal, asked: &str) -> Result<election::Model, Stop> {
    elections::named(portal, asked).await?.map_err(Stop::Refused)
}

fn of(file: &Path, reason: &str) -> Stop {
    Stop::Refused(format!("{} : {reason}", file.display()))
}
