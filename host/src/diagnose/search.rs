//! What must be changed so that a signature fits.

use base16ct::lower::encode_string as hex;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_core::Scheme;
use serde_json::Value;
use zeroize::Zeroizing;

use super::cause::Cause;
use super::difference::{decoded, recase};
use super::json_layout::layouts;

/// A request whose parts are changed one by one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// The method.
    pub method: String,
    /// The scheme of the connection.
    pub scheme: Scheme,
    /// The request target as on the request line.
    pub target: String,
    /// Names and values of the header lines.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// Looks for the one change by which `fits` says that the signature is right: to the request, to the
/// secret, or to another of the secrets of which the first is the key's own. `None` if there is no such.
pub fn search(
    sample: &Sample,
    secrets: &[&[u8]],
    fits: impl Fn(&Sample, &[u8]) -> bool,
) -> Option<Cause> {
    let (own, others) = secrets.split_first()?;
    let of_requests = changed_requests(sample).into_iter();
    let of_bodies = changed_bodies(&sample.body)
        .into_iter()
        .map(|(cause, body)| {
            let mut changed = sample.clone();
            changed.body = body;
            (cause, changed)
        });
    of_requests
        .chain(of_bodies)
        .find(|(_, changed)| changed != sample && fits(changed, own))
        .map(|(cause, _)| cause)
        .or_else(|| {
            changed_secrets(own)
                .into_iter()
                .find(|(_, secret)| secret.as_slice() != *own && fits(sample, secret))
                .map(|(cause, _)| cause)
        })
        .or_else(|| {
            let another = others.iter().any(|secret| fits(sample, secret));
            another.then_some(Cause::OtherKey)
        })
}

/// The same for a body alone, such as that of a digest.
pub fn search_body(body: &[u8], fits: impl Fn(&[u8]) -> bool) -> Option<Cause> {
    changed_bodies(body)
        .into_iter()
        .find(|(_, changed)| fits(changed))
        .map(|(cause, _)| cause)
}

fn changed_requests(sample: &Sample) -> Vec<(Cause, Sample)> {
    let mut all = Vec::new();
    let (path, query) = match sample.target.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (sample.target.as_str(), None),
    };
    let mut target = |cause, target: String| {
        all.push((
            cause,
            Sample {
                target,
                ..sample.clone()
            },
        ));
    };
    let tail = query.map(|query| format!("?{query}")).unwrap_or_default();
    match path.strip_suffix('/') {
        Some(bare) if !bare.is_empty() => target(Cause::TrailingSlash, format!("{bare}{tail}")),
        Some(_) => {}
        None => target(Cause::TrailingSlash, format!("{path}/{tail}")),
    }
    target(Cause::PercentEncoding, format!("{}{tail}", decode(path)));
    target(
        Cause::PercentEncoding,
        format!("{}{tail}", path.replace('%', "%25")),
    );
    if let Some(query) = query {
        target(
            Cause::PlusForSpace,
            format!("{path}?{}", query.replace("%20", "+")),
        );
        target(
            Cause::PlusForSpace,
            format!("{path}?{}", query.replace('+', "%20")),
        );
        target(
            Cause::EscapeCase,
            format!("{path}?{}", recase(query, char::to_ascii_uppercase)),
        );
        target(
            Cause::EscapeCase,
            format!("{path}?{}", recase(query, char::to_ascii_lowercase)),
        );
        target(Cause::PercentEncoding, format!("{path}?{}", decode(query)));
        target(Cause::PercentEncoding, format!("{path}?{}", encode(query)));
        let mut pairs: Vec<&str> = query.split('&').collect();
        pairs.sort_unstable();
        target(Cause::QueryOrder, format!("{path}?{}", pairs.join("&")));
        target(Cause::QueryMissing, path.to_owned());
    }
    let mut other = sample.clone();
    other.scheme = match sample.scheme {
        Scheme::Http => Scheme::Https,
        Scheme::Https => Scheme::Http,
    };
    all.push((Cause::OtherScheme, other));
    for method in [
        sample.method.to_ascii_uppercase(),
        sample.method.to_ascii_lowercase(),
    ] {
        all.push((
            Cause::LetterCase,
            Sample {
                method,
                ..sample.clone()
            },
        ));
    }
    for port in [":443", ":80"] {
        let mut ported = sample.clone();
        for (name, value) in &mut ported.headers {
            if name.eq_ignore_ascii_case("host") {
                *value = match value.rsplit_once(':') {
                    Some((host, _)) => host.to_owned(),
                    None => format!("{value}{port}"),
                };
            }
        }
        all.push((Cause::OtherAuthority, ported));
    }
    all
}

fn changed_bodies(body: &[u8]) -> Vec<(Cause, Vec<u8>)> {
    let mut all = vec![(Cause::BodyMissing, Vec::new())];
    let ended = |end: &[u8]| [body, end].concat();
    all.push((Cause::BodyLineBreak, ended(b"\n")));
    all.push((Cause::BodyLineBreak, ended(b"\r\n")));
    let bare = body.strip_suffix(b"\n").unwrap_or(body);
    let bare = bare.strip_suffix(b"\r").unwrap_or(bare);
    all.push((Cause::BodyLineBreak, bare.to_vec()));
    let Ok(text) = core::str::from_utf8(body) else {
        return all;
    };
    let unix = text.replace("\r\n", "\n");
    all.push((Cause::BodyLineEnds, unix.replace('\n', "\r\n").into_bytes()));
    all.push((Cause::BodyLineEnds, unix.into_bytes()));
    let ordered = serde_json::from_str::<Value>(text).map(|value| sorted(&value));
    for text in [Some(text.to_owned()), ordered.ok()].into_iter().flatten() {
        for layout in layouts(&text) {
            all.push((Cause::BodyReserialised, format!("{layout}\n").into_bytes()));
            all.push((Cause::BodyReserialised, layout.into_bytes()));
        }
    }
    all
}

fn changed_secrets(secret: &[u8]) -> Vec<(Cause, Zeroizing<Vec<u8>>)> {
    let mut all = Vec::new();
    let mut add = |cause, secret: Vec<u8>| all.push((cause, Zeroizing::new(secret)));
    for end in [&b"\n"[..], b"\r\n", b" "] {
        add(Cause::SecretLineBreak, [secret, end].concat());
    }
    add(Cause::SecretLineBreak, secret.trim_ascii().to_vec());
    add(Cause::SecretEncoding, STANDARD.encode(secret).into_bytes());
    add(Cause::SecretEncoding, hex(secret).into_bytes());
    let text = secret.trim_ascii();
    let text = text.strip_prefix(b"whsec_").unwrap_or(text);
    add(Cause::SecretEncoding, text.to_vec());
    if let Ok(bytes) = STANDARD.decode(text) {
        add(Cause::SecretEncoding, bytes);
    }
    if let Ok(bytes) = base16ct::mixed::decode_vec(text) {
        add(Cause::SecretEncoding, bytes);
    }
    all
}

/// The value as compact JSON, its members in the order of their names.
fn sorted(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let mut names: Vec<&String> = members.keys().collect();
            names.sort();
            let members: Vec<String> = names
                .into_iter()
                .filter_map(|name| {
                    let member = members.get(name)?;
                    Some(format!("{}:{}", Value::from(name.as_str()), sorted(member)))
                })
                .collect();
            format!("{{{}}}", members.join(","))
        }
        Value::Array(elements) => {
            let elements: Vec<String> = elements.iter().map(sorted).collect();
            format!("[{}]", elements.join(","))
        }
        scalar => scalar.to_string(),
    }
}

/// Without its escapes, where the text stays UTF-8.
fn decode(text: &str) -> String {
    let bytes = decoded(text);
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

/// With escapes for all that a component of a URI can't hold (RFC 3986 section 2.3), as
/// `encodeURIComponent` does for a value.
fn encode(query: &str) -> String {
    let kept = |byte: u8| {
        byte.is_ascii_alphanumeric()
            || matches!(byte, b'-' | b'_' | b'.' | b'~' | b'&' | b'=' | b'%')
    };
    query
        .bytes()
        .map(|byte| {
            if kept(byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Sample {
        Sample {
            method: "POST".to_owned(),
            scheme: Scheme::Https,
            target: "/v1/orders/?b=x+y&a=%2F:".to_owned(),
            headers: vec![("Host".to_owned(), "api.example.com".to_owned())],
            body: b"{\"b\": 1, \"a\": [1, 2]}\n".to_vec(),
        }
    }

    #[test]
    fn each_change_is_found_by_its_name() {
        let change = |change: fn(&mut Sample)| {
            let mut changed = sample();
            change(&mut changed);
            search(&sample(), &[b"secret"], |tried, _| *tried == changed)
        };
        let body =
            |body: &'static str| search_body(&sample().body, |tried| tried == body.as_bytes());
        assert_eq!(
            change(|it| it.target = "/v1/orders?b=x+y&a=%2F:".into()),
            Some(Cause::TrailingSlash)
        );
        assert_eq!(
            change(|it| it.target = "/v1/orders/?b=x%20y&a=%2F:".into()),
            Some(Cause::PlusForSpace)
        );
        assert_eq!(
            change(|it| it.target = "/v1/orders/?b=x+y&a=%2f:".into()),
            Some(Cause::EscapeCase)
        );
        assert_eq!(
            change(|it| it.target = "/v1/orders/?b=x+y&a=/:".into()),
            Some(Cause::PercentEncoding)
        );
        assert_eq!(
            change(|it| it.target = "/v1/orders/?b=x%2By&a=%2F%3A".into()),
            Some(Cause::PercentEncoding)
        );
        assert_eq!(
            change(|it| it.target = "/v1/orders/?a=%2F:&b=x+y".into()),
            Some(Cause::QueryOrder)
        );
        assert_eq!(
            change(|it| it.target = "/v1/orders/".into()),
            Some(Cause::QueryMissing)
        );
        assert_eq!(
            change(|it| it.scheme = Scheme::Http),
            Some(Cause::OtherScheme)
        );
        assert_eq!(
            change(|it| it.method = "post".into()),
            Some(Cause::LetterCase)
        );
        assert_eq!(
            change(|it| it.headers = vec![("Host".into(), "api.example.com:443".into())]),
            Some(Cause::OtherAuthority)
        );
        assert_eq!(body(""), Some(Cause::BodyMissing));
        assert_eq!(
            body("{\"b\": 1, \"a\": [1, 2]}"),
            Some(Cause::BodyLineBreak)
        );
        assert_eq!(body("{\"b\":1,\"a\":[1,2]}"), Some(Cause::BodyReserialised));
        assert_eq!(body("{\"a\":[1,2],\"b\":1}"), Some(Cause::BodyReserialised));
        assert_eq!(
            body("{\n  \"b\": 1,\n  \"a\": [\n    1,\n    2\n  ]\n}"),
            Some(Cause::BodyReserialised)
        );
        assert_eq!(body("another"), None);
    }

    #[test]
    fn secrets_are_told_apart() {
        let secret = |own: &[u8], used: &[u8]| {
            search(
                &sample(),
                &[own, b"of another environment"],
                |tried, secret| *tried == sample() && secret == used,
            )
        };
        assert_eq!(secret(b"abc", b"abc\n"), Some(Cause::SecretLineBreak));
        assert_eq!(secret(b"abc\n", b"abc"), Some(Cause::SecretLineBreak));
        assert_eq!(
            secret(b"whsec_AAEC", &[0, 1, 2]),
            Some(Cause::SecretEncoding)
        );
        assert_eq!(secret(&[0, 1, 2], b"AAEC"), Some(Cause::SecretEncoding));
        assert_eq!(secret(b"000102", &[0, 1, 2]), Some(Cause::SecretEncoding));
        assert_eq!(
            secret(b"abc", b"of another environment"),
            Some(Cause::OtherKey)
        );
        assert_eq!(secret(b"abc", b"xyz"), None);
    }
}
