//! A case that needs no compiler: a bundle, entities and requests, as two files.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

/// A request by its strings: three types and ids, and the address in the context.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Requested {
    /// Who asks.
    pub principal: (String, String),
    /// What it wants to do.
    pub action: (String, String),
    /// What it wants to do it on.
    pub resource: (String, String),
    /// `context.ip`, if the policies ask for it.
    pub ip: Option<String>,
}

/// A compiled case.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Prepared {
    /// The name of the case.
    pub case: String,
    /// The bundle, which has a file of its own.
    #[serde(skip)]
    pub bundle: Vec<u8>,
    /// Entities in Cedar's JSON format.
    pub entities: String,
    /// The requests.
    pub requests: Vec<Requested>,
}

impl Prepared {
    /// Reads the case of a `.json` file, and the bundle beside it.
    ///
    /// # Errors
    /// Those of the files.
    pub fn read(path: &Path) -> Result<Self> {
        let named = || path.display().to_string();
        let text = fs::read_to_string(path).with_context(named)?;
        let mut prepared: Prepared = serde_json::from_str(&text).with_context(named)?;
        prepared.bundle = fs::read(path.with_extension("bundle")).with_context(named)?;
        Ok(prepared)
    }

    /// Writes both files into `folder`.
    ///
    /// # Errors
    /// Those of the files.
    pub fn write(&self, folder: &Path) -> Result<()> {
        let path = folder.join(format!("{}.json", self.case.replace('/', "-")));
        let named = || path.display().to_string();
        fs::create_dir_all(folder).with_context(named)?;
        fs::write(&path, serde_json::to_string(self)?).with_context(named)?;
        fs::write(path.with_extension("bundle"), &self.bundle).with_context(named)
    }
}
