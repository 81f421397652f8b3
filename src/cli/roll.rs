//! The command that imports a roll.

use std::collections::HashSet;
use std::fs::File;
use std::io::{BufWriter, IsTerminal as _};
use std::path::Path;

use guichet::db::Patience;
use guichet::entities::election;
use guichet::fault::Fault;
use guichet::portal::Portal;
use guichet::private::Unfinished;
use guichet::roll::election as elections;
use guichet::roll::import::{Report, Summary, import};
use guichet::roll::lines;
use guichet::roll::parse::LineFault;
use guichet::settings;

use super::election::named;
use super::progress::Progress;
use super::voter::actor;
use super::{Stop, files, open_checked, say, tell};

pub struct Options<'a> {
    pub dry_run: bool,
    pub report: Option<&'a Path>,
    pub max_refused: Option<u64>,
    pub yes: bool,
}

pub async fn import_roll(asked: &str, path: &Path, options: Options<'_>) -> Result<(), Stop> {
    let portal = open_checked(&settings::figment(), Patience::COMMANDS).await?;
    let election = named(&portal, asked).await?;
    if options.report.is_some_and(|report| files::is_same(report, path)) {
        return Err(Stop::Refused("--report : ce fichier est la liste elle-même ; choisissez un autre nom".into()));
    }
    let file = files::open(path)?;
    let mut faults = Faults::to(options.report)?;
    let pass = Pass { portal: &portal, election: &election, file: &file, total: lines::count(&file)? };
    let done = pass.all(&options, &mut faults).await;
    // Who is refused for too many faults wants to read them.
    faults.finish(options.report)?;
    let summary = done?;
    let Summary { added, updated, unchanged, refused, renamed, .. } = summary;
    let mood = if options.dry_run { " (essai : rien n’est écrit)" } else { "" };
    say(&format!("{added} ajoutés, {updated} modifiés, {unchanged} inchangés, {refused} lignes refusées{mood}\n"))?;
    if renamed > 0 {
        say(&format!("{renamed} établissements renommés\n"))?;
    }
    refuse_nothing_taken(refused, summary.lines())
}

/// Where nothing of a file could be used, it is the wrong one.
pub fn refuse_nothing_taken(refused: u64, lines: u64) -> Result<(), Stop> {
    if refused == lines && lines > 0 {
        return Err(Stop::Refused(
            "toutes les lignes sont refusées ; est-ce le bon fichier, la bonne élection ?".into(),
        ));
    }
    Ok(())
}

struct Pass<'a> {
    portal: &'a Portal,
    election: &'a election::Model,
    file: &'a File,
    total: u64,
}

impl Pass<'_> {
    /// Looks at the file before it is taken in, where that may stop it.
    async fn all(&self, options: &Options<'_>, faults: &mut Faults) -> Result<Summary, Stop> {
        // Addresses can only change, or pass, where somebody is on a roll already.
        let is_looked_at =
            !options.dry_run && (options.max_refused.is_some() || elections::are_there_rolls(self.portal).await?);
        if is_looked_at {
            let seen = self.run(true, faults).await?;
            refuse_too_many(&seen, options.max_refused)?;
            agree(&seen, options)?;
        }
        let summary = self.run(options.dry_run, faults).await?;
        if options.dry_run {
            refuse_too_many(&summary, options.max_refused)?;
            warn_of_moves(&summary);
        }
        Ok(summary)
    }

    async fn run(&self, dry_run: bool, faults: &mut Faults) -> Result<Summary, Stop> {
        let mut progress = Progress::of(self.total);
        let mut tell = |fault: &LineFault| faults.tell(fault);
        let mut at = |summary: &Summary| progress.at(summary.lines());
        let summary = import(self.portal, self.election, self.file, &actor(), dry_run, &mut tell, &mut at).await?;
        progress.end();
        summary.map_err(Stop::Refused)
    }
}

/// The faults of lines, each told once although a file may be read twice.
struct Faults {
    report: Option<Report<BufWriter<Unfinished>>>,
    told: HashSet<(u64, &'static str)>,
}

impl Faults {
    fn to(report: Option<&Path>) -> Result<Self, Stop> {
        let report = match report {
            // What stood in a line may be personal.
            Some(path) => {
                let file = Unfinished::of(path).map_err(|error| files::at_fault(path, &error))?;
                Some(Report::new(BufWriter::new(file))?)
            }
            None => None,
        };
        Ok(Self { report, told: HashSet::new() })
    }

    fn tell(&mut self, fault: &LineFault) -> Result<(), Fault> {
        if !self.told.insert((fault.line, fault.column)) {
            return Ok(());
        }
        match &mut self.report {
            Some(report) => report.write(fault),
            None => {
                tell(&line(fault));
                Ok(())
            }
        }
    }

    fn finish(self, path: Option<&Path>) -> Result<(), Stop> {
        let (Some(report), Some(path)) = (self.report, path) else { return Ok(()) };
        let written = report.finish()?.into_inner().map_err(std::io::IntoInnerError::into_error);
        written.and_then(Unfinished::publish).map_err(|error| files::at_fault(path, &error))
    }
}

/// A line's fault, as it is told on standard error.
pub fn line(fault: &LineFault) -> String {
    format!("ligne {} {} « {} » : {}\n", fault.line, fault.column, fault.value, fault.reason)
}

fn refuse_too_many(seen: &Summary, max_refused: Option<u64>) -> Result<(), Stop> {
    match max_refused {
        Some(most) if seen.refused > most => Err(Stop::Refused(format!(
            "{} lignes seraient refusées, plus que --max-refused {most} ; rien n’est écrit",
            seen.refused
        ))),
        _ => Ok(()),
    }
}

fn warn_of_moves(seen: &Summary) {
    if seen.moved > 0 {
        tell(&format!(
            "{} adresses changent : leur mot de passe est perdu, ces électeurs en choisiront un autre\n",
            seen.moved
        ));
    }
    if seen.passed > 0 {
        tell(&format!(
            "{} adresses passent à une autre personne : mot de passe, sessions et liens de la précédente prennent fin\n",
            seen.passed
        ));
    }
}

/// Says what is lost before it is; a person at a terminal may still stop it.
fn agree(seen: &Summary, options: &Options<'_>) -> Result<(), Stop> {
    warn_of_moves(seen);
    let is_asked = (seen.moved > 0 || seen.passed > 0)
        && !options.yes
        && std::io::stdin().is_terminal()
        && std::io::stderr().is_terminal();
    if !is_asked {
        return Ok(());
    }
    tell("Continuer ? (oui ou non) ");
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).map_err(Fault::from)?;
    if ["o", "oui"].contains(&answer.trim().to_lowercase().as_str()) {
        return Ok(());
    }
    Err(Stop::Refused("rien n’est écrit".into()))
}
