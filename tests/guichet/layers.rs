//! Who may import whom: `values` ← `entities` ← features ← `web`, `worker` ← the command line.

use std::fs;
use std::path::{Path, PathBuf};

/// Every source file of the crate, with its room (`sign_in/rules.rs` → `sign_in`).
fn files() -> Vec<(String, PathBuf)> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    walk(Path::new("src"), &mut found);
    let room = |path: &Path| {
        let inner = path.strip_prefix("src").unwrap();
        inner.components().next().unwrap().as_os_str().to_string_lossy().trim_end_matches(".rs").to_owned()
    };
    found.into_iter().map(|path| (room(&path), path)).collect()
}

/// The rooms that a file names: `crate::room` and `guichet::room`, wherever it does.
fn named(text: &str) -> Vec<String> {
    let code: String = text.split("#[cfg(test)]").next().unwrap().to_owned();
    let mut rooms = Vec::new();
    for root in ["crate::", "guichet::"] {
        for rest in code.split(root).skip(1) {
            if let Some(group) = rest.strip_prefix('{') {
                let group = group.split("};").next().unwrap();
                rooms.extend(group.split(',').map(|name| name.trim().split("::").next().unwrap().to_owned()));
            } else {
                rooms.push(rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap().to_owned());
            }
        }
    }
    rooms
}

const FEATURES: [&str; 7] = ["roll", "sign_in", "recovery", "issuance", "outbox", "delivery", "captcha"];

/// What each room may name.
fn allowed(room: &str) -> Vec<&'static str> {
    let ground = ["fault", "values"];
    let house = [
        "fault", "private", "values", "settings", "metrics", "carriers", "db", "texts", "hashing", "entities",
        "portal", "schema", "claims",
    ];
    match room {
        "values" | "entities" | "private" => vec!["values"],
        "fault" | "metrics" => vec![],
        "db" => vec!["fault", "private"],
        "claims" => vec!["values", "entities"],
        "schema" => vec!["fault", "db"],
        "settings" | "texts" => ground.to_vec(),
        "carriers" => [&ground[..], &["private", "settings"]].concat(),
        "hashing" => [&ground[..], &["settings"]].concat(),
        "portal" => [&ground[..], &["settings", "metrics", "carriers", "claims", "db", "texts", "hashing"]].concat(),
        room if FEATURES.contains(&room) || ["worker", "alarms", "upkeep", "demo", "secret"].contains(&room) => {
            [&house[..], &FEATURES, &["alarms", "upkeep"]].concat()
        }
        "web" => [&house[..], &FEATURES, &["demo"]].concat(),
        "main" | "cli" | "lib" => [&house[..], &FEATURES, &["demo", "secret", "web", "worker"]].concat(),
        other => panic!("the room {other} is new: say here what it may name"),
    }
}

#[test]
fn every_room_names_only_what_it_stands_on() {
    for (room, path) in files() {
        let text = fs::read_to_string(&path).unwrap();
        for other in named(&text) {
            if !other.is_empty() && other != room {
                assert!(allowed(&room).contains(&other.as_str()), "{} names {other}", path.display());
            }
        }
    }
}

#[test]
fn rules_and_parsers_know_values_only() {
    let pure = files()
        .into_iter()
        .filter(|(room, path)| room == "values" || path.ends_with("rules.rs") || path.ends_with("parse.rs"));
    let mut seen = 0;
    for (_, path) in pure {
        seen += 1;
        let text = fs::read_to_string(&path).unwrap();
        for library in ["sea_orm", "rocket", "tokio", "reqwest", "lettre::", "async fn", "std::fs", "std::net"] {
            assert!(!text.contains(library), "{} uses {library}", path.display());
        }
        assert!(named(&text).iter().all(|room| room == "values"), "{}", path.display());
    }
    assert!(seen > 15, "the files were found");
}

#[test]
fn the_pages_write_nothing_themselves() {
    for (room, path) in files() {
        let text = fs::read_to_string(&path).unwrap();
        if room == "web" {
            for word in ["ActiveModel", "Entity::", "EntityTrait", ".begin()"] {
                assert!(!text.contains(word), "{} uses {word}", path.display());
            }
        }
        if !path.ends_with("values/clock.rs") && !path.ends_with("values/chance.rs") {
            for word in ["Utc::now", "SystemTime::now", "OsRng", "thread_rng"] {
                assert!(!text.contains(word), "{} reads {word} on the side", path.display());
            }
        }
    }
}

#[test]
fn every_form_goes_through_the_guard() {
    for (_, path) in files().into_iter().filter(|(room, _)| room == "web") {
        let text = fs::read_to_string(&path).unwrap();
        for post in text.split("#[post(").skip(1) {
            let signature = post.split(" -> ").next().unwrap();
            // Receipts come from machines, and are signed.
            let guarded = ["Posted<", "Patient<", "Pressed", "Signed<"].iter().any(|guard| signature.contains(guard));
            assert!(guarded, "{}: {signature}", path.display());
        }
    }
}

/// Compared anywhere else, a digest of the roll would tell uncounted what a NUMEN or a birthdate is. An administrator's file
/// names voters by their NUMEN.
#[test]
fn secrets_of_the_roll_are_compared_in_the_counted_check_and_by_imports_only() {
    let homes = [
        "issuance/request.rs",
        "issuance/desk/voted.rs",
        "roll/compare.rs",
        "roll/exchange.rs",
        "roll/heirs.rs",
        "roll/portion.rs",
        "values/birthdate.rs",
        "entities/voter.rs",
    ];
    let mut seen = 0;
    for (_, path) in files() {
        let text = fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap();
        // By whatever name: only these values are digested under the portal's keys.
        let words = [
            "numen_digest",
            "birthdate_digest",
            "NumenDigest",
            "BirthdateDigest",
            "digest(&portal.keys",
            "digest(keys",
        ];
        if words.iter().any(|word| code.contains(word)) {
            seen += 1;
            assert!(homes.iter().any(|home| path.ends_with(home)), "{} looks at a secret of the roll", path.display());
        }
    }
    assert_eq!(seen, homes.len(), "each of them still does");
}
