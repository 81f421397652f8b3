//! The election's name, logo and colours: read, checked, and told to the stylesheet.

use std::fmt::Write as _;
use std::path::Path;

use super::{AppearanceSettings, LegalSettings};
use crate::values::Colour;

/// The grounds of the stylesheet: a light page's, and a dark page's cards.
pub const LIGHT: &str = "#f4f6f8";
pub const DARK: &str = "#1b222b";
/// WCAG 2.1 AA: of text (1.4.3), and of what marks a place (1.4.11).
const TEXT: f64 = 4.5;
const MARK: f64 = 3.0;
/// A first view of 30 KB has room for no more.
const LARGEST_LOGO: u64 = 10_000;

impl AppearanceSettings {
    pub(super) fn check(&self, check: &mut impl FnMut(bool, &str)) {
        let name = self.name.trim();
        check(
            !name.is_empty() && name.chars().count() <= 60 && !name.chars().any(char::is_control),
            "appearance.name : de 1 à 60 caractères, sur une ligne",
        );
        if let Some(logo) = &self.logo {
            check(kind(logo).is_some(), "appearance.logo : attendu un fichier .svg, .png ou .webp");
            match std::fs::metadata(logo) {
                // What may be looked at may still not be read.
                Ok(file) if file.is_file() && std::fs::File::open(logo).is_ok() => check(
                    (1..=LARGEST_LOGO).contains(&file.len()),
                    "appearance.logo : un fichier de 10 Ko au plus, pour que la page s’ouvre vite sur une mauvaise ligne",
                ),
                _ => {
                    check(false, &format!("appearance.logo : « {} » est introuvable ou illisible", logo.display()));
                }
            }
            check(is_picture(logo), "appearance.logo : le fichier n’est pas une image SVG, PNG ou WebP");
        }
        let Some(ground) = Colour::parse(LIGHT) else { return };
        for (key, colour, least) in [("accent", self.accent, TEXT), ("second", self.second, MARK)] {
            let Some(colour) = colour else { continue };
            let contrast = colour.contrast(ground);
            let [told, wanted] = [contrast, least].map(|number| format!("{number:.1}").replace('.', ","));
            check(
                contrast >= least,
                &format!(
                    "appearance.{key} : {colour} a un contraste de {told} sur le fond des pages ; au moins {wanted} est nécessaire (WCAG AA), prenez une couleur plus foncée"
                ),
            );
        }
    }

    /// The election's colours over the stylesheet's own, for light pages and, lightened, for dark ones.
    pub fn style(&self) -> String {
        let (mut light, mut dark) = (String::new(), String::new());
        for (key, colour, least) in [("accent", self.accent, TEXT), ("second", self.second, MARK)] {
            if let (Some(colour), Some(ground)) = (colour, Colour::parse(DARK)) {
                let _ = write!(light, "--{key}:{colour};");
                let _ = write!(dark, "--{key}:{};", colour.lightened(ground, least));
            }
        }
        if light.is_empty() {
            return String::new();
        }
        format!("\n:root{{{light}}}\n@media (prefers-color-scheme: dark){{:root{{{dark}}}}}\n")
    }
}

/// Whether a file begins as its name says; what is not there is told apart.
fn is_picture(logo: &Path) -> bool {
    let Ok(bytes) = std::fs::read(logo) else { return true };
    match kind(logo) {
        Some("png") => bytes.starts_with(b"\x89PNG"),
        Some("webp") => bytes.starts_with(b"RIFF"),
        Some(_) => bytes.windows(4).any(|window| window == b"<svg"),
        None => true,
    }
}

/// What a logo's name says that it is: the ending under which it is served.
pub fn kind(logo: &Path) -> Option<&'static str> {
    let extension = logo.extension()?.to_str()?;
    ["svg", "png", "webp"].into_iter().find(|known| extension.eq_ignore_ascii_case(known))
}

impl LegalSettings {
    /// Each with its key.
    pub fn each(&self) -> [(&'static str, Option<&str>); 4] {
        [
            ("publisher", self.publisher.as_deref()),
            ("director", self.director.as_deref()),
            ("host", self.host.as_deref()),
            ("data_protection", self.data_protection.as_deref()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn appearance(accent: &str, second: &str) -> AppearanceSettings {
        AppearanceSettings {
            name: "Élections 2026".into(),
            logo: None,
            accent: Colour::parse(accent),
            second: Colour::parse(second),
        }
    }

    fn faults(appearance: &AppearanceSettings) -> Vec<String> {
        let mut faults = Vec::new();
        appearance.check(&mut |holds, fault: &str| {
            if !holds {
                faults.push(fault.to_owned());
            }
        });
        faults
    }

    #[test]
    fn colours_that_can_not_be_read_are_refused_with_their_contrast() {
        assert!(faults(&appearance("#0b5a6b", "#b4532a")).is_empty());
        let faults = faults(&appearance("#3f8fd2", "#ffcc00"));
        assert!(faults[0].contains("appearance.accent : #3f8fd2 a un contraste de 3,2"), "{faults:?}");
        assert!(faults[1].contains("appearance.second") && faults[1].contains("au moins 3,0 "), "{faults:?}");
    }

    #[test]
    fn a_logo_that_is_none_is_refused() {
        let with = |logo: &str| faults(&AppearanceSettings { logo: Some(logo.into()), ..appearance("", "") });
        assert!(with("static/guichet.svg").is_empty());
        assert!(with("static/missing.svg")[0].contains("introuvable"));
        assert!(with("Cargo.toml")[0].contains("attendu un fichier"));
        assert!(with("Cargo.lock").iter().any(|fault| fault.contains("10 Ko")));
    }

    #[test]
    fn dark_pages_get_colours_that_can_be_read_there() {
        let style = appearance("#0b5a6b", "").style();
        assert!(style.contains(":root{--accent:#0b5a6b;}") && style.contains("prefers-color-scheme: dark"));
        let dark = style.rsplit("--accent:").next().and_then(|rest| Colour::parse(&rest[..7])).unwrap();
        assert!(dark.contrast(Colour::parse(DARK).unwrap()) >= TEXT);
        assert_eq!(appearance("", "").style(), "");
        let css = include_str!("../../static/guichet.css");
        assert!(css.contains(&format!("--ground: {LIGHT};")) && css.contains(&format!("--paper: {DARK};")));
    }
}
