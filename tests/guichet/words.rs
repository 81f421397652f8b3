//! Every sentence that pages and letters ask for exists, and none is left over.

use std::collections::{BTreeMap, BTreeSet};
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

/// Each sentence of a locale by its key, with all its variants.
fn sentences(folder: &str) -> BTreeMap<String, String> {
    let mut sentences = BTreeMap::new();
    let mut last = String::new();
    for line in read_all(folder, "ftl").lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty()) {
        if let Some((key, text)) = line.split_once(" =").filter(|_| line.starts_with(|c: char| c.is_ascii_lowercase()))
        {
            key.clone_into(&mut last);
            assert!(sentences.insert(last.clone(), text.trim().to_owned()).is_none(), "{key} is there twice");
        } else {
            let sentence = sentences.get_mut(&last).unwrap();
            sentence.push('\n');
            sentence.push_str(line);
        }
    }
    sentences
}

fn keys() -> BTreeSet<String> {
    sentences("locales/fr").into_keys().collect()
}

#[test]
fn english_says_all_that_voters_see() {
    let (french, english) = (sentences("locales/fr"), sentences("locales/en"));
    // To the assistance of an election, in French.
    let is_for_voters = |key: &&String| !key.starts_with("mail-disavowal-reported");
    assert!(french.keys().filter(is_for_voters).eq(english.keys()));
    let same = ["issued-when", "numen-label", "day-of-month", "date"];
    let values = |text: &str| -> BTreeSet<String> {
        let named =
            |rest: &str| rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap().to_owned();
        text.split('$').skip(1).map(named).collect()
    };
    for (key, sentence) in &english {
        assert_eq!(values(sentence), values(&french[key]), "{key}");
        assert!(sentence != &french[key] || same.contains(&key.as_str()), "{key} is untranslated");
        assert!(!sentence.contains(['\u{a0}', '\u{202f}', '«', '»', '\'']), "{key}: {sentence}");
    }
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
    let included = ["weekday", "month", "day-of-month", "date", "overseas"];
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
        // A narrow space that does not break; the walk in a browser reads what is rendered of it.
        for (at, mark) in text.char_indices().filter(|(_, mark)| [':', ';', '!', '?', '»'].contains(mark)) {
            assert!(text[..at].ends_with('\u{202f}') || text[..at].ends_with(" comme "), "{mark:?} in {line:?}");
        }
        assert!(text.split('«').skip(1).all(|rest| rest.starts_with('\u{202f}')) && !text.contains('\''), "{line:?}");
    }
}
