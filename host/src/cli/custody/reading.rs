//! Times, lengths of time and secrets, as they are typed or kept in files.

use std::io::Read as _;
use std::path::Path;

use countersign_core::UnixSeconds;
use countersign_core::policy::Datetime;
use countersign_custody::Secret;
use countersign_custody::rfc_3339;
use zeroize::Zeroizing;

use super::Failure;

/// The longest file with a secret, in bytes.
const LIMIT: usize = 64 * 1024;

/// Seconds since 1970, or a date and perhaps a time as RFC 3339 writes them: `2026-11-25T13:00:00Z`.
pub(super) fn instant(text: &str) -> Result<UnixSeconds, String> {
    if let Ok(seconds) = text.parse() {
        return Ok(UnixSeconds::new(seconds));
    }
    Datetime::parse(text)
        .and_then(|at| u64::try_from(at.0 / 1000).ok())
        .map(UnixSeconds::new)
        .ok_or_else(|| "it is seconds since 1970, or like `2026-11-25T13:00:00Z`".into())
}

/// A number of seconds: `90d`, `12h`, `30m`, `45s`, or the number alone.
pub(super) fn seconds(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let unit = match text.strip_prefix(digits) {
        Some("" | "s") => Some(1),
        Some("m") => Some(60),
        Some("h") => Some(60 * 60),
        Some("d") => Some(24 * 60 * 60),
        _ => None,
    };
    let number = digits.parse::<u64>().ok();
    let product = number.zip(unit).and_then(|(n, unit)| n.checked_mul(unit));
    product.ok_or_else(|| "it is a number of seconds, or like `90d`, `12h`, `30m`".into())
}

/// As RFC 3339 writes it, in UTC.
pub(super) fn written(at: UnixSeconds) -> String {
    rfc_3339::seconds(at)
}

/// A secret from a file, `-` for standard input: its bytes without the end of the line.
pub(super) fn secret(path: &Path) -> Result<Secret, Failure> {
    // As large as it can get from the first: nothing is left behind where it was smaller.
    let mut bytes = Zeroizing::new(Vec::with_capacity(LIMIT + 1));
    let limit = LIMIT as u64 + 1;
    let outcome = if path == Path::new("-") {
        std::io::stdin().take(limit).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes))
    };
    outcome.map_err(|error| Failure::file(path, &error))?;
    if bytes.len() > LIMIT {
        let message = format!("{} has more than 64 KiB", path.display());
        return Err(Failure::usage("secret_too_long", message));
    }
    if bytes.ends_with(b"\n") {
        bytes.pop();
    }
    if bytes.ends_with(b"\r") {
        bytes.pop();
    }
    Ok(Secret::new(bytes.to_vec()))
}

/// As [`secret`], for text without the spaces around it.
pub(super) fn secret_text(path: &Path) -> Result<Zeroizing<String>, Failure> {
    let secret = secret(path)?;
    let text = std::str::from_utf8(secret.reveal()).map_err(|_| {
        Failure::usage(
            "file_unreadable",
            format!("{} is not UTF-8", path.display()),
        )
    })?;
    Ok(Zeroizing::new(text.trim().to_owned()))
}
