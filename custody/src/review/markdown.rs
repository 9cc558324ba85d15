//! A report in Markdown.

use super::{Review, table};

pub(super) fn page(review: &Review) -> String {
    let mut text = format!("# {}\n\n", escaped(&table::title(review)));
    text.push_str("| | |\n|---|---|\n");
    for (name, value) in table::facts(review) {
        text.push_str(&format!("| {name} | {} |\n", escaped(&value)));
    }
    text.push_str(&format!("\n## Findings: {}\n\n", table::counts(review)));
    let found = review.keys.iter().filter(|key| !key.findings.is_empty());
    let mut is_empty = true;
    for key in found {
        for finding in &key.findings {
            if is_empty {
                text.push_str("| Severity | Key | Owner | Code | What |\n|---|---|---|---|---|\n");
                is_empty = false;
            }
            let cells = [
                finding.severity.as_str(),
                &key.keyid,
                &key.owner,
                finding.code,
                &finding.message,
            ];
            text.push_str(&line(&cells.map(escaped)));
        }
    }
    if is_empty {
        text.push_str("Nothing was found.\n");
    }
    text.push_str("\n## Keys\n\n");
    text.push_str(&line(&table::COLUMNS.map(str::to_owned)));
    text.push_str(&line(&table::COLUMNS.map(|_| "---".to_owned())));
    for key in &review.keys {
        text.push_str(&line(&table::row(key).map(|cell| escaped(&cell))));
    }
    text.push_str(
        "\n(!) must not lie idle: to withdraw, to administer, or what asks for a second factor.\n",
    );
    text.push_str(&format!("\n## To check this report\n\n{}\n", table::ANCHOR));
    text
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
