//! JSON in the layouts that serialisers write, order and escapes kept.

/// Without white space; with a space after each comma and colon; indented by two, and by four. None
/// for a text that isn't an object or a list.
pub(super) fn layouts(text: &str) -> Vec<String> {
    let text = text.trim();
    if !text.starts_with(['{', '[']) {
        return Vec::new();
    }
    let compact = compact(text);
    vec![
        spaced(&compact),
        indented(&compact, 2),
        indented(&compact, 4),
        compact,
    ]
}

/// Calls `visit` for each character with whether it is within a string.
fn walk(text: &str, mut visit: impl FnMut(char, bool)) {
    let (mut within, mut escaped) = (false, false);
    for c in text.chars() {
        let was_within = within;
        if escaped {
            escaped = false;
        } else if c == '\\' {
            escaped = within;
        } else if c == '"' {
            within = !within;
        }
        visit(c, was_within || within);
    }
}

fn compact(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    walk(text, |c, within| {
        if within || !c.is_ascii_whitespace() {
            out.push(c);
        }
    });
    out
}

fn spaced(compact: &str) -> String {
    let mut out = String::with_capacity(compact.len() * 2);
    walk(compact, |c, within| {
        out.push(c);
        if !within && matches!(c, ',' | ':') {
            out.push(' ');
        }
    });
    out
}

fn indented(compact: &str, width: usize) -> String {
    // More would be a text made to explode.
    const DEEPEST: usize = 64;
    let mut out = String::with_capacity(compact.len() * 2);
    let mut depth: usize = 0;
    let line = |out: &mut String, depth: usize| {
        out.push('\n');
        out.extend(core::iter::repeat_n(' ', width * depth.min(DEEPEST)));
    };
    let mut opened = false;
    walk(compact, |c, within| {
        let closes = !within && matches!(c, '}' | ']');
        if closes {
            depth = depth.saturating_sub(1);
        }
        if opened != closes {
            // The first of a container, or the end of one that isn't empty.
            if opened || closes {
                line(&mut out, depth);
            }
        }
        opened = false;
        out.push(c);
        if within {
            return;
        }
        match c {
            '{' | '[' => {
                depth += 1;
                opened = true;
            }
            ',' => line(&mut out, depth),
            ':' => out.push(' '),
            _ => {}
        }
    });
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layouts_are_those_of_serialisers() {
        let text = "{\"b\":  [1, 2,{}], \"a\":\"x, \\\"y: z\" }";
        let [spaced, two, _, compact] = &layouts(text)[..] else {
            panic!("four layouts");
        };
        assert_eq!(compact, r#"{"b":[1,2,{}],"a":"x, \"y: z"}"#);
        assert_eq!(spaced, r#"{"b": [1, 2, {}], "a": "x, \"y: z"}"#);
        assert_eq!(
            two,
            "{\n  \"b\": [\n    1,\n    2,\n    {}\n  ],\n  \"a\": \"x, \\\"y: z\"\n}"
        );
        assert!(layouts("a=1").is_empty());
    }
}
