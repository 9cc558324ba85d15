//! What a bundle is compiled from.

use std::sync::Arc;

/// A text and the name it is reported under.
#[derive(Clone, Debug)]
pub struct Source {
    name: String,
    text: Arc<str>,
}

impl Source {
    /// The text `text`, reported as `name`, which is a file's name for most.
    pub fn new(name: impl Into<String>, text: impl Into<Arc<str>>) -> Self {
        Self {
            name: name.into(),
            text: text.into(),
        }
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn shared_text(&self) -> Arc<str> {
        Arc::clone(&self.text)
    }
}

/// The texts of a pack.
#[derive(Clone, Debug)]
pub struct Sources {
    /// Policies, in Cedar.
    pub policies: Source,
    /// The schema, in Cedar's own syntax.
    pub schema: Source,
    /// The manifest, in TOML.
    pub manifest: Source,
    /// Static entities, in Cedar's JSON format, beside the groups of the manifest.
    pub entities: Option<Source>,
}
