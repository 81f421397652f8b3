//! The words: Handlebars templates filled from Fluent, for pages, mails and SMS alike.

use std::borrow::Cow;
use std::collections::HashMap;

use chrono::{DateTime, Datelike, Timelike};
use chrono_tz::Tz;
use fluent_templates::fluent_bundle::FluentValue;
use fluent_templates::{LanguageIdentifier, Loader, langid};
use handlebars::{
    Context, Handlebars, Helper, HelperDef, RenderContext, RenderError, RenderErrorReason, ScopedJson, no_escape,
};
use rust_embed::RustEmbed;
use serde::Serialize;
use serde_json::{Value, json};

use crate::fault::Fault;
use crate::values::{Instant, Language, Territory, paris};

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
            for (function, telling) in Telling::ALL {
                // A bundle has no function of its own yet, so that nothing is there twice.
                let _ = bundle.add_function(function, move |values, _| telling.told(language, values));
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

/// How a sentence tells a moment, which JSON writes, to somebody at `$place`: `{ MOMENT($at, $place) }`. Always in Paris,
/// and overseas by the clock there, too.
#[derive(Clone, Copy)]
struct Telling {
    key: &'static str,
    /// Whether it is said to everybody whose hour it is, as for a deadline.
    names_paris: bool,
}

impl Telling {
    const ALL: [(&'static str, Self); 4] = [
        ("MOMENT", Self { key: "date-and-time", names_paris: true }),
        ("WHEN", Self { key: "date-and-time", names_paris: false }),
        ("HOUR", Self { key: "time", names_paris: true }),
        ("TIME", Self { key: "time", names_paris: false }),
    ];

    fn told(self, language: Language, values: &[FluentValue<'_>]) -> FluentValue<'static> {
        let [FluentValue::String(at), FluentValue::String(place)] = values else { return FluentValue::Error };
        let Ok(at) = at.parse::<Instant>() else { return FluentValue::Error };
        let here = paris::wall(at);
        let text = sentence(language, self.key, &moment(here));
        let clock = Territory::from_code(place).and_then(Territory::clock);
        let Some(there) = clock.map(|clock| at.with_timezone(&clock)) else {
            let named = || sentence(language, "in-paris", &[("text", text.clone().into())]);
            return if self.names_paris { named() } else { text }.into();
        };
        let is_same_day = there.date_naive() == here.date_naive();
        let local = sentence(language, if is_same_day { "time" } else { "date-and-time" }, &moment(there));
        let arguments = [("text", text.into()), ("local", local.into()), ("place", place.to_string().into())];
        sentence(language, "in-paris-and-overseas", &arguments).into()
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
    sentence(Language::French, "date-and-time", &moment(paris::wall(at)))
}

fn moment(at: DateTime<Tz>) -> [(&'static str, FluentValue<'static>); 6] {
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

/// `{{t "key" name=value}}`, in the language that the context's `frame.lang` names, for somebody at its `frame.place`.
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
        let frame = |name| context.data().pointer(name).and_then(Value::as_str).unwrap_or_default();
        let mut arguments: HashMap<_, _> =
            helper.hash().iter().map(|(name, value)| (Cow::from((*name).to_owned()), fluent(value.value()))).collect();
        arguments.insert("place".into(), frame("/frame/place").to_owned().into());
        let language = Language::from_code(frame("/frame/lang"));
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
