//! Metropolitan France and the territories overseas: their numbers, their clocks.

use chrono_tz::Tz;
use unicode_normalization::UnicodeNormalization;

/// Where a number may come from; which of these an election allows is its own setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Territory {
    Metropole,
    Guadeloupe,
    Martinique,
    Guyane,
    Reunion,
    Mayotte,
    SaintPierreEtMiquelon,
    NouvelleCaledonie,
    Polynesie,
    WallisEtFutuna,
}

impl Territory {
    pub const ALL: [Self; 10] = [
        Self::Metropole,
        Self::Guadeloupe,
        Self::Martinique,
        Self::Guyane,
        Self::Reunion,
        Self::Mayotte,
        Self::SaintPierreEtMiquelon,
        Self::NouvelleCaledonie,
        Self::Polynesie,
        Self::WallisEtFutuna,
    ];

    /// As elections, sentences and telephone plans name it (ISO 3166-1): `GP`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Metropole => "FR",
            Self::Guadeloupe => "GP",
            Self::Martinique => "MQ",
            Self::Guyane => "GF",
            Self::Reunion => "RE",
            Self::Mayotte => "YT",
            Self::SaintPierreEtMiquelon => "PM",
            Self::NouvelleCaledonie => "NC",
            Self::Polynesie => "PF",
            Self::WallisEtFutuna => "WF",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|territory| territory.code() == code)
    }

    /// Whether its numbers may be typed with a leading 0, as in metropolitan France.
    pub fn shares_zero(self) -> bool {
        !matches!(self, Self::NouvelleCaledonie | Self::Polynesie | Self::WallisEtFutuna)
    }

    /// The clock of a territory far from Paris. Most of Polynesia goes by Tahiti's.
    pub fn clock(self) -> Option<Tz> {
        match self {
            Self::Metropole => None,
            Self::Guadeloupe => Some(Tz::America__Guadeloupe),
            Self::Martinique => Some(Tz::America__Martinique),
            Self::Guyane => Some(Tz::America__Cayenne),
            Self::Reunion => Some(Tz::Indian__Reunion),
            Self::Mayotte => Some(Tz::Indian__Mayotte),
            Self::SaintPierreEtMiquelon => Some(Tz::America__Miquelon),
            Self::NouvelleCaledonie => Some(Tz::Pacific__Noumea),
            Self::Polynesie => Some(Tz::Pacific__Tahiti),
            Self::WallisEtFutuna => Some(Tz::Pacific__Wallis),
        }
    }

    /// Where an académie or vice-rectorat is, by its name as rolls write it.
    pub fn of_academy(name: &str) -> Self {
        let plain: String = name.nfd().filter(char::is_ascii).map(|c| c.to_ascii_lowercase()).collect();
        [
            ("guadeloupe", Self::Guadeloupe),
            ("martinique", Self::Martinique),
            ("guyane", Self::Guyane),
            ("reunion", Self::Reunion),
            ("mayotte", Self::Mayotte),
            ("miquelon", Self::SaintPierreEtMiquelon),
            ("caledonie", Self::NouvelleCaledonie),
            ("polynesie", Self::Polynesie),
            ("wallis", Self::WallisEtFutuna),
        ]
        .into_iter()
        .find(|(word, _)| plain.contains(word))
        .map_or(Self::Metropole, |(_, territory)| territory)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_territory_is_found_however_its_academie_is_written() {
        for (name, territory) in [
            ("Académie de Lyon", Territory::Metropole),
            ("", Territory::Metropole),
            ("GUADELOUPE", Territory::Guadeloupe),
            ("Académie de la Réunion", Territory::Reunion),
            ("La Reunion", Territory::Reunion),
            ("Vice-rectorat de Nouvelle-Calédonie", Territory::NouvelleCaledonie),
            ("Polynésie française", Territory::Polynesie),
            ("Wallis-et-Futuna", Territory::WallisEtFutuna),
            ("Service de Saint-Pierre-et-Miquelon", Territory::SaintPierreEtMiquelon),
        ] {
            assert_eq!(Territory::of_academy(name), territory, "{name}");
        }
        assert!(Territory::ALL.into_iter().all(|t| t.clock().is_some() == (t != Territory::Metropole)));
    }
}
