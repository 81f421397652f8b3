//! A demonstration: everything embedded, a fictional roll, and nothing ever sent out.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use chrono::Duration;
use rocket::figment::Figment;
use sea_orm::EntityTrait;
use serde_json::{Value, json};

use crate::entities::election;
use crate::fault::Fault;
use crate::portal::Portal;
use crate::private;
use crate::roll;
use crate::settings::{self, Settings};
use crate::values::{Chance, Instant, Keys};

const ROLL: &str = "liste-electorale.csv";
const VOTERS: usize = 200;

/// Académies of the fictional schools: domain, name, UAI prefix.
const SCHOOLS: [(&str, &str, &str, &str); 8] = [
    ("ac-valmont.example", "Valmont", "0990001A", "Collège des Quatre-Vents"),
    ("ac-valmont.example", "Valmont", "0990002B", "Lycée Hélène-Boucher"),
    ("ac-valmont.example", "Valmont", "0990003C", "École élémentaire du Pré-aux-Clercs"),
    ("ac-rivage.example", "Rivage", "0980001D", "Lycée professionnel de la Côte"),
    ("ac-rivage.example", "Rivage", "0980002E", "Rectorat, site de l’Œillet"),
    ("ac-guadeloupe.example", "Guadeloupe", "9710001F", "Collège des Alizés"),
    ("ac-reunion.example", "La Réunion", "9740001G", "Lycée du Piton"),
    ("ac-noumea.example", "Nouvelle-Calédonie", "9830001H", "Collège de la Baie"),
];
const FIRST_NAMES: [&str; 20] = [
    "Camille",
    "Zoé",
    "Moana",
    "Élodie",
    "François",
    "Aïcha",
    "Yann",
    "Inès",
    "Loïc",
    "Maëlle",
    "Ousmane",
    "Jeanne",
    "Hervé",
    "Noémie",
    "Teva",
    "Thérèse",
    "Karim",
    "Solène",
    "Mathis",
    "Béatrice",
];
const LAST_NAMES: [&str; 20] = [
    "Aubry", "Lefèvre", "Nguyen", "Bélair", "Moreau", "Payet", "Diallo", "Garçon", "Hoarau", "Le Gall", "Martinez",
    "Noël", "Okoye", "Péron", "Quénet", "Roussel", "Saïd", "Tessier", "Vasseur", "Wamytan",
];

/// The settings of a demonstration in a folder, whose secret is made at its first start.
pub fn figment(folder: &Path, port: u16) -> Result<Figment, Fault> {
    fs::create_dir_all(folder)?;
    let secret = folder.join("secret");
    if !secret.exists() {
        private::write(&secret, &Keys::draw(&Chance::System))?;
    }
    Ok(settings::figment()
        .select(settings::DEMO)
        .join(("log_level", "off"))
        .merge(("port", port))
        .merge(("address", "127.0.0.1"))
        .merge(("portal.public_url", format!("http://localhost:{port}")))
        .merge(("portal.secret", fs::read_to_string(&secret)?))
        .merge(("database.url", format!("sqlite://{}", folder.join("guichet.sqlite").display())))
        .merge(("mail.carrier", "file"))
        .merge(("sms.carrier", "file")))
}

/// At the first start, adds the election and its roll.
pub async fn prepare(portal: &Portal) -> Result<(), Fault> {
    if election::Entity::find().one(&portal.db).await?.is_none() {
        let added = roll::election::add(portal, &election_file(portal.now())).await?;
        added.map_err(Fault::new)?;
    }
    let roll_file = roll_file(&portal.settings);
    if !roll_file.exists() {
        private::write(&roll_file, &roll_content(&Chance::seeded(2026)))?;
    }
    // Importing again changes nothing; after an interruption it brings what is missing.
    let election = election::Entity::find().one(&portal.db).await?.ok_or_else(|| Fault::new("no election"))?;
    let file = fs::File::open(&roll_file)?;
    let imported =
        roll::import::import(portal, &election, &file, "guichet demo", false, &mut |_| Ok(()), &mut |_| ()).await?;
    imported.map_err(Fault::new)?;
    Ok(())
}

/// The first voter of the fictional roll, for the walk-through on the home page.
pub fn guide(settings: &Settings) -> Result<Option<Value>, Fault> {
    let file = roll_file(settings);
    if !file.exists() {
        return Ok(None);
    }
    let content = fs::read_to_string(&file)?;
    let fields: Vec<&str> = content.lines().nth(1).unwrap_or_default().split(';').collect();
    let [numen, _, _, birthdate, email, ..] = fields[..] else { return Ok(None) };
    let rows = [("email-label", email), ("birthdate-label", birthdate), ("numen-label", numen)];
    let rows: Vec<Value> = rows.into_iter().map(|(key, value)| json!({ "key": key, "value": value })).collect();
    Ok(Some(json!({ "email": email, "rows": rows, "file": file.display().to_string() })))
}

fn roll_file(settings: &Settings) -> PathBuf {
    settings.outbox_folder().with_file_name(ROLL)
}

fn election_file(now: Instant) -> String {
    let opens = (now - Duration::hours(1)).to_rfc3339();
    let closes = (now + Duration::days(60)).to_rfc3339();
    format!(
        r#"
        name = "Élections professionnelles de démonstration"
        reissue_opens = {opens}
        reissue_closes = {closes}
        territories = ["FR", "GP", "MQ", "GF", "RE", "YT", "PM", "NC", "PF", "WF"]
        support = {{ phone = "01 99 00 00 00", email = "assistance@guichet.example", hours = "de 9 h à 18 h" }}
        "#
    )
}

fn roll_content(chance: &Chance) -> String {
    let mut text = "numen;nom;prenoms;date_naissance;courriel;uai;etablissement;academie;scrutins\n".to_owned();
    let letter = |_| char::from(b'A' + u8::try_from(chance.below(26)).unwrap_or_default());
    for n in 0..VOTERS {
        let (domain, academy, uai, school) = SCHOOLS[n % SCHOOLS.len()];
        let first = FIRST_NAMES[(n * 7 + n / FIRST_NAMES.len()) % FIRST_NAMES.len()];
        let last = LAST_NAMES[(n * 3 + n / SCHOOLS.len()) % LAST_NAMES.len()];
        let numen = format!(
            "{:02}{}{:07}{}",
            10 + chance.below(80),
            letter(0),
            chance.below(10_000_000),
            (0..3).map(letter).collect::<String>()
        );
        let birthdate = format!("{:02}/{:02}/{}", 1 + chance.below(28), 1 + chance.below(12), 1960 + chance.below(42));
        let address =
            format!("{}.{}{}@{domain}", plain(first), plain(last), if n < 8 { String::new() } else { n.to_string() });
        let _ = writeln!(
            text,
            "{numen};{last};{first};{birthdate};{address};{uai};{school};{academy};CSA|CAP-{}",
            n % 3 + 1
        );
    }
    text
}

/// A name as addresses spell it.
fn plain(name: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    name.nfd().filter(char::is_ascii_alphabetic).collect::<String>().to_lowercase()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::roll::parse::Layout;

    #[test]
    fn the_fictional_roll_has_no_fault_and_no_two_voters_alike() {
        let content = roll_content(&Chance::seeded(2026));
        let now = "2026-11-23T09:00:00Z".parse().unwrap();
        let mut lines = content.lines();
        let layout = Layout::read(lines.next().unwrap().as_bytes()).unwrap();
        let rows: Vec<_> = lines.map(|line| layout.row(2, line.as_bytes(), now).unwrap().unwrap()).collect();
        assert_eq!(rows.len(), VOTERS);
        assert_eq!(rows.iter().map(|row| &row.email).collect::<HashSet<_>>().len(), VOTERS);
        assert_eq!(rows.iter().map(|row| &row.numen).collect::<HashSet<_>>().len(), VOTERS);
    }
}
