//! What a refused form shows again: what was typed, and what is wrong beside each field.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

/// The state of a form, ready for its template. Passwords are never kept in it.
pub struct FormState {
    values: BTreeMap<&'static str, String>,
    /// Fields with the keys of what is wrong with them, in the order of the page.
    errors: Vec<(&'static str, String)>,
    /// What may have been meant by a field, to choose from.
    choices: BTreeMap<&'static str, Vec<Choice>>,
}

/// One thing that may have been meant by what was typed.
#[derive(Serialize)]
pub struct Choice {
    pub value: String,
    /// As it is shown.
    pub text: String,
    /// Where it is, as sentences name it: `NC`.
    pub territory: &'static str,
}

impl FormState {
    /// A form with fields as they were typed; longer than any honest value is cut.
    pub fn with(values: &[(&'static str, &str)]) -> Self {
        let values = values.iter().map(|&(name, value)| (name, value.chars().take(300).collect())).collect();
        Self { values, errors: Vec::new(), choices: BTreeMap::new() }
    }

    /// A form that nobody has filled yet.
    pub fn blank(fields: &[&'static str]) -> Self {
        Self::with(&fields.iter().map(|&name| (name, "")).collect::<Vec<_>>())
    }

    /// Refuses a field, with the key of the sentence that says what to do.
    pub fn refuse(&mut self, field: &'static str, key: &str) {
        self.errors.push((field, key.to_owned()));
    }

    /// Offers what may have been meant by a refused field.
    pub fn offer(&mut self, field: &'static str, choices: Vec<Choice>) {
        self.choices.insert(field, choices);
    }

    pub fn is_sound(&self) -> bool {
        self.errors.is_empty()
    }

    pub fn is_refused(&self, field: &str) -> bool {
        self.errors.iter().any(|(name, _)| *name == field)
    }

    pub fn only_refused(&self, field: &str) -> bool {
        !self.is_sound() && self.errors.iter().all(|(name, _)| *name == field)
    }

    /// Shows a field in another way than it was typed.
    pub fn set(&mut self, field: &'static str, value: String) {
        self.values.insert(field, value);
    }

    /// Empties a field whose answer serves no longer.
    pub fn clear(&mut self, field: &'static str) {
        self.set(field, String::new());
    }

    pub fn json(&self) -> Value {
        let fields: BTreeMap<_, _> = self
            .values
            .keys()
            .chain(self.errors.iter().map(|(name, _)| name))
            .map(|&name| {
                let error = self.errors.iter().find(|(field, _)| *field == name).map(|(_, key)| key);
                let value = self.values.get(name).map_or("", String::as_str);
                (name, json!({ "value": value, "error": error, "choices": self.choices.get(name) }))
            })
            .collect();
        let errors: Vec<_> = self.errors.iter().map(|(id, key)| json!({ "id": id, "key": key })).collect();
        json!({ "fields": fields, "errors": errors })
    }
}
