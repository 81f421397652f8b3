//! The commands on an election: its description, its identifiers.

use std::io::{BufReader, BufWriter};
use std::path::Path;

use guichet::db::Patience;
use guichet::entities::election;
use guichet::fault::Fault;
use guichet::issuance::export::export as export_identifiers;
use guichet::issuance::export::verify::{self, Flaw};
use guichet::portal::Portal;
use guichet::private::{self, Unfinished};
use guichet::roll::election::{self as elections, Added};
use guichet::settings::{self, Settings};
use guichet::texts;

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
    let file = Unfinished::of(to).map_err(|error| files::at_fault(to, &error))?;
    let mut sink = BufWriter::new(file);
    let written = export_identifiers(&portal, election, &mut sink).await?;
    let written_out = sink.into_inner().map_err(std::io::IntoInnerError::into_error);
    written_out.and_then(Unfinished::publish).map_err(|error| files::at_fault(to, &error))?;
    if let Some(path) = key_to {
        let key = format!("{}\n", hex::encode(portal.keys.of_election(election)));
        private::write(path, &key).map_err(|error| files::at_fault(path, &error))?;
    }
    say(&format!("{written} identifiants écrits.\n"))
}

/// Says whether an export is whole and as this portal wrote it. The master secret tells; no database is needed.
pub fn verify(path: &Path) -> Result<(), Stop> {
    let settings = Settings::read(&settings::figment()).map_err(Stop::Settings)?;
    let keys = settings.keys().ok_or_else(|| Fault::new("no master secret"))?;
    let file = BufReader::new(files::open(path)?);
    let verdict = verify::verify(file, &keys).map_err(|error| files::at_fault(path, &error))?;
    let last = verdict.map_err(|flaw| of(path, &wrong(flaw)))?;
    let taken = texts::date_and_time(last.taken);
    say(&format!(
        "Fichier entier et inchangé : {} identifiants de l’élection {}, écrits le {taken}.\n",
        last.records, last.election
    ))
}

fn wrong(flaw: Flaw) -> String {
    match flaw {
        Flaw::Empty => "le fichier est vide".into(),
        Flaw::NoExport => "ce n’est pas un export d’identifiants de cette version, ou son en-tête a été altéré".into(),
        Flaw::NoLastLine => "la dernière ligne (#end) manque ; le fichier est tronqué".into(),
        Flaw::LastLine => "la dernière ligne (#end) est coupée ou altérée".into(),
        Flaw::Longer => "quelque chose suit la dernière ligne (#end) ; le fichier a été allongé".into(),
        Flaw::OtherPortal => {
            "écrit par un autre portail ; portal.secret n’est pas celui sous lequel il a été écrit".into()
        }
        Flaw::Records { said, found } if found < said => {
            format!("{said} lignes annoncées, {found} trouvées ; le fichier est tronqué")
        }
        Flaw::Records { said, found } => {
            format!("{said} lignes annoncées, {found} trouvées ; des lignes ont été ajoutées")
        }
        Flaw::Altered => "le contenu a été altéré depuis qu’il a été écrit".into(),
    }
}

/// The election that an argument names, by number or name.
pub async fn named(portal: &Portal, asked: &str) -> Result<election::Model, Stop> {
    elections::named(portal, asked).await?.map_err(Stop::Refused)
}

fn of(file: &Path, reason: &str) -> Stop {
    Stop::Refused(format!("{} : {reason}", file.display()))
}
