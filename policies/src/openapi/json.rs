//! The one thing of JSON that YAML doesn't have.

use crate::sources::Source;

/// JSON writes a character beyond 16 bits as two escapes; here it is written as itself. Places are
/// those in the text that comes out, whose lines are those of the text that went in.
pub(super) fn readable(source: &Source) -> Source {
    let text = source.text();
    if text.trim_start().starts_with('{') && text.contains("\\u") {
        Source::new(source.name(), with_characters(text))
    } else {
        source.clone()
    }
}

fn with_characters(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        out.push_str(before);
        if let Some((character, after)) = pair(escape) {
            out.push(character);
            rest = after;
            continue;
        }
        // The backslash and what it escapes, which may be a backslash.
        let length = escape.chars().take(2).map(char::len_utf8).sum();
        let (escape, after) = escape.split_at(length);
        out.push_str(escape);
        rest = after;
    }
    out.push_str(rest);
    out
}

/// The character of two escapes, and what follows them.
fn pair(text: &str) -> Option<(char, &str)> {
    let (high, text) = unit(text)?;
    let (low, text) = unit(text)?;
    let character = char::decode_utf16([high, low]).next()?.ok()?;
    (character.len_utf16() == 2).then_some((character, text))
}

fn unit(text: &str) -> Option<(u16, &str)> {
    let (digits, rest) = text.strip_prefix("\\u")?.split_at_checked(4)?;
    Some((u16::from_str_radix(digits, 16).ok()?, rest))
}
