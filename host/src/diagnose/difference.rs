//! Where two signature bases part, and why that may be.

use base16ct::lower::encode_string as hex;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::cause::Cause;

/// The first line in which two bases differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Counted from 1.
    pub line: usize,
    /// Counted in characters from 0: where in the line they part.
    pub column: usize,
    /// The line of the verifier; none if it has fewer lines.
    pub expected: Option<String>,
    /// The line of the signer; none if it has fewer.
    pub given: Option<String>,
    /// What the difference looks like.
    pub cause: Option<Cause>,
}

/// Compares the base that the verifier has built with the one that the signer says it signed: none if
/// they are the same.
///
/// ```
/// use countersign::diagnose::{Cause, first_difference};
/// let found = first_difference("\"@query\": ?q=a%20b", "\"@query\": ?q=a+b");
/// assert_eq!(found.and_then(|found| found.cause), Some(Cause::PlusForSpace));
/// assert_eq!(first_difference("GET", "GET"), None);
/// ```
#[must_use]
pub fn first_difference(expected: &str, given: &str) -> Option<Difference> {
    if expected == given {
        return None;
    }
    let (mut ours, mut theirs) = (expected.split('\n'), given.split('\n'));
    let mut line = 0;
    loop {
        line += 1;
        match (ours.next(), theirs.next()) {
            (Some(a), Some(b)) if a == b => {}
            (None, None) => return None,
            (a, b) => {
                let (whole, other) = (a.unwrap_or(""), b.unwrap_or(""));
                let same = whole.chars().zip(other.chars());
                return Some(Difference {
                    line,
                    column: same.take_while(|(a, b)| a == b).count(),
                    expected: a.map(str::to_owned),
                    given: b.map(str::to_owned),
                    cause: match (a, b) {
                        (Some(a), Some(b)) => likely(a, b),
                        // Only a line break at the end is too much: as of a body that is signed as it is.
                        (None, Some("")) | (Some(""), None) => Some(Cause::BodyLineBreak),
                        _ => Some(Cause::OtherComponents),
                    },
                });
            }
        }
    }
}

/// What makes one text of the other.
pub(super) fn likely(a: &str, b: &str) -> Option<Cause> {
    let component = |line: &str| -> Option<(String, String)> {
        let (name, value) = line.strip_prefix('"')?.split_once("\": ")?;
        Some((name.to_owned(), value.to_owned()))
    };
    if let (Some((name, a)), Some((other, b))) = (component(a), component(b)) {
        return match name.as_str() {
            _ if name != other => Some(Cause::OtherComponents),
            "@scheme" => Some(Cause::OtherScheme),
            "@authority" => Some(Cause::OtherAuthority),
            "@signature-params" => of_parameters(&a, &b),
            _ => of_values(&a, &b),
        };
    }
    of_values(a, b)
}

fn of_parameters(a: &str, b: &str) -> Option<Cause> {
    let (covered, parameters) = a.split_once(')')?;
    let (others, other_parameters) = b.split_once(')')?;
    if covered != others {
        return Some(Cause::OtherComponents);
    }
    of_numbers(parameters, other_parameters).or_else(|| of_values(parameters, other_parameters))
}

type Test = fn(&str, &str) -> bool;

/// From the surest to the vaguest.
const TESTS: [(Cause, Test); 16] = [
    (Cause::BodyLineEnds, |a, b| {
        a.replace("\r\n", "\n") == b.replace("\r\n", "\n")
    }),
    (Cause::WhiteSpace, |a, b| a.trim() == b.trim()),
    (Cause::PlusForSpace, |a, b| {
        a.replace('+', "%20") == b.replace('+', "%20")
    }),
    (Cause::EscapeCase, |a, b| {
        recase(a, char::to_ascii_lowercase) == recase(b, char::to_ascii_lowercase)
    }),
    (Cause::LetterCase, |a, b| a.eq_ignore_ascii_case(b)),
    (Cause::TrailingSlash, |a, b| {
        a.strip_suffix('/') == Some(b) || b.strip_suffix('/') == Some(a)
    }),
    (Cause::OtherScheme, |a, b| {
        a.replacen("https://", "http://", 1) == b.replacen("https://", "http://", 1)
    }),
    (Cause::QueryMissing, |a, b| {
        let bare = |text: &str| text.split_once('?').map(|(path, _)| path.to_owned());
        bare(a).as_deref() == Some(b) || bare(b).as_deref() == Some(a)
    }),
    (Cause::QueryOrder, |a, b| {
        a.contains('&') && sorted(a) == sorted(b)
    }),
    (Cause::PercentEncoding, |a, b| {
        a.contains('%') != b.contains('%') && same_decoded(a, b) || twice(a) == b || twice(b) == a
    }),
    (Cause::PercentEncoding, same_decoded),
    (Cause::BodyReserialised, |a, b| {
        let value = |text: &str| serde_json::from_str::<Value>(text).ok();
        value(a).is_some_and(|a| a.is_object() || a.is_array()) && value(a) == value(b)
    }),
    (Cause::HexForBase64, |a, b| {
        let hexed = |text: &str, base64: &str| {
            STANDARD
                .decode(base64)
                .is_ok_and(|bytes| !bytes.is_empty() && hex(&bytes).eq_ignore_ascii_case(text))
        };
        hexed(a, b) || hexed(b, a)
    }),
    (Cause::FieldJoined, |a, b| joined(a) == joined(b)),
    (Cause::PathPrefix, |a, b| {
        a.starts_with('/')
            && b.starts_with('/')
            && a != "/"
            && b != "/"
            && (a.ends_with(b) || b.ends_with(a))
    }),
    (Cause::BodyMissing, |a, b| a.is_empty() != b.is_empty()),
];

/// What the difference of two values, bodies or whole bases without names looks like.
pub(super) fn of_values(a: &str, b: &str) -> Option<Cause> {
    TESTS
        .iter()
        .find(|(_, test)| test(a, b))
        .map(|(cause, _)| *cause)
        .or_else(|| of_numbers(a, b))
}

/// Two texts that differ only in their first different number.
fn of_numbers(a: &str, b: &str) -> Option<Cause> {
    let same = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    // Back to where the number begins.
    let shared = a.get(..same)?;
    let start = shared.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    let number = |text: &str| -> Option<(u64, String)> {
        let rest = text.get(start..)?;
        let end = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        let (digits, rest) = rest.split_at_checked(end)?;
        Some((digits.parse().ok()?, rest.to_owned()))
    };
    let ((a, after), (b, other)) = (number(a)?, number(b)?);
    let (least, most) = (a.min(b), a.max(b));
    if most / 1000 == least && least > 1_000_000_000 {
        Some(Cause::Milliseconds)
    } else if after == other && least > 1_000_000_000 {
        Some(Cause::ClockSkew)
    } else {
        None
    }
}

/// The escapes with their hexadecimal digits in one case.
pub(super) fn recase(text: &str, case: fn(&char) -> char) -> String {
    let mut left: usize = 0;
    text.chars()
        .map(|c| {
            let within = left > 0;
            left = if c == '%' { 2 } else { left.saturating_sub(1) };
            if within { case(&c) } else { c }
        })
        .collect()
}

/// The parameters in order.
fn sorted(text: &str) -> Vec<&str> {
    let query = text.rsplit_once('?').map_or(text, |(_, query)| query);
    let mut pairs: Vec<&str> = query.split('&').collect();
    pairs.sort_unstable();
    pairs
}

fn same_decoded(a: &str, b: &str) -> bool {
    decoded(a) == decoded(b)
}

/// What is between two decodings.
pub(super) fn decoded(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let mut rest = bytes.clone();
        let digit = |byte: Option<u8>| char::from(byte.unwrap_or(b' ')).to_digit(16);
        match (byte, digit(rest.next()), digit(rest.next())) {
            (b'%', Some(high), Some(low)) => {
                out.push(u8::try_from(high * 16 + low).unwrap_or(b'?'));
                bytes = rest;
            }
            _ => out.push(byte),
        }
    }
    out
}

/// Encoded once more.
fn twice(text: &str) -> String {
    text.replace('%', "%25")
}

/// Without the white space around commas and line ends.
fn joined(text: &str) -> Vec<&str> {
    text.split([',', '\n']).map(str::trim).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cause_is_told_by_its_difference() {
        for (cause, a, b) in [
            (
                Cause::PlusForSpace,
                "\"@query\": ?q=a%20b",
                "\"@query\": ?q=a+b",
            ),
            (
                Cause::PercentEncoding,
                "\"@query\": ?t=a:b",
                "\"@query\": ?t=a%3Ab",
            ),
            (
                Cause::PercentEncoding,
                "\"@path\": /a%20b",
                "\"@path\": /a%2520b",
            ),
            (Cause::EscapeCase, "\"@path\": /a%2fb", "\"@path\": /a%2Fb"),
            (
                Cause::QueryOrder,
                "\"@query\": ?a=1&b=2",
                "\"@query\": ?b=2&a=1",
            ),
            (Cause::QueryMissing, "GET/orders?a=1", "GET/orders"),
            (
                Cause::TrailingSlash,
                "\"@path\": /orders/",
                "\"@path\": /orders",
            ),
            (
                Cause::PathPrefix,
                "\"@path\": /api/orders",
                "\"@path\": /orders",
            ),
            (
                Cause::OtherScheme,
                "\"@scheme\": https",
                "\"@scheme\": http",
            ),
            (
                Cause::OtherScheme,
                "\"@target-uri\": https://a/b",
                "\"@target-uri\": http://a/b",
            ),
            (
                Cause::OtherAuthority,
                "\"@authority\": a.example",
                "\"@authority\": a.example:8443",
            ),
            (Cause::LetterCase, "\"@method\": POST", "\"@method\": post"),
            (Cause::WhiteSpace, "\"date\": today", "\"date\":  today "),
            (Cause::FieldJoined, "\"accept\": a, b", "\"accept\": a,b"),
            (
                Cause::BodyReserialised,
                r#"{"a": 1, "b": 2}"#,
                r#"{"b":2,"a":1}"#,
            ),
            (Cause::BodyMissing, "{}", ""),
            (Cause::HexForBase64, "AAECAw==", "00010203"),
            (
                Cause::Milliseconds,
                "\"@signature-params\": (\"@path\");created=1700000000;keyid=\"k\"",
                "\"@signature-params\": (\"@path\");created=1700000000123;keyid=\"k\"",
            ),
            (
                Cause::ClockSkew,
                "\"@signature-params\": (\"@path\");created=1700000000;keyid=\"k\"",
                "\"@signature-params\": (\"@path\");created=1700003600;keyid=\"k\"",
            ),
            (
                Cause::OtherComponents,
                "\"@signature-params\": (\"@path\")",
                "\"@signature-params\": (\"@method\" \"@path\")",
            ),
            (Cause::OtherComponents, "\"@path\": /", "\"@method\": GET"),
        ] {
            assert_eq!(likely(a, b), Some(cause), "{a} / {b}");
            assert_eq!(likely(b, a), Some(cause), "{b} / {a}");
        }
        assert_eq!(of_values("a\r\nb", "a\nb"), Some(Cause::BodyLineEnds));
        assert_eq!(likely("\"x\": one", "\"x\": two"), None);
    }

    #[test]
    fn the_place_is_where_they_part() {
        let found = first_difference(
            "\"@method\": GET\n\"@path\": /a",
            "\"@method\": GET\n\"@path\": /b",
        );
        let found = found.expect("they differ");
        assert_eq!((found.line, found.column), (2, 10));
        assert_eq!(
            first_difference("a", "a\n").and_then(|found| found.cause),
            Some(Cause::BodyLineBreak)
        );
        assert_eq!(
            first_difference("a\nb", "a").and_then(|found| found.cause),
            Some(Cause::OtherComponents)
        );
    }
}
