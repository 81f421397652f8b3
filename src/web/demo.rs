//! The messages that a demonstration captured instead of sending.

use std::path::Path;

use mail_parser::MessageParser;
use rocket::{State, get};
use serde_json::{Value, json};

use super::page::Page;
use crate::fault::Fault;
use crate::portal::Portal;

const MOST: usize = 50;

#[get("/demo/messages")]
pub async fn messages(portal: &State<Portal>) -> Result<Page, Fault> {
    let folder = portal.settings.outbox_folder();
    let mut names = Vec::new();
    if let Ok(mut entries) = tokio::fs::read_dir(&folder).await {
        while let Some(entry) = entries.next_entry().await? {
            names.extend(entry.file_name().into_string().ok().filter(|name| !name.starts_with('.')));
        }
    }
    // Names begin with the moment: the latest come first.
    names.sort_unstable_by(|a, b| b.cmp(a));
    let mut messages = Vec::new();
    for name in names.iter().take(MOST) {
        messages.extend(message(&folder.join(name)).await?);
    }
    Ok(Page::new("demo/messages", "demo-messages-title", json!({ "messages": messages })))
}

async fn message(path: &Path) -> Result<Option<Value>, Fault> {
    let content = tokio::fs::read(path).await?;
    Ok(match path.extension().and_then(|extension| extension.to_str()) {
        Some("eml") => MessageParser::default().parse(&content).map(|mail| {
            let to = mail.to().and_then(|to| to.first()).and_then(|to| to.address()).unwrap_or_default();
            let text = mail.body_text(0).unwrap_or_default();
            json!({ "channel": "mail", "to": to, "subject": mail.subject(), "parts": parts(&text) })
        }),
        Some("txt") => {
            let content = String::from_utf8_lossy(&content).into_owned();
            let (to, text) = content.split_once("\n\n").unwrap_or(("", &content));
            let to = to.trim_start_matches("To: ");
            Some(json!({ "channel": "sms", "to": to, "subject": null, "parts": parts(text.trim()) }))
        }
        _ => None,
    })
}

/// A text in pieces, so that its links can be followed.
fn parts(text: &str) -> Vec<Value> {
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
