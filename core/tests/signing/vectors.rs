//! The published tables: a few from `tests/vectors/published`, and all that lie beside the
//! repository in `../shared/vectors/signing`, where they are.

use std::path::PathBuf;

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

/// The text of one file of the shared vectors; none, and a line that says so, where they are absent.
pub(crate) fn shared_text(file: &str) -> Option<String> {
    let path = shared_folder().join(file);
    let text = std::fs::read_to_string(&path).ok();
    if text.is_none() {
        println!("skipped: {file}, there are no shared vectors beside the repository");
    }
    text
}

/// The cases of one file of the shared vectors; none where they are absent.
pub(crate) fn shared<T: DeserializeOwned>(file: &str) -> Vec<T> {
    let Some(text) = shared_text(file) else {
        return Vec::new();
    };
    let table: Table<T> = serde_json::from_str(&text).unwrap();
    assert!(!table.cases.is_empty(), "{file} is empty");
    table.cases
}

/// The files of one folder of the shared vectors, by their paths within them.
pub(crate) fn shared_files(folder: &str) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(shared_folder().join(folder)) else {
        println!("skipped: {folder}, there are no shared vectors beside the repository");
        return Vec::new();
    };
    let mut files: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .map(|name| format!("{folder}/{name}"))
        .collect();
    files.sort();
    files
}

/// Says how many cases of a family passed, and demands that it was all of them.
pub(crate) fn conclude(family: &str, cases: usize, failures: &[String]) {
    println!("{family}: {} of {cases} passed", cases - failures.len());
    assert!(failures.is_empty(), "{family}: {failures:#?}");
}

pub(crate) fn from_hex(hex: &str) -> Vec<u8> {
    hex.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

fn shared_folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/vectors/signing")
}
