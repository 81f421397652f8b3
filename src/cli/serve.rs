//! The commands that open the portal.

use std::path::Path;
use std::thread;
use std::time::Duration;

use guichet::db::Patience;
use guichet::fault::Fault;
use guichet::portal::Portal;
use guichet::settings::Settings;
use guichet::{demo, settings, web, worker};
use rocket::error::ErrorKind;
use rocket::fairing::AdHoc;
use rocket::figment::Figment;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch::channel;
use tokio::time::timeout;

use super::{Stop, bring_up_to_date, check, open_checked, say};

/// How long what is under way may take to end, once no page is answered any more. Rocket takes six seconds at most before.
const FAREWELL: Duration = Duration::from_millis(1500);

pub async fn demonstrate(port: u16, folder: &Path) -> Result<(), Stop> {
    let figment = demo::figment(folder, port)?;
    let settings = Settings::read(&figment).map_err(Stop::Settings)?;
    bring_up_to_date(&settings).await?;
    let portal = Portal::open(settings, Patience::PAGES).await?;
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

pub async fn serve() -> Result<(), Stop> {
    let figment = settings::figment();
    let portal = open_checked(&figment, Patience::PAGES).await?;
    for doubt in settings::doubts(&portal.settings) {
        tracing::warn!("{doubt}");
    }
    tell_connections(&portal).await?;
    ignore_hangups().map_err(Fault::from)?;
    let said = format!("Guichet est ouvert : {}", portal.settings.public_url());
    launch(portal, figment, said).await
}

/// How much of what the database's server takes is this process's at most.
async fn tell_connections(portal: &Portal) -> Result<(), Fault> {
    let connections = portal.settings.database.connections;
    match portal.db.server_connections().await? {
        Some(server) if connections > server => tracing::error!(
            connections,
            server,
            "database.connections : plus que ce que le serveur accepte en tout (max_connections) ; baissez l’un ou relevez l’autre"
        ),
        Some(server) => tracing::info!(connections, server, "connections of this process at most, and of the server"),
        None => {}
    }
    Ok(())
}

/// A hang-up would end the process. There is nothing to read anew: settings are read at the start.
fn ignore_hangups() -> std::io::Result<()> {
    let mut hangups = signal(SignalKind::hangup())?;
    tokio::spawn(async move {
        while hangups.recv().await.is_some() {
            tracing::info!("a hang-up changes nothing: settings are read at the start");
        }
    });
    Ok(())
}

/// Serves until told to stop; `said` is printed once the door is open.
async fn launch(portal: Portal, figment: Figment, said: String) -> Result<(), Stop> {
    guichet::values::mobile::read_plans();
    let (stop, stopped) = channel(false);
    let begins_to_stop = stop.clone();
    // The worker takes nothing more on while pages are still answered.
    let closing = AdHoc::on_shutdown("closing", |_| {
        Box::pin(async move {
            begins_to_stop.send_replace(true);
        })
    });
    let at_work = portal.for_worker().await?;
    let mut worker = tokio::spawn(worker::run(at_work.clone(), stopped));
    let open = AdHoc::on_liftoff("open", |_| {
        // Where nobody reads standard output, the door opens all the same.
        let _ = thread::Builder::new().spawn(move || say(&format!("{said}\n")));
        Box::pin(async {})
    });
    let launched = web::rocket(portal.clone(), figment).attach(open).attach(closing).launch().await;
    let _ = stop.send(true);
    // What a silent carrier holds is asked for by whoever claims it next, as after a crash.
    if timeout(FAREWELL, &mut worker).await.is_err() {
        tracing::warn!("stopped with messages under way: their carriers will be asked");
        worker.abort();
    }
    let close = async {
        for pool in [at_work.db, portal.db] {
            let _ = pool.close().await;
        }
    };
    let _ = timeout(FAREWELL, close).await;
    match launched {
        Ok(_) => Ok(()),
        // It served, and somebody kept a connection open to the end.
        Err(error) if matches!(error.kind(), ErrorKind::Shutdown(_, None)) => Ok(()),
        Err(error) => {
            let reason = format!("le portail n’a pas pu s’ouvrir : {}", error.kind());
            // Rocket's error panics when dropped unseen.
            error.pretty_print();
            Err(Stop::Refused(reason))
        }
    }
}
