//! The languages in which the portal speaks.

/// French, or English for all that voters see.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    #[default]
    French,
    English,
}

impl Language {
    pub const ALL: [Self; 2] = [Self::French, Self::English];

    /// As in `lang`, in addresses and in the database.
    pub fn code(self) -> &'static str {
        match self {
            Self::French => "fr",
            Self::English => "en",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.code() == code)
    }

    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::French => Self::English,
            Self::English => Self::French,
        }
    }

    /// What a browser prefers (RFC 9110, Accept-Language). French for those who ask for neither.
    pub fn preferred(header: &str) -> Self {
        let wanted = header.split(',').filter_map(|range| {
            let (tag, parameter) = range.split_once(';').unwrap_or((range, "q=1"));
            let language = Self::from_code(tag.trim().split('-').next()?.to_lowercase().as_str())?;
            let weight: f32 = parameter.trim().strip_prefix("q=")?.parse().ok()?;
            (weight > 0.0).then_some((language, weight))
        });
        // The first of equals.
        wanted
            .reduce(|best, next| if next.1 > best.1 { next } else { best })
            .map(|(language, _)| language)
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browsers_preference_is_read() {
        for (header, expected) in [
            ("", Language::French),
            ("en", Language::English),
            ("fr-FR,fr;q=0.9,en;q=0.8", Language::French),
            ("en-GB,en;q=0.9,fr;q=0.8", Language::English),
            ("de,en;q=0.5,fr;q=0.4", Language::English),
            ("de-DE, pt;q=0.9", Language::French),
            ("EN-us;q=0.2, FR;q=0.7", Language::French),
            ("en;q=0", Language::French),
            ("*", Language::French),
            ("en;q=x, ;;,", Language::French),
            ("fr, en", Language::French),
        ] {
            assert_eq!(Language::preferred(header), expected, "{header}");
        }
    }
}
