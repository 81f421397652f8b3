//! What each command does, and with which status it ends: 0 done, 1 refused, 2 bad usage or settings.

use std::fs::{self, File};
use std::io::{BufWriter, ErrorKind, IsTerminal, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use guichet::carriers::Reason;
use guichet::entities::message::{Channel, State};
use guichet::fault::Fault;
use guichet::issuance::export::export;
use guichet::outbox::watch;
use guichet::portal::Portal;
use guichet::roll::import::{Report, Summary, import};
use guichet::settings::Settings;
use guichet::{demo, private, roll, secret, settings, texts, web, worker};
use guichet_migrations::Migrator;
use rocket::fairing::AdHoc;
use rocket::figment::Figment;
use sea_orm_migration::MigratorTrait;
use tokio::sync::watch::channel;

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
    /// Ajouter une élection, exporter ses identifiants
    #[command(subcommand)]
    Election(Election),
    /// Importer une liste électorale
    #[command(subcommand)]
    Roll(Roll),
    /// Voir les messages en attente ou en échec, les relancer
    #[command(subcommand)]
    Outbox(Outbox),
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
    /// Écrire l’état de chaque identifiant (empreinte, état, rang) et, à part, la clé des empreintes
    Export {
        #[arg(long)]
        election: i64,
        #[arg(long)]
        to: PathBuf,
        /// Écrire aussi la clé des empreintes, pour la plateforme de vote
        #[arg(long)]
        key_to: Option<PathBuf>,
    },
}

#[derive(Subcommand)]
enum Roll {
    /// Importer un fichier CSV ; le refaire ne change que ce qui a changé
    Import {
        #[arg(long)]
        election: i64,
        file: PathBuf,
        /// Dire ce qui changerait, sans rien écrire
        #[arg(long)]
        dry_run: bool,
        /// Écrire les lignes refusées : ligne;colonne;valeur;motif
        #[arg(long)]
        report: Option<PathBuf>,
    },
}

/// Lines between two signs of life, where there is no terminal to write over.
const PROGRESS: u64 = 10_000;

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
    let done = match cli.command {
        Command::Demo { port, dir } => demonstrate(port, &dir).await,
        Command::Serve => serve().await,
        Command::Migrate => migrate().await,
        Command::Settings => show(),
        Command::Election(Election::Add { file }) => add_election(&file).await,
        Command::Election(Election::Export { election, to, key_to }) => {
            export_election(election, &to, key_to.as_deref()).await
        }
        Command::Outbox(Outbox::List) => list_outbox().await,
        Command::Outbox(Outbox::Retry) => retry_outbox().await,
        Command::Roll(Roll::Import { election, file, dry_run, report }) => {
            import_roll(election, &file, dry_run, report.as_deref()).await
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Stop::Refused(reason)) => {
            eprintln!("Refusé : {reason}");
            ExitCode::from(1)
        }
        Err(Stop::Settings(faults)) => {
            for fault in faults {
                eprintln!("{fault}");
            }
            ExitCode::from(2)
        }
    }
}

async fn demonstrate(port: u16, folder: &Path) -> Result<(), Stop> {
    log();
    let figment = demo::figment(folder, port)?;
    let portal = open(&figment).await?;
    Migrator::up(&*portal.db, None).await.map_err(Fault::from)?;
    check(&portal).await?;
    demo::prepare(&portal).await?;
    let guide = demo::guide(&portal.settings)?;
    let email = guide.as_ref().and_then(|guide| guide["email"].as_str()).unwrap_or_default();
    let (home, messages) = (portal.settings.public_url(), portal.link("/demo/messages"));
    let steps = format!(
        "Démonstration : électeurs fictifs, rien n’est envoyé. Ctrl-C pour arrêter.\n\n  \
         1. Ouvrez {home}\n     La page d’accueil donne une adresse à essayer : {email}\n  \
         2. « Premier mot de passe », puis le lien reçu dans {messages}\n  \
         3. Connectez-vous et demandez un identifiant de vote : le SMS arrive à la même page.\n"
    );
    launch(portal, figment, steps).await
}

async fn serve() -> Result<(), Stop> {
    log();
    let figment = settings::figment();
    let portal = open(&figment).await?;
    check(&portal).await?;
    for doubt in settings::doubts(&portal.settings) {
        tracing::warn!("{doubt}");
    }
    let said = format!("Guichet est ouvert : {}", portal.settings.public_url());
    launch(portal, figment, said).await
}

/// Serves until told to stop; `said` is printed once the door is open.
async fn launch(portal: Portal, figment: Figment, said: String) -> Result<(), Stop> {
    guichet::values::mobile::read_plans();
    let (stop, stopped) = channel(false);
    let worker = tokio::spawn(worker::run(portal.clone(), stopped));
    let open = AdHoc::on_liftoff("open", |_| Box::pin(async move { println!("{said}") }));
    let launched = web::rocket(portal.clone(), figment).attach(open).launch().await;
    let _ = stop.send(true);
    let _ = worker.await;
    // SQLite puts all in one file when the last connection ends.
    let _ = (*portal.db).clone().close().await;
    match launched {
        Ok(_) => Ok(()),
        Err(error) => {
            let reason = format!("le portail n’a pas pu s’ouvrir : {}", error.kind());
            // Rocket's error panics when dropped unseen.
            error.pretty_print();
            Err(Stop::Refused(reason))
        }
    }
}

async fn migrate() -> Result<(), Stop> {
    let portal = open(&settings::figment()).await?;
    Migrator::up(&*portal.db, None).await.map_err(Fault::from)?;
    check(&portal).await?;
    println!("Le schéma est à jour.");
    Ok(())
}

fn show() -> Result<(), Stop> {
    let figment = settings::figment();
    let settings = Settings::read(&figment).map_err(Stop::Settings)?;
    print!("{}", settings::shown(&settings));
    Ok(())
}

async fn add_election(file: &Path) -> Result<(), Stop> {
    let text = read(file)?;
    let portal = open_checked().await?;
    let id = roll::election::add(&portal, &text).await?.map_err(Stop::Refused)?;
    println!("{id}");
    Ok(())
}

async fn export_election(election: i64, to: &Path, key_to: Option<&Path>) -> Result<(), Stop> {
    if key_to == Some(to) {
        return Err(Stop::Refused("--to et --key-to : il faut deux fichiers, remis par deux voies".into()));
    }
    let portal = open_checked().await?;
    find(&portal, election).await?;
    // Whole or not at all: the platform never reads half a file.
    let unfinished = to.with_extension("unfinished");
    let mut sink = BufWriter::new(File::create(&unfinished).map_err(Fault::from)?);
    let written = export(&portal, election, &mut sink).await?;
    sink.into_inner().map_err(|error| Fault::new(error.to_string()))?.sync_all().map_err(Fault::from)?;
    fs::rename(&unfinished, to).map_err(Fault::from)?;
    if let Some(path) = key_to {
        private::write(path, &format!("{}\n", hex::encode(portal.keys.of_election(election))))?;
    }
    println!("{written} identifiants écrits.");
    Ok(())
}

async fn list_outbox() -> Result<(), Stop> {
    let portal = open_checked().await?;
    let (mut after, mut waiting, mut failed) = (0, 0, 0);
    println!("numéro;canal;lettre;état;essais;créé le;prochain essai;passerelle;motif;code");
    loop {
        let page = watch::unfinished(&portal, after).await?;
        let Some(last) = page.last() else { break };
        after = last.id;
        for message in page {
            let state = match message.state {
                State::Queued => "en attente",
                State::Sending => "en cours",
                State::Failed => "refusé",
                State::Expired => "expiré",
                State::Accepted | State::Delivered => continue,
            };
            let due = message.ended_at.is_none().then(|| texts::date_and_time(message.due_at));
            waiting += i32::from(due.is_some());
            failed += i32::from(due.is_none());
            println!(
                "{};{};{};{state};{};{};{};{};{};{}",
                message.id,
                if message.channel == Channel::Sms { "SMS" } else { "courriel" },
                message.letter,
                message.attempts,
                texts::date_and_time(message.created_at),
                due.unwrap_or_default(),
                message.gateway.unwrap_or_default(),
                message.failure.as_deref().and_then(Reason::from_name).map_or("", in_french),
                message.code.unwrap_or_default(),
            );
        }
    }
    println!("{waiting} en attente, {failed} en échec");
    Ok(())
}

fn in_french(reason: Reason) -> &'static str {
    match reason {
        Reason::Number => "ce numéro ne reçoit pas de SMS",
        Reason::Unreachable => "téléphone éteint ou hors de portée",
        Reason::Limit => "le transporteur demande de ralentir",
        Reason::Outage => "le transporteur ne répond pas",
        Reason::Operator => "compte, expéditeur ou droits à corriger chez le transporteur",
        Reason::Mailbox => "boîte refusée par le serveur de messagerie",
        Reason::Unreadable => "scellé sous un autre secret",
        Reason::Replaced => "remplacé par un autre identifiant",
    }
}

async fn retry_outbox() -> Result<(), Stop> {
    let portal = open_checked().await?;
    println!("{} messages relancés", watch::retry(&portal).await?);
    Ok(())
}

async fn import_roll(election: i64, file: &Path, dry_run: bool, report: Option<&Path>) -> Result<(), Stop> {
    let portal = open_checked().await?;
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

async fn open(figment: &Figment) -> Result<Portal, Stop> {
    let settings = Settings::read(figment).map_err(Stop::Settings)?;
    Ok(Portal::open(settings).await?)
}

/// The portal of the settings, on a database that is ready for it.
async fn open_checked() -> Result<Portal, Stop> {
    let portal = open(&settings::figment()).await?;
    check(&portal).await?;
    Ok(portal)
}

async fn check(portal: &Portal) -> Result<(), Stop> {
    let pending = Migrator::get_pending_migrations(&*portal.db).await.map_err(Fault::from)?;
    if !pending.is_empty() {
        return Err(Stop::Refused("le schéma de la base n’est pas à jour ; lancez d’abord « guichet migrate »".into()));
    }
    if !secret::fits(portal).await? {
        return Err(Stop::Refused(
            "portal.secret : cette base a été remplie sous un autre secret ; remettez celui d’origine".into(),
        ));
    }
    Ok(())
}

async fn find(portal: &Portal, election: i64) -> Result<guichet::entities::election::Model, Stop> {
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

/// Structured lines, or readable ones on a terminal.
fn log() {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_from_env("GUICHET_LOG").unwrap_or_else(|_| EnvFilter::new("guichet=info"));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if std::io::stderr().is_terminal() { lines.init() } else { lines.json().init() }
}
