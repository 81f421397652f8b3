//! The commands on an election: its rules, its roll, its identifiers.

use std::fs::{self, File};
use std::io::{BufWriter, ErrorKind, IsTerminal, Write as _};
use std::path::Path;

use guichet::entities::election;
use guichet::fault::Fault;
use guichet::issuance::export::export as export_identifiers;
use guichet::portal::Portal;
use guichet::roll::import::{Report, Summary, import};
use guichet::{private, roll, settings};

use super::{Stop, open_checked};

/// Lines between two signs of life, where there is no terminal to write over.
const PROGRESS: u64 = 10_000;

pub async fn add(file: &Path) -> Result<(), Stop> {
    let text = read(file)?;
    let portal = open_checked(&settings::figment()).await?;
    let id = roll::election::add(&portal, &text).await?.map_err(Stop::Refused)?;
    println!("{id}");
    Ok(())
}

pub async fn export(election: i64, to: &Path, key_to: Option<&Path>) -> Result<(), Stop> {
    if key_to == Some(to) {
        return Err(Stop::Refused("--to et --key-to : il faut deux fichiers, remis par deux voies".into()));
    }
    let portal = open_checked(&settings::figment()).await?;
    find(&portal, election).await?;
    // Whole or not at all: the platform never reads half a file.
    let unfinished = to.with_extension("unfinished");
    let mut sink = BufWriter::new(File::create(&unfinished).map_err(Fault::from)?);
    let written = export_identifiers(&portal, election, &mut sink).await?;
    sink.into_inner().map_err(|error| Fault::new(error.to_string()))?.sync_all().map_err(Fault::from)?;
    fs::rename(&unfinished, to).map_err(Fault::from)?;
    if let Some(path) = key_to {
        private::write(path, &format!("{}\n", hex::encode(portal.keys.of_election(election))))?;
    }
    println!("{written} identifiants écrits.");
    Ok(())
}

pub async fn import_roll(election: i64, file: &Path, dry_run: bool, report: Option<&Path>) -> Result<(), Stop> {
    let portal = open_checked(&settings::figment()).await?;
    let election = find(&portal, election).await?;
    if !file.is_file() {
        return Err(Stop::Refused(format!("le fichier {} n’existe pas", file.display())));
    }
    let mut report = match report {
        Some(path) if is_same_file(path, file) => {
            return Err(Stop::Refused("--report : ce fichier est la liste elle-même ; choisissez un autre nom".into()));
        }
        // What stood in a line may be personal.
        Some(path) => Some(Report::new(BufWriter::new(private::create(path)?))?),
        None => None,
    };
    let on_terminal = std::io::stderr().is_terminal();
    let mut tell = |fault: &roll::parse::LineFault| -> Result<(), Fault> {
        match &mut report {
            Some(report) => report.write(fault),
            None => {
                eprintln!("ligne {} {} « {} » : {}", fault.line, fault.column, fault.value, fault.reason);
                Ok(())
            }
        }
    };
    let mut told = 0;
    let mut progress = |summary: &Summary| {
        if on_terminal {
            eprint!("\r{} lignes", summary.lines());
            let _ = std::io::stderr().flush();
        } else if summary.lines() / PROGRESS > told / PROGRESS {
            eprintln!("{} lignes", summary.lines());
        }
        told = summary.lines();
    };
    let summary = import(&portal, &election, file, dry_run, &mut tell, &mut progress).await?.map_err(Stop::Refused)?;
    if let Some(report) = report {
        report.finish()?;
    }
    if on_terminal {
        eprintln!();
    }
    let Summary { added, updated, unchanged, refused, renamed } = summary;
    let mood = if dry_run { " (essai : rien n’est écrit)" } else { "" };
    println!("{added} ajoutés, {updated} modifiés, {unchanged} inchangés, {refused} lignes refusées{mood}");
    if renamed > 0 {
        println!("{renamed} établissements renommés");
    }
    Ok(())
}

fn is_same_file(one: &Path, other: &Path) -> bool {
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

async fn find(portal: &Portal, election: i64) -> Result<election::Model, Stop> {
    let found = roll::election::find(portal, election).await?;
    found.ok_or_else(|| Stop::Refused(format!("aucune élection n’a le numéro {election}")))
}

fn read(file: &Path) -> Result<String, Stop> {
    let bytes = fs::read(file).map_err(|error| {
        let why = match error.kind() {
            ErrorKind::NotFound => "ce fichier n’existe pas".to_owned(),
            ErrorKind::PermissionDenied => "ce fichier ne peut pas être lu par ce compte".to_owned(),
            _ => error.to_string(),
        };
        Stop::Refused(format!("{} : {why}", file.display()))
    })?;
    String::from_utf8(bytes).map_err(|_| Stop::Refused(format!("{} : enregistrez ce fichier en UTF-8", file.display())))
}
