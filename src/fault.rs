//! What becomes a 500: something broke that no visitor can mend.

use std::error::Error;
use std::fmt;

/// A failure of the portal itself. Refusals are never faults: they are outcomes that commands return.
///
/// It shows its cause's `Display` only: `Debug` of a library's error may hold values.
pub struct Fault(Box<dyn Error + Send + Sync>);

impl Fault {
    pub fn new(what: impl Into<String>) -> Self {
        Self(what.into().into())
    }
}

impl<E: Error + Send + Sync + 'static> From<E> for Fault {
    fn from(error: E) -> Self {
        Self(Box::new(error))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
