//! What each command does, and with which status it ends: 0 done, 1 refused, 2 bad usage or settings.

mod bounces;
mod election;
mod files;
mod log;
mod outbox;
mod progress;
mod roll;
mod serve;
mod voted;
mod voter;

use std::io::{ErrorKind, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use guichet::db::Patience;
use guichet::entities::desk_act::Act;
use guichet::fault::Fault;
use guichet::portal::Portal;
use guichet::schema::{self, Standing};
use guichet::settings::Settings;
use guichet::{secret, settings};
use rocket::figment::Figment;
use secrecy::ExposeSecret as _;

/// Guichet, le guichet des électeurs : mot de passe et identifiant de vote.
#[derive(Parser)]
#[command(version, disable_help_subcommand = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Essayer le portail : tout est embarqué, rien n’est envoyé
    Demo {
        #[arg(long, default_value_t = 8000)]
        port: u16,
        #[arg(long, default_value = "data/demo")]
        dir: PathBuf,
    },
    /// Ouvrir le portail, selon Rocket.toml et les variables GUICHET_*
    Serve,
    /// Mettre le schéma de la base à jour
    Migrate,
    /// Afficher les réglages en vigueur, sans les secrets
    Settings,
    /// Ajouter une élection, la voir, la changer, exporter ses identifiants
    #[command(subcommand)]
    Election(Election),
    /// Vérifier un export d’identifiants
    #[command(subcommand)]
    Export(Export),
    /// Importer une liste électorale
    #[command(subcommand)]
    Roll(Roll),
    /// Voir où en est un électeur, le débloquer
    #[command(subcommand)]
    Voter(Voter),
    /// Noter qui a voté
    #[command(subcommand)]
    Voted(Voted),
    /// Voir les messages en attente ou en échec, les relancer
    #[command(subcommand)]
    Outbox(Outbox),
    /// Lire les courriels revenus, lister les boîtes qui refusent
    #[command(subcommand)]
    Bounces(Bounces),
}

#[derive(Subcommand)]
enum Bounces {
    /// Lire ce qui est nouveau dans un maildir, noter les boîtes pleines ou inconnues
    Read { maildir: PathBuf },
    /// Lister les électeurs dont la boîte refuse les courriels, par établissement
    List,
}

#[derive(Subcommand)]
enum Outbox {
    /// Lister ce qui attend et ce qui a échoué
    List,
    /// Rendre tout ce qui attend aussitôt dû, une fois la panne réparée
    Retry,
}

#[derive(Subcommand)]
enum Election {
    /// Ajouter l’élection que décrit un fichier TOML ; affiche son numéro
    Add { file: PathBuf },
    /// Lister les élections : numéro, nom, dates, nombre d’électeurs
    List,
    /// Écrire une élection sous la forme de son fichier, à corriger et à rendre
    Show {
        /// Son numéro, ou son nom
        #[arg(long)]
        election: String,
    },
    /// Changer une élection selon un fichier TOML ; affiche ce qui change
    Set {
        /// Son numéro, ou son nom
        #[arg(long)]
        election: String,
        file: PathBuf,
    },
    /// Écrire l’état de chaque identifiant, sous le pseudonyme de son électeur, et, à part, la clé des empreintes
    Export {
        /// Le numéro de l’élection, ou son nom
        #[arg(long)]
        election: String,
        #[arg(long)]
        to: PathBuf,
        /// Écrire aussi la clé des empreintes, pour la plateforme de vote
        #[arg(long)]
        key_to: Option<PathBuf>,
    },
}

#[derive(Subcommand)]
enum Export {
    /// Dire si un fichier de « election export » est entier et inchangé
    Verify {
        /// « - » pour l’entrée standard
        file: PathBuf,
    },
}

#[derive(Subcommand)]
enum Roll {
    /// Importer un fichier CSV ; le refaire ne change que ce qui a changé
    Import {
        /// Le numéro de l’élection, ou son nom
        #[arg(long)]
        election: String,
        /// « - » pour l’entrée standard
        file: PathBuf,
        /// Dire ce qui changerait, sans rien écrire
        #[arg(long)]
        dry_run: bool,
        /// Écrire les lignes refusées : ligne;colonne;valeur;motif
        #[arg(long)]
        report: Option<PathBuf>,
        /// Ne rien écrire si plus de lignes que cela seraient refusées
        #[arg(long, value_name = "N")]
        max_refused: Option<u64>,
        /// Ne pas demander confirmation quand des adresses changent
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Subcommand)]
enum Voter {
    /// Dire où en est un électeur, sans aucun secret
    Show(voter::Named),
    /// Effacer ses vérifications d’identité échouées
    Unlock(voter::Acting),
    /// Rétablir ses demandes, après un « ce n’est pas moi »
    Unfreeze(voter::Acting),
    /// Noter qu’il a voté : plus aucun identifiant ne lui est émis
    Voted(voter::Acting),
}

#[derive(Subcommand)]
enum Voted {
    /// Noter les votes d’un fichier CSV, par l’une des colonnes courriel, numen, digest, voter
    Import {
        /// Le numéro de l’élection, ou son nom
        #[arg(long)]
        election: String,
        /// « - » pour l’entrée standard
        file: PathBuf,
    },
}

/// Why a command ends without having done its work.
enum Stop {
    /// Exit status 1: refused, with the reason.
    Refused(String),
    /// Exit status 2: one line per fault of the settings.
    Settings(Vec<String>),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Refused(fault.to_string())
    }
}

pub async fn run(cli: Cli) -> ExitCode {
    let _end = log::begin();
    let done = match cli.command {
        Command::Demo { port, dir } => serve::demonstrate(port, &dir).await,
        Command::Serve => serve::serve().await,
        Command::Migrate => migrate().await,
        Command::Settings => show(),
        Command::Election(Election::Add { file }) => election::add(&file).await,
        Command::Election(Election::List) => election::list().await,
        Command::Election(Election::Show { election }) => election::show(&election).await,
        Command::Election(Election::Set { election, file }) => election::set(&election, &file).await,
        Command::Election(Election::Export { election, to, key_to }) => {
            election::export(&election, &to, key_to.as_deref()).await
        }
        Command::Export(Export::Verify { file }) => election::verify(&file),
        Command::Outbox(Outbox::List) => outbox::list().await,
        Command::Bounces(Bounces::Read { maildir }) => bounces::read(&maildir).await,
        Command::Bounces(Bounces::List) => bounces::list().await,
        Command::Outbox(Outbox::Retry) => outbox::retry().await,
        Command::Roll(Roll::Import { election, file, dry_run, report, max_refused, yes }) => {
            let options = roll::Options { dry_run, report: report.as_deref(), max_refused, yes };
            roll::import_roll(&election, &file, options).await
        }
        Command::Voter(Voter::Show(named)) => voter::show(&named).await,
        Command::Voter(Voter::Unlock(acting)) => voter::act(Act::Unlock, &acting).await,
        Command::Voter(Voter::Unfreeze(acting)) => voter::act(Act::Unfreeze, &acting).await,
        Command::Voter(Voter::Voted(acting)) => voter::act(Act::Voted, &acting).await,
        Command::Voted(Voted::Import { election, file }) => voted::import(&election, &file).await,
    };
    let (status, last_words) = match done {
        Ok(()) => return ExitCode::SUCCESS,
        Err(Stop::Refused(reason)) => (1, format!("Refusé : {reason}\n")),
        Err(Stop::Settings(faults)) => (2, faults.into_iter().map(|fault| fault + "\n").collect()),
    };
    // A portal ends, even where nobody reads its log any more.
    if log::flush() {
        tell(&last_words);
    }
    ExitCode::from(status)
}

async fn migrate() -> Result<(), Stop> {
    let settings = Settings::read(&settings::figment()).map_err(Stop::Settings)?;
    let standing = bring_up_to_date(&settings).await?;
    check(&Portal::open(settings, Patience::COMMANDS).await?).await?;
    say(match standing {
        Standing::Ahead => "Le schéma est celui d’une version plus récente : rien n’a été changé.\n",
        _ => "Le schéma est à jour.\n",
    })
}

/// Runs the steps of the schema that the database lacks.
async fn bring_up_to_date(settings: &Settings) -> Result<Standing, Stop> {
    Ok(schema::migrate(settings.database.url.expose_secret(), &mut |what| tell(what)).await?)
}

fn show() -> Result<(), Stop> {
    let figment = settings::figment();
    let settings = Settings::read(&figment).map_err(Stop::Settings)?;
    say(&settings::shown(&settings))?;
    for doubt in settings::doubts(&settings) {
        tell(&format!("Attention : {doubt}\n"));
    }
    Ok(())
}

/// The portal of the settings, on a database that is there and ready for it.
async fn open_checked(figment: &Figment, patience: Patience) -> Result<Portal, Stop> {
    let settings = Settings::read(figment).map_err(Stop::Settings)?;
    if let Some(file) = settings.database_file().filter(|file| !file.exists()) {
        let file = std::path::absolute(&file).unwrap_or(file);
        let file = file.display();
        return Err(Stop::Refused(format!(
            "la base {file} n’existe pas. Êtes-vous dans le bon dossier ? « guichet migrate » en crée une nouvelle"
        )));
    }
    let portal = Portal::open(settings, patience).await?;
    check(&portal).await?;
    Ok(portal)
}

/// Writes to standard output. A reader that has seen enough (`| head`) is no fault.
fn say(text: &str) -> Result<(), Stop> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Fault::from(error).into()),
        _ => Ok(()),
    }
}

/// Writes to standard error. Where nobody can read it, the work goes on all the same.
fn tell(text: &str) {
    let _ = std::io::stderr().write_all(text.as_bytes());
}

async fn check(portal: &Portal) -> Result<(), Stop> {
    if schema::standing(&portal.db).await? == Standing::Behind {
        return Err(Stop::Refused("le schéma de la base n’est pas à jour ; lancez d’abord « guichet migrate »".into()));
    }
    if !secret::fits(portal).await? {
        return Err(Stop::Refused(
            "portal.secret : cette base a été remplie sous un autre secret ; remettez celui d’origine".into(),
        ));
    }
    Ok(())
}
