//! The words: Handlebars templates filled from Fluent, for pages, mails and SMS alike.

use std::borrow::Cow;
use std::collections::HashMap;

use chrono::{Datelike, Timelike};
use fluent_templates::fluent_bundle::FluentValue;
use fluent_templates::{LanguageIdentifier, Loader, langid};
use handlebars::{
    Context, Handlebars, Helper, HelperDef, RenderContext, RenderError, RenderErrorReason, ScopedJson, no_escape,
};
use rust_embed::RustEmbed;
use serde::Serialize;
use serde_json::{Value, json};

use crate::fault::Fault;
use crate::values::{Instant, Language, paris};

static FRENCH: LanguageIdentifier = langid!("fr");
static ENGLISH: LanguageIdentifier = langid!("en");

fluent_templates::static_loader! {
    static LOCALES = {
        locales: "./locales",
        fallback_language: "fr",
        // The marks that Fluent puts around values are for right-to-left scripts; an SMS can't hold them.
        customise: |bundle| {
            bundle.set_use_isolating(false);
            let language = if bundle.locales.contains(&ENGLISH) { Language::English } else { Language::French };
            for (function, key) in [("MOMENT", "date-and-time"), ("TIME", "time")] {
                // A bundle has no function of its own yet, so that nothing is there twice.
                let _ = bundle.add_function(function, move |values, _| told(language, key, values));
            }
        },
    };
}

#[derive(RustEmbed)]
#[folder = "templates"]
#[include = "*.hbs"]
struct Templates;

/// The compiled templates. Strict: a name that a context lacks is a fault, not an empty space.
#[derive(Clone, Debug)]
pub struct Texts {
    pages: Handlebars<'static>,
    letters: Handlebars<'static>,
}

/// A mail's words, for every kind of reader.
#[derive(Debug)]
pub struct Letter {
    pub subject: String,
    pub text: String,
    pub html: String,
}

impl Texts {
    pub fn load() -> Result<Self, Fault> {
        let mut pages = Handlebars::new();
        pages.set_strict_mode(true);
        for name in Templates::iter() {
            let Some(file) = Templates::get(&name) else { continue };
            pages.register_template_string(name.trim_end_matches(".hbs"), std::str::from_utf8(&file.data)?)?;
        }
        pages.register_helper("t", Box::new(Translate));
        let mut letters = pages.clone();
        letters.register_escape_fn(no_escape);
        letters.register_template_string("mail/link", "{{href}}\n")?;
        Ok(Self { pages, letters })
    }

    /// A page: every value is escaped for HTML.
    pub fn page(&self, template: &str, context: &impl Serialize) -> Result<String, Fault> {
        Ok(self.pages.render(template, context)?)
    }

    /// An SMS: plain text, in the context's `frame.lang` as everything here.
    pub fn plain(&self, template: &str, context: &impl Serialize) -> Result<String, Fault> {
        Ok(self.letters.render(template, context)?)
    }

    /// A mail: one template for its subject, which is the first line, its text and its HTML. Paragraphs stand between
    /// empty lines; a link on a line of its own becomes a button.
    pub fn letter(&self, template: &str, context: &Value) -> Result<Letter, Fault> {
        let read = |texts: &Handlebars<'static>| -> Result<(String, String), Fault> {
            let rendered = texts.render(template, context)?;
            let (subject, body) = rendered.split_once('\n').ok_or_else(|| Fault::new("a mail without a text"))?;
            // A line break in a name must not become a header.
            let subject = subject.replace(char::is_control, " ").trim().to_owned();
            Ok((subject, format!("{}\n\n{}", body.trim(), texts.render("mail/closing", context)?.trim())))
        };
        let (subject, text) = read(&self.letters)?;
        let (_, marked) = read(&self.pages)?;
        let paragraphs: Vec<String> = marked.split("\n\n").map(|lines| lines.trim().replace('\n', "<br>\n")).collect();
        let html = self
            .page("mail/shell", &json!({ "frame": context["frame"], "subject": subject, "paragraphs": paragraphs }))?;
        Ok(Letter { subject, text: text + "\n", html })
    }
}

/// `{ MOMENT($at) }` and `{ TIME($at) }` in a sentence: a moment, passed as JSON writes it, told in Paris.
fn told(language: Language, key: &str, values: &[FluentValue<'_>]) -> FluentValue<'static> {
    match values {
        [FluentValue::String(text)] => text
            .parse()
            .map_or(FluentValue::Error, |at: Instant| FluentValue::from(sentence(language, key, &moment(at)))),
        _ => FluentValue::Error,
    }
}

fn sentence(language: Language, key: &str, arguments: &[(&'static str, FluentValue<'_>)]) -> String {
    let arguments: HashMap<_, _> = arguments.iter().map(|(name, value)| (Cow::from(*name), value.clone())).collect();
    LOCALES.lookup_with_args(identifier(language), key, &arguments)
}

/// A value for a spreadsheet, which would run one that begins like a formula.
pub fn cell(value: &str) -> Cow<'_, str> {
    if value.starts_with(['=', '+', '-', '@']) { format!("'{value}").into() } else { value.into() }
}

fn identifier(language: Language) -> &'static LanguageIdentifier {
    match language {
        Language::French => &FRENCH,
        Language::English => &ENGLISH,
    }
}

/// `lundi 23 novembre 2026 à 10 h 05`, in Paris: for the command line.
pub fn date_and_time(at: Instant) -> String {
    sentence(Language::French, "date-and-time", &moment(at))
}

fn moment(at: Instant) -> [(&'static str, FluentValue<'static>); 6] {
    let at = paris::wall(at);
    [
        ("weekday", at.weekday().number_from_monday().into()),
        ("day", at.day().into()),
        ("month", at.month().into()),
        // As texts: a locale would group the year's digits and drop the minutes' zero.
        ("year", at.year().to_string().into()),
        ("hour", at.hour().into()),
        ("minute", format!("{:02}", at.minute()).into()),
    ]
}

/// `{{t "key" name=value}}`, in the language that the context's `frame.lang` names.
struct Translate;

impl HelperDef for Translate {
    fn call_inner<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        context: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
    ) -> Result<ScopedJson<'rc>, RenderError> {
        let key = helper.param(0).and_then(|key| key.value().as_str()).unwrap_or_default();
        let arguments =
            helper.hash().iter().map(|(name, value)| (Cow::from((*name).to_owned()), fluent(value.value()))).collect();
        let language = context.data().pointer("/frame/lang").and_then(|code| Language::from_code(code.as_str()?));
        LOCALES
            .try_lookup_complete(identifier(language.unwrap_or_default()), key, Some(&arguments))
            .map(|text| ScopedJson::Derived(text.into()))
            .ok_or_else(|| RenderErrorReason::Other(format!("no sentence {key:?} in the locale")).into())
    }
}

fn fluent(value: &serde_json::Value) -> FluentValue<'static> {
    match value {
        serde_json::Value::Number(number) => FluentValue::from(number.as_f64().unwrap_or_default()),
        serde_json::Value::String(text) => FluentValue::from(text.clone()),
        other => FluentValue::from(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_paris_in_winter_and_in_summer() {
        let told = |utc: &str| date_and_time(utc.parse().unwrap());
        assert_eq!(told("2026-11-23T09:05:00Z"), "lundi 23\u{a0}novembre 2026 à 10\u{a0}h\u{a0}05");
        assert_eq!(told("2026-07-31T22:30:00Z"), "samedi 1er\u{a0}août 2026 à 0\u{a0}h\u{a0}30");
        for month in 1..=12 {
            for day in 1..=28 {
                assert!(!told(&format!("2026-{month:02}-{day:02}T12:00:00Z")).contains(['{', '?']));
            }
        }
    }
}
