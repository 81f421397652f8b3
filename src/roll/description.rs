//! The file that describes an election: read, written, compared. No I/O.

use chrono::{DateTime, TimeDelta, Utc};
use serde::de::DeserializeOwned;
use toml::Table;

use crate::values::{EmailAddress, Instant, Territory, paris};

/// The keys of an election file, beside those of its table `support`.
const KEYS: [&str; 7] =
    ["name", "reissue_opens", "reissue_closes", "max_identifiers", "max_failed_checks", "territories", "support"];
const SUPPORT_KEYS: [&str; 3] = ["phone", "email", "hours"];
const TERRITORIES: &str = "une liste de codes parmi FR, GP, MQ, GF, RE, YT, PM, NC, PF et WF";
const MOMENT: &str = "une date avec son fuseau, comme 2026-11-23T10:00:00+01:00";
const LONGEST_WINDOW: TimeDelta = TimeDelta::days(366);
const LIMITS: std::ops::RangeInclusive<i32> = 1..=10;

/// An election, as its file describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    pub name: String,
    pub opens: Instant,
    pub closes: Instant,
    pub max_identifiers: i32,
    pub max_failed_checks: i32,
    pub territories: Vec<Territory>,
    pub support_phone: String,
    pub support_email: String,
    pub support_hours: String,
}

/// What was already issued in an election, which some changes would belie.
#[derive(Clone, Copy, Debug)]
pub struct Issued {
    /// By the voter who has most; voided ones don't count.
    pub most: i32,
    pub last_at: Instant,
}

impl Description {
    /// Reads a file.
    ///
    /// # Errors
    /// A French sentence that names the key at fault and what is wanted there.
    pub fn read(text: &str) -> Result<Self, String> {
        let file: Table = toml::from_str(text).map_err(|error| {
            let before = error.span().map_or("", |span| text.get(..span.start).unwrap_or_default());
            format!("ligne {} : ce n’est pas du TOML", before.lines().count().max(1))
        })?;
        known_keys(&file, &KEYS, "")?;
        let name: String = field(&file, "name", "un texte")?;
        let opens = moment(&file, "reissue_opens")?;
        let closes = moment(&file, "reissue_closes")?;
        let number = |key| if file.contains_key(key) { field(&file, key, "un nombre entier") } else { Ok(3) };
        let (max_identifiers, max_failed_checks) = (number("max_identifiers")?, number("max_failed_checks")?);
        let territories: Vec<String> = field(&file, "territories", TERRITORIES)?;
        let territories: Option<Vec<Territory>> = territories.iter().map(|code| Territory::from_code(code)).collect();
        let territories = territories.ok_or_else(|| format!("territories : attendu {TERRITORIES}"))?;
        let support: Table = field(&file, "support", "une table avec phone, email et hours")?;
        known_keys(&support, &SUPPORT_KEYS, "support.")?;
        let support_text = |key: &str| -> Result<String, String> {
            let text: String = field(&support, key, "un texte").map_err(|reason| format!("support.{reason}"))?;
            sound(&text, 120).ok_or_else(|| format!("support.{key} : attendu un texte visible, sur une ligne"))
        };
        let (phone, email, hours) = (support_text("phone")?, support_text("email")?, support_text("hours")?);
        if !phone.contains(|c: char| c.is_ascii_digit()) {
            return Err("support.phone : attendu un numéro de téléphone".into());
        }
        if EmailAddress::parse(&email).is_none() {
            return Err("support.email : attendu une adresse électronique".into());
        }
        let name = sound(&name, 120).ok_or(
            "name : de 1 à 120 caractères, sur une ligne, sans caractère invisible ni marque de sens d’écriture",
        )?;
        if closes <= opens {
            return Err("reissue_closes : doit venir après reissue_opens".into());
        }
        if closes - opens > LONGEST_WINDOW {
            return Err("reissue_closes : un an au plus après reissue_opens".into());
        }
        for (key, limit) in [("max_identifiers", max_identifiers), ("max_failed_checks", max_failed_checks)] {
            if !LIMITS.contains(&limit) {
                return Err(format!("{key} : de 1 à 10"));
            }
        }
        if territories.is_empty() {
            return Err("territories : au moins un territoire".into());
        }
        Ok(Self {
            name,
            opens,
            closes,
            max_identifiers,
            max_failed_checks,
            territories,
            support_phone: phone,
            support_email: email,
            support_hours: hours,
        })
    }

    /// The same as a file, by the clock in Paris.
    pub fn write(&self) -> String {
        self.lines().into_iter().flat_map(|(key, value)| [key, " = ", &value, "\n"].map(str::to_owned)).collect()
    }

    /// What a change to another description changes, each as `key : old → new`.
    pub fn changes(&self, new: &Self) -> Vec<String> {
        let pairs = self.lines().into_iter().zip(new.lines());
        pairs.filter(|(old, new)| old != new).map(|((key, old), (_, new))| format!("{key} : {old} → {new}")).collect()
    }

    /// Why it can't become another one, now that identifiers exist: what was done under a rule stays true to it.
    /// Name, territories, failed checks and assistance may change at any time.
    pub fn fixed(&self, new: &Self, issued: Issued) -> Result<(), String> {
        if new.opens != self.opens {
            return Err("reissue_opens : des identifiants sont émis, l’ouverture ne change plus".into());
        }
        if new.closes < issued.last_at {
            let last = paris::wall(issued.last_at).to_rfc3339();
            return Err(format!("reissue_closes : un identifiant a été émis après, le {last}"));
        }
        if new.max_identifiers < issued.most {
            return Err(format!("max_identifiers : quelqu’un en a déjà reçu {}", issued.most));
        }
        Ok(())
    }

    fn lines(&self) -> Vec<(&'static str, String)> {
        let moment = |at: Instant| paris::wall(at).to_rfc3339();
        let codes: Vec<_> = self.territories.iter().map(|territory| format!("{:?}", territory.code())).collect();
        let text = |text: &str| toml::Value::from(text).to_string();
        vec![
            ("name", text(&self.name)),
            ("reissue_opens", moment(self.opens)),
            ("reissue_closes", moment(self.closes)),
            ("max_identifiers", self.max_identifiers.to_string()),
            ("max_failed_checks", self.max_failed_checks.to_string()),
            ("territories", format!("[{}]", codes.join(", "))),
            ("support.phone", text(&self.support_phone)),
            ("support.email", text(&self.support_email)),
            ("support.hours", text(&self.support_hours)),
        ]
    }
}

/// A text that people can read as it is kept: no control, zero-width or directional character, and something to see.
fn sound(text: &str, longest: usize) -> Option<String> {
    let text = text.trim();
    let is_hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}'
                | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{ffff}'
                | '\u{e0000}'..='\u{e0fff}')
    };
    let is_sound =
        text.chars().any(char::is_alphanumeric) && text.chars().count() <= longest && !text.chars().any(is_hidden);
    is_sound.then(|| text.to_owned())
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
        let election = Description::read(SOUND).unwrap();
        assert_eq!(election.opens.to_rfc3339(), "2026-11-23T09:00:00+00:00");
        assert_eq!(election.territories.iter().map(|t| t.code()).collect::<Vec<_>>(), ["FR", "GP"]);
        assert_eq!(election.max_identifiers, 3);
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
            ("Élections professionnelles 2026", "…", "name"),
            ("Élections professionnelles", "Élections\u{200b} professionnelles", "name"),
            ("Élections professionnelles", "Élections\u{202e} professionnelles", "name"),
            ("Élections professionnelles", "Élections\u{2066} professionnelles", "name"),
            ("Élections professionnelles", "\u{feff}Élections", "name"),
            ("Élections professionnelles 2026", "\u{3164}", "name"),
            ("de 9 h à", "de 9 h\u{200f} à", "support.hours"),
            ("2026-12-03", "2027-12-03", "reissue_closes"),
            ("territories", "max_identifiers = 0\nterritories", "max_identifiers"),
            ("territories", "max_identifiers = 11\nterritories", "max_identifiers"),
            ("territories", "max_failed_checks = 99999\nterritories", "max_failed_checks"),
        ] {
            let reason = Description::read(&SOUND.replace(from, to)).unwrap_err();
            assert!(reason.contains(named), "{reason}");
        }
    }

    #[test]
    fn what_is_written_reads_the_same() {
        let election = Description::read(&SOUND.replace("de 9 h", "\\\"de\\\" 9 h, l'été")).unwrap();
        assert_eq!(Description::read(&election.write()).unwrap(), election, "{}", election.write());
    }

    #[test]
    fn what_identifiers_were_issued_under_stays() {
        let old = Description::read(SOUND).unwrap();
        let issued = Issued { most: 2, last_at: "2026-11-24T09:00:00Z".parse().unwrap() };
        for (from, to, is_fixed) in [
            ("Élections", "Les élections", false),
            ("\"GP\"", "\"RE\"", false),
            ("2026-11-23T10", "2026-11-23T11", true),
            ("2026-12-03", "2026-12-10", false),
            ("2026-12-03T17", "2026-11-24T10", false),
            ("2026-12-03T17", "2026-11-24T09", true),
            ("territories", "max_identifiers = 2\nterritories", false),
            ("territories", "max_identifiers = 1\nterritories", true),
            ("territories", "max_failed_checks = 1\nterritories", false),
            ("01 23", "01 24", false),
        ] {
            let new = Description::read(&SOUND.replace(from, to)).unwrap();
            assert_eq!(old.fixed(&new, issued).is_err(), is_fixed, "{from} → {to}");
            assert_eq!(old.changes(&new).len(), 1, "{from} → {to}");
        }
    }
}
