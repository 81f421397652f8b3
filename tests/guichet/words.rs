//! Every sentence that pages and letters ask for exists, and none is left over.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

fn read_all(folder: &str, extension: &str) -> String {
    fn walk(folder: &Path, extension: &str, text: &mut String) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, extension, text);
            } else if path.extension().is_some_and(|found| found == extension) {
                text.push_str(&fs::read_to_string(path).unwrap());
                text.push('\n');
            }
        }
    }
    let mut text = String::new();
    walk(Path::new(folder), extension, &mut text);
    text
}

fn keys() -> BTreeSet<String> {
    let locale = read_all("locales/fr", "ftl");
    let begins_message = |line: &&str| line.starts_with(|c: char| c.is_ascii_lowercase());
    locale.lines().filter(begins_message).map(|line| line.split(" =").next().unwrap().to_owned()).collect()
}

/// The names between quotes in a text.
fn quoted(text: &str) -> BTreeSet<String> {
    text.split('"').map(str::to_owned).collect()
}

#[test]
fn every_sentence_that_a_template_asks_for_exists() {
    let (keys, templates) = (keys(), read_all("templates", "hbs"));
    assert!(keys.len() > 100);
    for rest in templates.split("t \"").skip(1).chain(templates.split(" label=\"").skip(1)) {
        let key = rest.split('"').next().unwrap();
        assert!(keys.contains(key), "{key} is in no locale");
    }
}

#[test]
fn no_sentence_is_left_over() {
    let used = quoted(&(read_all("templates", "hbs") + &read_all("src", "rs")));
    // Sentences that others include, or whose name is made of a status or a criterion.
    let made = |key: &str| key.starts_with("error-") || (key.starts_with("criterion-") && key.ends_with("-unmet"));
    let included = ["weekday", "month", "day-of-month", "date"];
    for key in keys() {
        assert!(used.contains(&key) || made(&key) || included.contains(&key.as_str()), "{key} is used nowhere");
    }
}

#[test]
fn french_spacing_is_right() {
    for line in read_all("locales/fr", "ftl").lines().filter(|line| !line.starts_with('#')) {
        let Some((_, text)) = line.split_once("= ").or_else(|| line.split_once("] ")) else { continue };
        if text.starts_with("{ $") && text.ends_with("->") {
            continue;
        }
        for wrong in [" :", " ;", " !", " ?", "« ", " »", "'"] {
            assert!(!text.contains(wrong), "{wrong:?} in {line:?}");
        }
    }
}
