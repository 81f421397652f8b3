//! An election, from the file that describes it.

use chrono::{DateTime, Utc};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{ActiveModelTrait, EntityTrait};
use serde::Deserialize;

use crate::entities::election;
use crate::fault::Fault;
use crate::portal::Portal;
use crate::values::mobile::Territory;

/// The election file of the command line.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ElectionFile {
    pub name: String,
    pub reissue_opens: toml::value::Datetime,
    pub reissue_closes: toml::value::Datetime,
    #[serde(default = "three")]
    pub max_identifiers: i32,
    #[serde(default = "three")]
    pub max_failed_checks: i32,
    pub territories: Vec<Territory>,
    pub support: Support,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Support {
    pub phone: String,
    pub email: String,
    pub hours: String,
}

fn three() -> i32 {
    3
}

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
    kept.filter_map(|code| serde_json::from_value(code.into()).ok()).collect()
}

pub async fn find(portal: &Portal, id: i64) -> Result<Option<election::Model>, Fault> {
    Ok(election::Entity::find_by_id(id).one(&*portal.db).await?)
}

fn read(text: &str) -> Result<election::ActiveModel, String> {
    let file: ElectionFile = toml::from_str(text).map_err(|error| error.message().to_owned())?;
    let opens = moment(&file.reissue_opens)
        .ok_or("reissue_opens : attendu une date avec son fuseau, comme 2026-11-23T10:00:00+01:00")?;
    let closes = moment(&file.reissue_closes).ok_or("reissue_closes : attendu une date avec son fuseau")?;
    if file.name.trim().is_empty() || file.name.chars().count() > 120 || file.name.chars().any(char::is_control) {
        return Err("name : de 1 à 120 caractères, sur une ligne".into());
    }
    if closes <= opens {
        return Err("reissue_closes : doit venir après reissue_opens".into());
    }
    if file.max_identifiers < 1 || file.max_failed_checks < 1 {
        return Err("max_identifiers et max_failed_checks : au moins 1".into());
    }
    if file.territories.is_empty() {
        return Err("territories : au moins un territoire".into());
    }
    let codes: Vec<String> = file
        .territories
        .iter()
        .filter_map(|territory| serde_json::to_value(territory).ok()?.as_str().map(str::to_owned))
        .collect();
    Ok(election::ActiveModel {
        id: NotSet,
        name: Set(file.name.trim().to_owned()),
        reissue_opens: Set(opens),
        reissue_closes: Set(closes),
        max_identifiers: Set(file.max_identifiers),
        max_failed_checks: Set(file.max_failed_checks),
        territories: Set(codes.join(",")),
        support_phone: Set(file.support.phone),
        support_email: Set(file.support.email),
        support_hours: Set(file.support.hours),
    })
}

/// A moment with its offset; a local time would be another moment on each server.
fn moment(datetime: &toml::value::Datetime) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(&datetime.to_string()).ok().map(|moment| moment.with_timezone(&Utc))
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
            ("\"GP\"", "\"XX\"", "XX"),
            ("[\"FR\", \"GP\"]", "[]", "territories"),
            ("name =", "nom =", "nom"),
            ("Élections professionnelles 2026", "", "name"),
        ] {
            let reason = read(&SOUND.replace(from, to)).unwrap_err();
            assert!(reason.contains(named), "{reason}");
        }
    }
}
