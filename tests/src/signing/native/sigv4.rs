//! The family `sigv4`: AWS Signature Version 4, signed and verified.

use anyhow::{Context as _, Result, bail};
use countersign_core::scheme::{Credentials, Moment, Scheme};
use serde_json::{Value, json};

use super::message::Message;
use super::{Fault, says, text};

pub(super) fn check(case: &Value) -> Result<Fault> {
    if let Some(raw) = case.get("request_raw").and_then(Value::as_str)
        && case.get("authorization").is_some()
    {
        // The credentials of botocore's suite, which its file has in its head.
        let context = json!({
            "credentials": {
                "access_key_id": "AKIDEXAMPLE",
                "secret_access_key": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
            },
            "region": "us-east-1",
            "service": "service",
            "timestamp": "2015-08-30T12:36:00Z",
        });
        return one("aws-sigv4", &parse(raw)?, &context, case);
    }
    let request = case.get("request").context("a case without `request`")?;
    let mut message = Message::new(
        text(request, "method"),
        text(request, "target"),
        text(request, "body"),
    );
    for header in request
        .get("headers")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let (name, value): (String, String) = serde_json::from_value(header.clone())?;
        message.headers.push((name, value.replace('\n', "\r\n")));
    }
    let context = case.get("context").context("a case without `context`")?;
    for (way, scheme) in [("header", "aws-sigv4"), ("query", "aws-sigv4-query")] {
        if let Some(expected) = case.get(way).filter(|expected| expected.is_object())
            && let Some(fault) = one(scheme, &message, context, expected)?
        {
            return Ok(says(format!("{way}: {fault}")));
        }
    }
    Ok(None)
}

/// A message as text, its line ends bare.
fn parse(raw: &str) -> Result<Message> {
    let raw = raw.replace("\r\n", "\n");
    let (first, rest) = raw.split_once('\n').unwrap_or((&raw, ""));
    let (method, rest_of_line) = first.split_once(' ').context("no request line")?;
    let target = rest_of_line
        .strip_suffix(" HTTP/1.1")
        .context("no request line")?;
    let (head, body) = rest.split_once("\n\n").unwrap_or((rest, ""));
    let mut message = Message::new(method, target, body);
    for line in head.lines() {
        if line.starts_with([' ', '\t']) {
            let (_, value) = message.headers.last_mut().context("a folding of nothing")?;
            *value = format!("{value}\r\n{line}");
        } else if let Some((name, value)) = line.split_once(':') {
            message
                .headers
                .push((name.to_owned(), value.trim().to_owned()));
        }
    }
    Ok(message)
}

fn credentials(context: &Value) -> Result<Credentials> {
    let given = context.get("credentials").context("no `credentials`")?;
    let mut credentials = Credentials::new(
        text(given, "access_key_id"),
        text(given, "secret_access_key"),
    )
    .option("region", text(context, "region"))
    .option("service", text(context, "service"));
    if let Some(token) = given.get("token").and_then(Value::as_str) {
        credentials = credentials.option("session-token", token);
    }
    for (member, option) in [
        ("sign_body", "content-sha256"),
        ("omit_session_token", "omit-session-token"),
        ("normalize", "normalize"),
    ] {
        // S3's paths are never normalised, whatever a case says.
        let is_fixed = member == "normalize" && text(context, "service") == "s3";
        if let Some(value) = context.get(member).and_then(Value::as_bool)
            && !is_fixed
        {
            credentials = credentials.option(option, if value { "true" } else { "false" });
        }
    }
    if let Some(seconds) = context.get("expiration_in_seconds").and_then(Value::as_u64) {
        credentials = credentials.option("expires", &seconds.to_string());
    }
    Ok(credentials)
}

/// Milliseconds since 1970 of `2015-08-30T12:36:00Z`.
fn now_ms(context: &Value) -> Result<u64> {
    let text = text(context, "timestamp");
    let number = |from: usize, to: usize| -> Result<u64> {
        Ok(text.get(from..to).context("no timestamp")?.parse()?)
    };
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    if !(1..=12).contains(&month) || year < 1970 {
        bail!("`{text}` is no time after 1970");
    }
    // Days by the calendar that begins in March, so that the odd day is the last of a year.
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let days =
        365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 719_469;
    Ok(((days * 24 + hour) * 60 + minute) * 60_000 + second * 1000)
}

/// Signs one case in one way, and verifies both ours and theirs.
fn one(scheme: &str, message: &Message, context: &Value, expected: &Value) -> Result<Fault> {
    let scheme = Scheme::named(scheme)?;
    let credentials = credentials(context)?;
    let now = now_ms(context)?;
    let moment = Moment::new(now, [0; 16]);
    let canonical = message.see(|it| scheme.canonical_request(it, &credentials, &moment));
    let canonical = canonical.map(Option::unwrap_or_default);
    if canonical.as_deref().ok() != expected.get("canonical_request").and_then(Value::as_str) {
        return Ok(says(format!("canonical request {canonical:?}")));
    }
    let base = message.see(|it| scheme.base(it, &credentials, &moment));
    if base.as_deref().ok() != Some(text(expected, "string_to_sign").as_bytes()) {
        return Ok(says(format!("string to sign {base:?}")));
    }
    let signed = match message.see(|it| scheme.sign(it, &credentials, &moment)) {
        Ok(parts) => message.signed(parts),
        Err(refusal) => return Ok(says(format!("not signed: {refusal}"))),
    };
    let shown = signed.everything();
    if !shown.contains(text(expected, "signature"))
        || !shown.contains(text(expected, "authorization"))
    {
        return Ok(says(format!("signed as {shown}")));
    }
    let mut received = vec![signed];
    if let Some(raw) = expected.get("signed_request").and_then(Value::as_str) {
        received.push(parse(raw)?);
    }
    for message in &received {
        if let Err(refusal) = message.see(|it| scheme.verify(it, &[&credentials], now, None)) {
            return Ok(says(format!("refused: {refusal}")));
        }
    }
    Ok(None)
}
