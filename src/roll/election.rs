//! An election, from the file that describes it.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde::de::DeserializeOwned;
use toml::Table;

use crate::entities::election;
use crate::fault::Fault;
use crate::portal::Portal;
use crate::values::{EmailAddress, Territory};

/// The keys of an election file, beside those of its table `support`.
const KEYS: [&str; 7] =
    ["name", "reissue_opens", "reissue_closes", "max_identifiers", "max_failed_checks", "territories", "support"];
const SUPPORT_KEYS: [&str; 3] = ["phone", "email", "hours"];
const TERRITORIES: &str = "une liste de codes parmi FR, GP, MQ, GF, RE, YT, PM, NC, PF et WF";
/// How long questions come after the window has closed.
const AFTERWARDS: TimeDelta = TimeDelta::days(30);
const MOMENT: &str = "une date avec son fuseau, comme 2026-11-23T10:00:00+01:00";

/// Adds the election that a file describes. Returns its id, or why the file is refused.
pub async fn add(portal: &Portal, text: &str) -> Result<Result<i64, String>, Fault> {
    let model = match read(text) {
        Ok(model) => model,
        Err(reason) => return Ok(Err(reason)),
    };
    Ok(Ok(model.insert(&*portal.db).await?.id))
}

/// The territories of an election, as they are kept: `FR,GP`.
pub fn territories(election: &election::Model) -> Vec<Territory> {
    let kept = election.territories.split(',');
    kept.filter_map(Territory::from_code).collect()
}

pub async fn find(portal: &Portal, id: i64) -> Result<Option<election::Model>, Fault> {
    Ok(election::Entity::find_by_id(id).one(&*portal.db).await?)
}

/// The elections that people still call about, the next to close first.
pub async fn supported(portal: &Portal) -> Result<Vec<election::Model>, Fault> {
    Ok(election::Entity::find()
        .filter(election::Column::ReissueCloses.gt(portal.now() - AFTERWARDS))
        .order_by_asc(election::Column::ReissueCloses)
        .all(&*portal.db)
        .await?)
}

fn read(text: &str) -> Result<election::ActiveModel, String> {
    let file: Table = toml::from_str(text).map_err(|error| {
        let before = error.span().map_or("", |span| text.get(..span.start).unwrap_or_default());
        format!("ligne {} : ce n’est pas du TOML", before.lines().count().max(1))
    })?;
    known_keys(&file, &KEYS, "")?;
    let name: String = field(&file, "name", "un texte")?;
    let opens = moment(&file, "reissue_opens")?;
    let closes = moment(&file, "reissue_closes")?;
    let number = |key| if file.contains_key(key) { field(&file, key, "un nombre entier") } else { Ok(3) };
    let (max_identifiers, max_failed_checks): (i32, i32) = (number("max_identifiers")?, number("max_failed_checks")?);
    let territories: Vec<String> = field(&file, "territories", TERRITORIES)?;
    let territories: Option<Vec<Territory>> = territories.iter().map(|code| Territory::from_code(code)).collect();
    let territories = territories.ok_or_else(|| format!("territories : attendu {TERRITORIES}"))?;
    let support: Table = field(&file, "support", "une table avec phone, email et hours")?;
    known_keys(&support, &SUPPORT_KEYS, "support.")?;
    let support_text = |key: &str| -> Result<String, String> {
        let text: String = field(&support, key, "un texte").map_err(|reason| format!("support.{reason}"))?;
        let text = text.trim().to_owned();
        if text.is_empty() || text.chars().any(char::is_control) {
            return Err(format!("support.{key} : attendu un texte, sur une ligne"));
        }
        Ok(text)
    };
    let (phone, email, hours) = (support_text("phone")?, support_text("email")?, support_text("hours")?);
    if !phone.contains(|c: char| c.is_ascii_digit()) {
        return Err("support.phone : attendu un numéro de téléphone".into());
    }
    if EmailAddress::parse(&email).is_none() {
        return Err("support.email : attendu une adresse électronique".into());
    }
    if name.trim().is_empty() || name.chars().count() > 120 || name.chars().any(char::is_control) {
        return Err("name : de 1 à 120 caractères, sur une ligne".into());
    }
    if closes <= opens {
        return Err("reissue_closes : doit venir après reissue_opens".into());
    }
    if max_identifiers < 1 || max_failed_checks < 1 {
        return Err("max_identifiers et max_failed_checks : au moins 1".into());
    }
    if territories.is_empty() {
        return Err("territories : au moins un territoire".into());
    }
    let codes: Vec<&str> = territories.into_iter().map(Territory::code).collect();
    Ok(election::ActiveModel {
        id: NotSet,
        name: Set(name.trim().to_owned()),
        reissue_opens: Set(opens),
        reissue_closes: Set(closes),
        max_identifiers: Set(max_identifiers),
        max_failed_checks: Set(max_failed_checks),
        territories: Set(codes.join(",")),
        support_phone: Set(phone),
        support_email: Set(email),
        support_hours: Set(hours),
    })
}

fn field<T: DeserializeOwned>(table: &Table, key: &str, wanted: &str) -> Result<T, String> {
    let value = table.get(key).ok_or_else(|| format!("{key} : manque ; attendu {wanted}"))?;
    value.clone().try_into().map_err(|_| format!("{key} : attendu {wanted}"))
}

/// A mistyped key would be left out in silence.
fn known_keys(table: &Table, known: &[&str], within: &str) -> Result<(), String> {
    match table.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => Err(format!("{within}{key} : inconnu ; connus : {}", known.join(", "))),
        None => Ok(()),
    }
}

/// A moment with its offset; a local time would be another moment on each server.
fn moment(file: &Table, key: &str) -> Result<DateTime<Utc>, String> {
    let written = file.get(key).and_then(toml::Value::as_datetime).map(ToString::to_string);
    let moment = written.and_then(|text| DateTime::parse_from_rfc3339(&text).ok());
    moment.map(|moment| moment.with_timezone(&Utc)).ok_or_else(|| format!("{key} : attendu {MOMENT}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOUND: &str = r#"
        name = "Élections professionnelles 2026"
        reissue_opens = 2026-11-23T10:00:00+01:00
        reissue_closes = 2026-12-03T17:00:00+01:00
        territories = ["FR", "GP"]
        support = { phone = "01 23 45 67 89", email = "assistance@example.fr", hours = "de 9 h à 18 h" }
    "#;

    #[test]
    fn a_sound_file_is_read_with_its_offset() {
        let election = read(SOUND).unwrap();
        assert_eq!(election.reissue_opens.unwrap().to_rfc3339(), "2026-11-23T09:00:00+00:00");
        assert_eq!(election.territories.unwrap(), "FR,GP");
        assert_eq!(election.max_identifiers.unwrap(), 3);
    }

    #[test]
    fn each_fault_of_a_file_is_named() {
        for (from, to, named) in [
            ("+01:00\n        reissue_closes", "\n        reissue_closes", "reissue_opens"),
            ("2026-12-03", "2026-11-01", "reissue_closes"),
            ("\"GP\"", "\"XX\"", "territories"),
            ("phone = \"01 23 45 67 89\"", "phone = \"\"", "support.phone"),
            ("assistance@example.fr", "assistance", "support.email"),
            ("territories = [", "territories = \n[ oups", "ligne"),
            ("[\"FR\", \"GP\"]", "[]", "territories"),
            ("name =", "nom =", "nom"),
            ("Élections professionnelles 2026", "", "name"),
        ] {
            let reason = read(&SOUND.replace(from, to)).unwrap_err();
            assert!(reason.contains(named), "{reason}");
        }
    }
}
