//! The GSM 7-bit alphabet (3GPP TS 23.038): an SMS written in it holds 160 characters in one segment,
//! and one character outside it turns the whole message into segments of 70.

use unicode_normalization::UnicodeNormalization;

/// Septets in one segment.
pub const SEGMENT: usize = 160;

const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡\
ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// These take two septets each.
const EXTENDED: &str = "^{}\\[~]|€";

/// How many septets a text takes, or nothing when it has a character outside the alphabet.
pub fn septets(text: &str) -> Option<usize> {
    text.chars()
        .map(|c| match c {
            c if BASIC.contains(c) => Some(1),
            c if EXTENDED.contains(c) => Some(2),
            _ => None,
        })
        .sum()
}

/// The text in the alphabet's own characters: `ê` becomes `e`, `œ` `oe`, `’` `'`; what has no near
/// letter at all is left out.
pub fn spell(text: &str) -> String {
    text.nfc().flat_map(|c| spell_char(c).chars().collect::<Vec<_>>()).collect()
}

/// The beginning of a spelled text that takes at most so many septets, cut at a word where one ends.
pub fn shorten(text: &str, most: usize) -> String {
    if septets(text).is_some_and(|length| length <= most) {
        return text.to_owned();
    }
    let room = most.saturating_sub(3);
    let mut kept = String::new();
    for c in text.chars() {
        kept.push(c);
        if septets(&kept).unwrap_or(usize::MAX) > room {
            kept.pop();
            break;
        }
    }
    let at_word = kept.rfind(' ').filter(|&at| at > kept.len() / 2).unwrap_or(kept.len());
    kept.truncate(at_word);
    kept.push_str("...");
    kept.chars().take(most).collect()
}

fn spell_char(c: char) -> String {
    if BASIC.contains(c) || EXTENDED.contains(c) {
        return c.to_string();
    }
    match c {
        'œ' => "oe".into(),
        'Œ' => "OE".into(),
        '’' | '‘' | 'ʼ' => "'".into(),
        '“' | '”' | '«' | '»' => "\"".into(),
        '–' | '—' | '‑' | '•' | '·' => "-".into(),
        '…' => "...".into(),
        c if c.is_whitespace() => " ".into(),
        c => std::iter::once(c).nfkd().filter(|part| BASIC.contains(*part) && !part.is_control()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_french_letters_of_the_alphabet_are_the_expected_ones() {
        for c in "àèéùìòÇÉÄÖÜäöüñ".chars() {
            assert_eq!(septets(&c.to_string()), Some(1), "{c}");
        }
        for c in "çêâîôûëïœÀÈ’\u{a0}\u{202f}".chars() {
            assert_eq!(septets(&c.to_string()), None, "{c}");
        }
        assert_eq!(septets("€["), Some(4));
    }

    #[test]
    fn other_letters_are_spelled_with_the_nearest_ones() {
        assert_eq!(
            spell("Élections à Besançon : « l’œuvre » – août…"),
            "Élections à Besancon : \" l'oeuvre \" - aout..."
        );
        assert_eq!(spell("投票 😀 ①"), "  1");
    }

    #[test]
    fn long_texts_are_cut_at_a_word() {
        assert_eq!(shorten("Élections professionnelles 2026", 40), "Élections professionnelles 2026");
        assert_eq!(shorten("Élections professionnelles 2026", 30), "Élections professionnelles...");
        assert_eq!(shorten("Anticonstitutionnellement", 10), "Anticon...");
    }

    proptest! {
        #[test]
        fn whatever_is_spelled_and_shortened_fits(text in "\\PC{0,200}", most in 3usize..60) {
            let spelled = spell(&text);
            prop_assert!(septets(&spelled).is_some());
            prop_assert!(septets(&shorten(&spelled, most)).is_some_and(|length| length <= most));
        }
    }
}
