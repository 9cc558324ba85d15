//! A report in Markdown.

use super::{Review, table};

pub(super) fn page(review: &Review) -> String {
    let mut text = format!("# {}\n\n", escaped(&table::title(review)));
    text.push_str("| | |\n|---|---|\n");
    for (name, value) in table::facts(review) {
        text.push_str(&format!("| {name} | {} |\n", escaped(&value)));
    }
    text.push_str(&format!("\n## Findings: {}\n\n", table::counts(review)));
    let found = table::findings(review);
    if found.is_empty() {
        text.push_str("Nothing was found.\n");
    } else {
        head(&table::FINDINGS, &mut text);
    }
    for (of, finding) in found {
        let cells = [
            finding.severity.as_str(),
            &of,
            &finding.message,
            finding.code,
        ];
        text.push_str(&line(&cells.map(escaped)));
    }
    text.push_str("\n## Keys\n\n");
    head(&table::COLUMNS, &mut text);
    for key in &review.keys {
        text.push_str(&line(&table::row(key).map(|cell| escaped(&cell))));
    }
    text.push_str(&format!("\n{}\n", table::CRITICAL));
    if !review.people.is_empty() {
        text.push_str("\n## People and services\n\n");
        head(&table::PEOPLE, &mut text);
        for person in &review.people {
            text.push_str(&line(&table::person(person).map(|cell| escaped(&cell))));
        }
    }
    text.push_str(&format!("\n## To check this report\n\n{}\n", table::ANCHOR));
    text
}

fn head<const N: usize>(columns: &[&str; N], text: &mut String) {
    text.push_str(&line(&columns.map(str::to_owned)));
    text.push_str(&line(&columns.map(|_| "---".to_owned())));
}

fn line<const N: usize>(cells: &[String; N]) -> String {
    format!("| {} |\n", cells.join(" | "))
}

/// Text that stands in a cell of a table as it is.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\n' | '\r' | '\t' => out.push(' '),
            '\\' | '|' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '&' => {
                out.push('\\');
                out.push(letter);
            }
            _ => out.push(letter),
        }
    }
    out
}
