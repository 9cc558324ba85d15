//! The published tables, from `tests/vectors/published`.

use serde::Deserialize;
use serde::de::DeserializeOwned;

#[derive(Deserialize)]
struct Table<T> {
    cases: Vec<T>,
}

/// The cases of one file.
pub(crate) fn cases<T: DeserializeOwned>(file: &str) -> Vec<T> {
    let path = format!(
        "{}/../tests/vectors/published/{file}",
        env!("CARGO_MANIFEST_DIR")
    );
    let text = std::fs::read_to_string(&path).unwrap();
    let table: Table<T> = serde_json::from_str(&text).unwrap();
    assert!(!table.cases.is_empty(), "{file} is empty");
    table.cases
}
