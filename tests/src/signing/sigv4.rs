//! The family `sigv4`: AWS Signature Version 4, signed and verified.

use anyhow::{Context as _, Result, bail};
use countersign_wasm::dispatch::number;
use serde_json::{Value, json};

use super::message::{Message, text};
use super::vendors::{Credentials, Moment, scheme};
use super::{Checked, Verdict};
use crate::door::{Door, Fault, Frame};

/// A request without an end of its own is good for a quarter of an hour: so long after it was signed, less
/// a second, it must still be.
const STILL_GOOD_MS: u64 = 899_000;

pub(super) async fn check(door: Door, case: Value) -> Checked {
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
        return one(&door, "aws-sigv4", &parse(raw)?, &context, &case).await;
    }
    let message = message(&case)?;
    let context = case.get("context").context("a case without `context`")?;
    let mut all = Verdict::Passed;
    for (way, scheme) in [("header", "aws-sigv4"), ("query", "aws-sigv4-query")] {
        if let Some(expected) = case.get(way).filter(|expected| expected.is_object()) {
            match one(&door, scheme, &message, context, expected).await? {
                Verdict::Failed(fault) => return Ok(Verdict::Failed(format!("{way}: {fault}"))),
                Verdict::Passed => {}
                other => all = other,
            }
        }
    }
    Ok(all)
}

/// Signs one case in one way, and verifies both ours and theirs.
async fn one(
    door: &Door,
    scheme_name: &str,
    message: &Message,
    context: &Value,
    expected: &Value,
) -> Checked {
    let scheme = scheme(door, scheme_name).await?;
    let given = credentials(context)?;
    let credentials = given.open(door).await?;
    let now = now_ms(context)?;
    let frame = || {
        let frame = Frame::new().number(scheme).number(credentials);
        Moment::at(now).put(message.put(frame))
    };
    match door.ask(number::scheme_canonical_request, frame()).await {
        Ok(mut canonical) => {
            let canonical = canonical.text()?;
            if canonical != text(expected, "canonical_request") {
                return Ok(Verdict::Failed(format!("canonical request {canonical:?}")));
            }
        }
        // Only the complete module shows it; its hash is in what follows.
        Err(Fault::Refused(refused)) if refused.code == "verb_unknown" => {}
        Err(fault) => return Err(fault),
    }
    let base = door.ask(number::scheme_base, frame()).await?.text()?;
    if base != text(expected, "string_to_sign") {
        return Ok(Verdict::Failed(format!("string to sign {base:?}")));
    }
    let mut answer = door.ask(number::scheme_sign, frame()).await?;
    let signed = message.signed(&mut answer)?;
    let shown = signed.everything();
    if !shown.contains(text(expected, "signature"))
        || !shown.contains(text(expected, "authorization"))
    {
        return Ok(Verdict::Failed(format!("signed as {shown}")));
    }
    let frame = signed.put(Frame::new().number(scheme));
    let keyid = door.ask(number::scheme_keyid, frame).await?.text()?;
    if keyid != given.keyid() {
        return Ok(Verdict::Failed(format!("keyid {keyid:?}")));
    }
    let mut received = vec![signed];
    let printed = expected.get("signed_request").and_then(Value::as_str);
    let printed = printed.map(parse).transpose()?;
    let is_whole = printed.as_ref().is_none_or(has_what_it_signs);
    received.extend(printed.filter(|_| is_whole));
    for message in &received {
        for later in [0, STILL_GOOD_MS] {
            let frame = Frame::new().number(scheme);
            let frame = message.put(frame.bytes(&credentials.to_le_bytes()));
            let frame = frame.number(now + later).bytes(b"");
            if let Err(refused) = door.try_ask(number::scheme_verify, frame).await? {
                return Ok(Verdict::Failed(format!("{later} ms later: {refused}")));
            }
        }
    }
    Ok(if is_whole {
        Verdict::Passed
    } else {
        Verdict::Stricter(
            "the signature is good, but the request is printed without a field that it signs",
        )
    })
}

/// Whether every field that the request says to sign is in it.
fn has_what_it_signs(message: &Message) -> bool {
    let shown = [
        message.value("Authorization").unwrap_or(""),
        &message.target,
    ];
    let lists = shown
        .iter()
        .filter_map(|text| text.split_once("SignedHeaders="));
    let names = lists.filter_map(|(_, list)| list.split([',', '&']).next());
    names
        .flat_map(|list| list.split("%3B").flat_map(|names| names.split(';')))
        .all(|name| message.value(name).is_some())
}

fn message(case: &Value) -> Result<Message> {
    let request = case.get("request").context("a case without `request`")?;
    let mut message = Message::new(
        text(request, "method"),
        text(request, "target"),
        text(request, "body"),
    );
    let headers = request.get("headers").and_then(Value::as_array);
    for header in headers.into_iter().flatten() {
        let (name, value): (String, String) = serde_json::from_value(header.clone())?;
        message.headers.push((name, value.replace('\n', "\r\n")));
    }
    Ok(message)
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
    if let Some(hash) = context.get("signed_body_value").and_then(Value::as_str) {
        credentials = credentials.option("payload-hash", hash);
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
