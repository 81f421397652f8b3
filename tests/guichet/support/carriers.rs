//! Carriers as the settings make them, without a portal around.

use std::net::SocketAddr;

use guichet::settings::{self, Settings};
use rocket::figment::Figment;
use rocket::tokio::net::TcpListener;

pub fn settings(adjust: impl FnOnce(Figment) -> Figment) -> Settings {
    let figment = settings::figment()
        .select("demo")
        .merge(("portal.public_url", "https://vote.example.fr"))
        .merge(("portal.secret", "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="))
        .merge(("mail.from", "Vote <vote@example.fr>"));
    Settings::read(&adjust(figment)).unwrap()
}

/// Where nobody listens.
pub async fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}
