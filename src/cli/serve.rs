//! The commands that open the portal.

use std::path::Path;
use std::thread;

use guichet::fault::Fault;
use guichet::portal::Portal;
use guichet::{demo, settings, web, worker};
use guichet_migrations::Migrator;
use rocket::fairing::AdHoc;
use rocket::figment::Figment;
use sea_orm_migration::MigratorTrait;
use tokio::sync::watch::channel;

use super::{Stop, check, open, open_checked, say};

pub async fn demonstrate(port: u16, folder: &Path) -> Result<(), Stop> {
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

pub async fn serve() -> Result<(), Stop> {
    let figment = settings::figment();
    let portal = open_checked(&figment).await?;
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
    let open = AdHoc::on_liftoff("open", |_| {
        // Where nobody reads standard output, the door opens all the same.
        let _ = thread::Builder::new().spawn(move || say(&format!("{said}\n")));
        Box::pin(async {})
    });
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
