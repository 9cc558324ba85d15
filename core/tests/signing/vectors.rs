//! The published tables of the project. All that lie beside it are run by `tests/src/signing`.

use serde::Deserialize;
use serde::de::DeserializeOwned;

#[derive(Deserialize)]
struct Table<T> {
    cases: Vec<T>,
}

/// The cases of one file of the project.
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

pub(crate) fn from_hex(hex: &str) -> Vec<u8> {
    hex.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}
