//! What a site owes to say of itself: who answers for it, what it keeps, how accessible it is. Whoever is signed in stays
//! so, to the eye as well.

use rocket::{State, get};
use serde_json::json;

use super::cookies;
use super::guards::Visitor;
use super::page::Page;
use crate::portal::Portal;

#[get("/mentions-legales")]
pub fn legal(portal: &State<Portal>, _visitor: Visitor) -> Page {
    let legal = &portal.settings.legal;
    let context = json!({ "publisher": legal.publisher, "director": legal.director, "host": legal.host });
    Page::new("about/legal", "legal-title", context)
}

#[get("/donnees-personnelles")]
pub fn data(portal: &State<Portal>, _visitor: Visitor) -> Page {
    let legal = &portal.settings.legal;
    let context = json!({ "publisher": legal.publisher, "data_protection": legal.data_protection });
    Page::new("about/data", "data-title", context)
}

#[get("/accessibilite")]
pub fn accessibility(_visitor: Visitor) -> Page {
    Page::new("about/accessibility", "accessibility-title", json!({}))
}

#[get("/cookies")]
pub fn cookie_list(portal: &State<Portal>, _visitor: Visitor) -> Page {
    let context = json!({
        "columns": ["cookies-name", "cookies-what", "cookies-life"],
        "cookies": cookies::described(portal),
    });
    Page::new("about/cookies", "cookies-title", context)
}
