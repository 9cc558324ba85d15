//! A report as one page of HTML that loads nothing.

use super::{Review, table};

const STYLE: &str = "\
:root { color-scheme: light dark; --line: #8885; --soft: #8881; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid var(--line); padding: .4rem .6rem; text-align: left; vertical-align: top; }
thead th { background: var(--soft); }
td, code { overflow-wrap: anywhere; } code { font-size: .9em; }
.facts th { font-weight: 600; width: 12rem; }
.severity { border-radius: 1rem; font-size: .85em; padding: .1rem .6rem; }
.high { background: #b42318; color: #fff; } .medium { background: #b54708; color: #fff; }
.low { background: #175cd3; color: #fff; } .info { background: #475467; color: #fff; }
@media print { body { margin: 0; max-width: none; } tr { break-inside: avoid; } }
";

pub(super) fn page(review: &Review) -> String {
    let title = escaped(&table::title(review));
    let mut text = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n<table class=\"facts\">\n"
    );
    for (name, value) in table::facts(review) {
        text.push_str(&format!(
            "<tr><th scope=\"row\">{name}</th><td>{}</td></tr>\n",
            escaped(&value)
        ));
    }
    let counts = table::counts(review);
    text.push_str(&format!("</table>\n<h2>Findings: {counts}</h2>\n"));
    findings(review, &mut text);
    text.push_str("<h2>Keys</h2>\n");
    head(&table::COLUMNS, &mut text);
    for key in &review.keys {
        text.push_str(&row(&table::row(key)));
    }
    let critical = table::CRITICAL;
    text.push_str(&format!("</tbody>\n</table>\n<p>{critical}</p>\n"));
    if !review.people.is_empty() {
        text.push_str("<h2>People and services</h2>\n");
        head(&table::PEOPLE, &mut text);
        for person in &review.people {
            text.push_str(&row(&table::person(person)));
        }
        text.push_str("</tbody>\n</table>\n");
    }
    let anchor = escaped(table::ANCHOR);
    let mut parts = anchor.split('`');
    let mut marked = parts.next().unwrap_or_default().to_owned();
    while let Some((code, plain)) = parts.next().zip(parts.next()) {
        marked.push_str(&format!("<code>{code}</code>{plain}"));
    }
    text.push_str(&format!(
        "<h2>To check this report</h2>\n<p>{marked}</p>\n</body>\n</html>\n"
    ));
    text
}

fn findings(review: &Review, text: &mut String) {
    if review.findings.is_empty() {
        text.push_str("<p>Nothing was found.</p>\n");
        return;
    }
    head(&table::FINDINGS, text);
    for (of, finding) in table::findings(review) {
        let severity = finding.severity.as_str();
        text.push_str(&format!(
            "<tr><td><span class=\"severity {severity}\">{severity}</span></td><td>{}</td><td>{}</td>\
             <td><code>{}</code></td></tr>\n",
            escaped(&of),
            escaped(&finding.message),
            escaped(finding.code),
        ));
    }
    text.push_str("</tbody>\n</table>\n");
}

fn row<const N: usize>(cells: &[String; N]) -> String {
    let cells = cells
        .iter()
        .map(|cell| format!("<td>{}</td>", escaped(cell)));
    format!("<tr>{}</tr>\n", cells.collect::<String>())
}

fn head(columns: &[&str], text: &mut String) {
    let cells = columns
        .iter()
        .map(|name| format!("<th scope=\"col\">{name}</th>"));
    let cells: String = cells.collect();
    text.push_str(&format!(
        "<table>\n<thead><tr>{cells}</tr></thead>\n<tbody>\n"
    ));
}

/// Text that stands in an element, or in an attribute, as it is.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(letter),
        }
    }
    out
}
