//! Component identifiers, such as `"@query-param";name="Pet"`.

/// The identifiers in an inner list as a serialiser writes it.
pub(super) fn in_list(params: &str) -> Vec<String> {
    let Some(list) = params.strip_prefix('(') else {
        return Vec::new();
    };
    let mut identifiers = Vec::new();
    let mut rest = list;
    while let Some(end) = end_of(rest, &[' ', ')']) {
        let (identifier, after) = rest.split_at(end);
        if !identifier.is_empty() {
            identifiers.push(identifier.to_owned());
        }
        match after.strip_prefix(' ') {
            Some(next) => rest = next,
            None => break,
        }
    }
    identifiers
}

/// The identifier at the start of a line of the signature base.
pub(super) fn of_line(line: &str) -> Option<&str> {
    line.split_at_checked(end_of(line, &[':'])?)
        .map(|(identifier, _)| identifier)
}

/// The name in an identifier, and its parameters as they are written.
pub(super) fn parts(identifier: &str) -> (&str, Vec<&str>) {
    let mut parts = identifier.split(';');
    let name = parts.next().unwrap_or("").trim_matches('"');
    (name, parts.collect())
}

/// Where the first of these characters stands outside of quotes.
fn end_of(text: &str, ends: &[char]) -> Option<usize> {
    let mut quoted = false;
    let mut escaped = false;
    text.char_indices().find_map(|(at, c)| {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if !quoted && ends.contains(&c) => return Some(at),
            _ => {}
        }
        None
    })
}
