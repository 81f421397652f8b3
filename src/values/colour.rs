//! Colours, and whether they can be read on one another.

use std::fmt;

use serde::Deserialize;

/// An opaque colour in sRGB, written `#0b5a6b`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Colour([u8; 3]);

impl Colour {
    pub const WHITE: Self = Self([255; 3]);

    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6)?;
        let mut channels = [0; 3];
        hex::decode_to_slice(digits, &mut channels).ok()?;
        Some(Self(channels))
    }

    /// From 1 to 21 (WCAG 2.1, contrast ratio).
    pub fn contrast(self, other: Self) -> f64 {
        let (one, two) = (self.luminance() + 0.05, other.luminance() + 0.05);
        one.max(two) / one.min(two)
    }

    /// The nearest mixture with white that has this contrast on a dark ground.
    #[must_use]
    pub fn lightened(self, ground: Self, contrast: f64) -> Self {
        let mixtures = (0..=100).map(|share| self.mixed_with_white(f64::from(share) / 100.0));
        mixtures.into_iter().find(|mixture| mixture.contrast(ground) >= contrast).unwrap_or(Self::WHITE)
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 255")]
    fn mixed_with_white(self, share: f64) -> Self {
        Self(self.0.map(|channel| (f64::from(channel) * (1.0 - share) + 255.0 * share).round() as u8))
    }

    /// WCAG 2.1, relative luminance.
    fn luminance(self) -> f64 {
        let [red, green, blue] = self.0.map(|channel| {
            let channel = f64::from(channel) / 255.0;
            if channel <= 0.03928 { channel / 12.92 } else { ((channel + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", hex::encode(self.0))
    }
}

impl TryFrom<String> for Colour {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("no colour")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn contrast_is_what_wcag_says() {
        for (one, two, contrast) in [
            ("#000000", "#ffffff", 21.0),
            ("#777777", "#ffffff", 4.48),
            ("#0b5a6b", "#ffffff", 7.81),
            ("#ffffff", "#ffffff", 1.0),
        ] {
            let found = Colour::parse(one).unwrap().contrast(Colour::parse(two).unwrap());
            assert!((found - contrast).abs() < 0.01, "{one} on {two}: {found}");
        }
    }

    #[test]
    fn what_is_no_colour_is_refused() {
        for text in ["", "#fff", "0b5a6b", "#0b5a6", "#0b5a6b0", "#gggggg", "rgb(0,0,0)", "#é5a6b"] {
            assert_eq!(Colour::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_colour_can_be_lightened_until_it_is_read(channels: [u8; 3]) {
            let ground = Colour::parse("#1b222b").unwrap();
            let light = Colour(channels).lightened(ground, 4.5);
            prop_assert!(light.contrast(ground) >= 4.5);
            prop_assert_eq!(Colour::parse(&light.to_string()), Some(light));
        }
    }
}
