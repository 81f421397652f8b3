//! The cast: fictional voters who know their own NUMEN and birthdate.

use guichet::outbox::letters::Reader;
use guichet::values::{Language, Territory};

pub const PASSWORD: &str = "Velours7Cobalt";

#[derive(Clone, Debug)]
pub struct Voter {
    pub numen: String,
    pub last_name: String,
    pub first_names: String,
    /// `JJ/MM/AAAA`
    pub birthdate: String,
    pub email: String,
    pub uai: String,
}

/// The n-th voter of the cast.
pub fn voter(n: u32) -> Voter {
    let letter = |n: u32| char::from(b'A' + u8::try_from(n % 26).unwrap());
    Voter {
        numen: format!("{:02}E{:07}{}{}X", n % 90 + 10, 1_000_003 + n, letter(n), letter(n / 26)),
        last_name: format!("Ormeau{n}"),
        first_names: "Dominique".into(),
        birthdate: format!("{:02}/{:02}/{}", n % 28 + 1, n % 12 + 1, 1960 + n % 40),
        email: format!("d.ormeau{n}@ac-valmont.example"),
        uai: format!("099{:04}A", n % 7),
    }
}

impl Voter {
    pub const HEADER: &str = "numen;nom;prenoms;date_naissance;courriel;uai;etablissement;academie;scrutins";

    /// Their line of a roll.
    pub fn line(&self) -> String {
        let Self { numen, last_name, first_names, birthdate, email, uai } = self;
        format!("{numen};{last_name};{first_names};{birthdate};{email};{uai};Collège {uai};Valmont;CSA|CAP")
    }
}

/// Who gets a letter that no test's voter asked for.
pub fn reader(email: &str) -> Reader<'_> {
    Reader { email, language: Language::French, territory: Territory::Metropole }
}
