//! "Ce n'est pas moi": from a mail, without a session, in one confirmation.

use rocket::http::Status;
use rocket::{State, get, post};
use serde_json::json;

use super::page::{Answered, Page};
use super::posted::Pressed;
use crate::issuance::disavow;
use crate::outbox::letters::support;
use crate::portal::Portal;
use crate::values::Token;

#[get("/pas-moi/<token>")]
pub async fn confirm(portal: &State<Portal>, token: &str) -> Answered {
    let seat = match Token::parse(token) {
        Some(token) => disavow::look(portal, &token).await?,
        None => None,
    };
    let Some((seat, _)) = seat else { return Ok(gone().into()) };
    let done = seat.voter.frozen_at.is_some();
    let context = json!({
        "done": done,
        "election": seat.election.name,
        "support": support(&seat.election),
        "token": token,
    });
    let title = if done { "disavow-done-title" } else { "disavow-title" };
    Ok(Page::new("disavow", title, context).outcome(if done { "frozen" } else { "" }).into())
}

#[post("/pas-moi/<token>", data = "<_form>")]
pub async fn freeze(portal: &State<Portal>, token: &str, _form: Pressed) -> Answered {
    let Some(parsed) = Token::parse(token) else { return Ok(gone().into()) };
    let Some((seat, _)) = disavow::look(portal, &parsed).await? else { return Ok(gone().into()) };
    if !disavow::disavow(portal, &parsed).await? {
        return Ok(gone().into());
    }
    let context = json!({
        "done": true,
        "election": seat.election.name,
        "support": support(&seat.election),
        "token": token,
    });
    Ok(Page::new("disavow", "disavow-done-title", context).outcome("frozen").into())
}

fn gone() -> Page {
    Page::new("error", "disavow-gone-title", json!({ "text": "disavow-gone-text", "sign_in": false }))
        .status(Status::Gone)
        .outcome("link-expired")
}
