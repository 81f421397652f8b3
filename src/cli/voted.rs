//! The command that takes in who has voted.

use std::path::Path;

use guichet::db::Patience;
use guichet::issuance::desk::{Desk, Reason};
use guichet::roll::lines;
use guichet::roll::parse::LineFault;
use guichet::roll::voted;
use guichet::settings;

use super::progress::Progress;
use super::{Stop, election, files, open_checked, roll, say, tell, voter};

pub async fn import(named: &str, path: &Path) -> Result<(), Stop> {
    let portal = open_checked(&settings::figment(), Patience::COMMANDS).await?;
    let election = election::named(&portal, named).await?;
    let file = files::open(path)?;
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    let reason = Reason::parse(&format!("liste des votants : {name}"));
    let reason = reason.map_err(|wanted| Stop::Refused(format!("{} : nom de fichier {wanted}", path.display())))?;
    let desk = Desk { actor: voter::actor(), reason };
    let mut progress = Progress::of(lines::count(&file)?);
    let mut at = |done| progress.at(done);
    let mut told = |fault: &LineFault| {
        tell(&roll::line(fault));
        Ok(())
    };
    let summary = voted::import(&portal, &election, &file, &desk, &mut told, &mut at).await?;
    progress.end();
    let voted::Summary { marked, unchanged, refused, ended } = summary.map_err(Stop::Refused)?;
    say(&format!("{marked} votes notés, {unchanged} déjà connus, {refused} lignes refusées\n"))?;
    if ended > 0 {
        say(&format!("{ended} identifiants émis entre-temps n’ouvrent plus rien\n"))?;
    }
    roll::refuse_nothing_taken(refused, marked + unchanged + refused)
}
