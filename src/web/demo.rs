//! The messages that a demonstration captured instead of sending.

use std::path::Path;

use mail_parser::MessageParser;
use rocket::{State, get};
use serde_json::{Value, json};

use super::form::FormState;
use super::page::{Page, pager};
use super::voter::ISSUED_COLUMNS;
use crate::fault::Fault;
use crate::portal::Portal;

const A_PAGE: usize = 20;

#[get("/demo/messages?<page>")]
pub async fn messages(portal: &State<Portal>, page: Option<usize>) -> Result<Page, Fault> {
    let folder = portal.settings.outbox_folder();
    let mut names = Vec::new();
    if let Ok(mut entries) = tokio::fs::read_dir(&folder).await {
        while let Some(entry) = entries.next_entry().await? {
            names.extend(entry.file_name().into_string().ok().filter(|name| !name.starts_with('.')));
        }
    }
    // Names begin with the moment: the latest come first.
    names.sort_unstable_by(|a, b| b.cmp(a));
    let pages = names.len().div_ceil(A_PAGE).max(1);
    let page = page.unwrap_or(1).clamp(1, pages);
    let mut messages = Vec::new();
    for name in names.iter().skip((page - 1) * A_PAGE).take(A_PAGE) {
        messages.extend(message(&folder.join(name)).await?);
    }
    Ok(Page::new(
        "demo/messages",
        "demo-messages-title",
        json!({
            "messages": messages,
            "pager": pager("/demo/messages", page, pages),
        }),
    ))
}

/// Every part of the pages, in each of its states.
#[get("/demo/parts?<page>")]
pub fn parts(portal: &State<Portal>, page: Option<usize>) -> Page {
    let mut form = FormState::with(&[
        ("email", "camille.martin"),
        ("birthdate_day", "31"),
        ("birthdate_month", "2"),
        ("birthdate_year", "1968"),
    ]);
    form.refuse("email", "email-invalid");
    form.refuse("password", "password-missing");
    form.refuse("birthdate_day", "birthdate-invalid");
    form.refuse("request", "request-missing");
    Page::new(
        "demo/parts",
        "demo-parts-title",
        json!({
            "form": form.json(),
            "rows": [{ "key": "email-label", "value": "camille.martin@ac-valmont.example" }, { "key": "numen-label", "value": "12E3456789ABC" }],
            "columns": ISSUED_COLUMNS,
            "at": portal.now(),
            "pager": pager("/demo/parts", page.unwrap_or(2).clamp(1, 3), 3),
        }),
    )
}

async fn message(path: &Path) -> Result<Option<Value>, Fault> {
    let content = tokio::fs::read(path).await?;
    Ok(match path.extension().and_then(|extension| extension.to_str()) {
        Some("eml") => MessageParser::default().parse(&content).map(|mail| {
            let to = mail.to().and_then(|to| to.first()).and_then(|to| to.address()).unwrap_or_default();
            let text = mail.body_text(0).unwrap_or_default();
            json!({ "channel": "mail", "to": to, "subject": mail.subject(), "parts": pieces(&text) })
        }),
        Some("txt") => {
            let content = String::from_utf8_lossy(&content).into_owned();
            let (to, text) = content.split_once("\n\n").unwrap_or(("", &content));
            let to = to.trim_start_matches("To: ");
            Some(json!({ "channel": "sms", "to": to, "subject": null, "parts": pieces(text.trim()) }))
        }
        _ => None,
    })
}

/// A text in pieces, so that its links can be followed.
fn pieces(text: &str) -> Vec<Value> {
    let mut parts = Vec::new();
    for word in text.split_inclusive(char::is_whitespace) {
        let bare = word.trim_end();
        if bare.starts_with("http://") || bare.starts_with("https://") {
            parts.push(json!({ "link": bare, "text": "" }));
            parts.push(json!({ "link": null, "text": &word[bare.len()..] }));
        } else {
            parts.push(json!({ "link": null, "text": word }));
        }
    }
    parts
}
