//! What is shown once: written straight to standard output, wiped after, and kept nowhere.

use std::io::Write as _;

use serde_json::Value;
use zeroize::Zeroizing;

use super::super::Done;
use super::Failure;

/// Something secret, and the member of the JSON object that it is.
pub(super) struct Delivered<'a> {
    pub(super) member: &'a str,
    pub(super) secret: &'a str,
}

/// Prints what was done and, last, what is secret. As JSON it is one object, with the secrets as members.
pub(super) fn print(
    as_json: bool,
    text: &str,
    json: &Value,
    secrets: &[Delivered<'_>],
) -> Result<Done, Failure> {
    let length: usize = secrets.iter().map(|one| 2 * one.secret.len() + 64).sum();
    let json = json.to_string();
    // As large as it can get from the first: nothing is left behind where it was smaller.
    let mut out = Zeroizing::new(Vec::with_capacity(length + text.len() + json.len() + 16));
    if as_json {
        out.extend_from_slice(json.strip_suffix('}').unwrap_or(&json).as_bytes());
        for one in secrets {
            out.extend_from_slice(b",\"");
            out.extend_from_slice(one.member.as_bytes());
            out.extend_from_slice(b"\":");
            serde_json::to_writer(&mut *out, one.secret).map_err(|error| unwritten(&error))?;
        }
        out.extend_from_slice(b"}\n");
    } else {
        out.extend_from_slice(text.as_bytes());
        for one in secrets {
            out.extend_from_slice(one.secret.trim_end().as_bytes());
            out.push(b'\n');
        }
    }
    let mut stdout = std::io::stdout().lock();
    stdout
        .write_all(&out)
        .and_then(|()| stdout.flush())
        .map_err(|error| unwritten(&error))?;
    Ok(Done::silent())
}

/// Who was to get it didn't: it can't be shown again.
fn unwritten(error: &dyn std::fmt::Display) -> Failure {
    Failure::usage(
        "not_delivered",
        format!("what is shown once could not be written: {error}"),
    )
    .with_help("the key is there: revoke it, and issue another")
}
