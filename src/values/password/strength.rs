//! What is soon guessed: a common word, a name, a town or a row of the keyboard, however it is decorated.

use std::collections::HashSet;
use std::sync::LazyLock;

use zxcvbn::matching::patterns::MatchPattern;

/// Under 10^6 guesses an attacker who tries the usual passwords first is soon there.
const FEW: u64 = 1_000_000;
/// A repeated syllable has no more letters than this.
const SYLLABLE: usize = 3;
/// Up to so many characters, three letters at most make no password.
const SHORT: usize = 10;
/// Two common words side by side are one guess more than one, up to so many letters.
const TWO_WORDS: usize = 8;
const ROWS: [&str; 9] = [
    "azertyuiop",
    "qsdfghjklm",
    "wxcvbn",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "aqwzsxedcrfvtgbyhnuj",
    "qazwsxedcrfvtgbyhnuj",
    "abcdefghijklmnopqrstuvwxyz",
];

/// Words of four letters and more, in lower case without accents.
static COMMON: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    let words = include_str!("common_words_fr.txt").lines().filter(|line| !line.starts_with('#'));
    words.flat_map(str::split_whitespace).collect()
});

/// Whether a password, given in lower case without accents too, is among the first that are tried.
pub fn is_weak(password: &str, folded: &str) -> bool {
    let end = folded.trim_end_matches(|c: char| !c.is_ascii_lowercase()).len();
    let begin = folded.len() - folded.trim_start_matches(|c: char| !c.is_ascii_lowercase()).len();
    let core = folded.get(begin..end).unwrap_or_default();
    // Three letters and a year.
    let is_short =
        core.len() <= SYLLABLE && core.chars().map(meant).all(|c| c.is_ascii_lowercase()) && folded.is_ascii();
    is_short && folded.len() <= SHORT
        || is_common(&letters(core.chars()))
        || decorated(folded, begin, end).any(|meant| is_common(&meant))
        // 1 stands for an i above, and for an l here.
        || decorated(&folded.replace('1', "l"), begin, end).any(|meant| is_common(&meant))
        || is_known(core)
        || zxcvbn::zxcvbn(password, &[]).guesses() < FEW
}

/// Whether zxcvbn takes all that is left for one thing: an English word, a name, one of the world's commonest passwords.
fn is_known(core: &str) -> bool {
    core.len() > SYLLABLE
        && matches!(zxcvbn::zxcvbn(core, &[]).sequence(), [one] if one.pattern != MatchPattern::BruteForce)
}

/// The letters of a password with digits and signs read as the letters for which they stand, and with less and less of what
/// stands before and behind: it may belong to the word or not.
fn decorated(folded: &str, begin: usize, end: usize) -> impl Iterator<Item = String> {
    let ends = (end..=folded.len()).filter(|&at| folded.is_char_boundary(at));
    ends.flat_map(move |end| [0, begin].into_iter().filter_map(move |begin| folded.get(begin..end)))
        .map(|text| letters(text.chars().map(meant)))
}

fn letters(text: impl Iterator<Item = char>) -> String {
    text.filter(char::is_ascii_lowercase).collect()
}

fn meant(c: char) -> char {
    match c {
        '@' | '4' => 'a',
        '0' => 'o',
        '3' => 'e',
        '1' | '!' => 'i',
        '$' | '5' => 's',
        '7' => 't',
        other => other,
    }
}

fn is_common(letters: &str) -> bool {
    let singular = ["s", "x", "z", "es"].iter().filter_map(|ending| letters.strip_suffix(ending));
    let is_word = |word: &str| {
        let unit = repeated(word);
        unit != word && unit.len() <= SYLLABLE || COMMON.contains(unit) || COMMON.contains(word)
    };
    [letters].into_iter().chain(singular).any(is_word) || is_walk(letters) || is_two_words(letters)
}

fn is_two_words(letters: &str) -> bool {
    letters.len() <= TWO_WORDS
        && (1..letters.len())
            .map(|at| letters.split_at(at))
            .any(|(one, two)| COMMON.contains(one) && COMMON.contains(two))
}

/// What a text repeats: `lou` in `loulou`, or the text itself.
fn repeated(letters: &str) -> &str {
    let unit = (1..=letters.len() / 2)
        .map(|size| &letters[..size])
        .find(|unit| letters.len().is_multiple_of(unit.len()) && unit.repeat(letters.len() / unit.len()) == letters);
    unit.unwrap_or(letters)
}

/// Neighbours on a keyboard or in the alphabet, two thirds of the way.
fn is_walk(letters: &str) -> bool {
    let steps: Vec<&str> = (1..letters.len()).map(|at| &letters[at - 1..=at]).collect();
    let is_step = |pair: &str| {
        let back: String = pair.chars().rev().collect();
        pair == back || ROWS.iter().any(|row| row.contains(pair) || row.contains(&back))
    };
    steps.len() >= SYLLABLE && steps.iter().filter(|pair| is_step(pair)).count() * 3 >= steps.len() * 2 + 2
}
