//! The families `exchanges` and `webhooks`: others' outputs and verdicts, verified and made again.

use core::time::Duration;

use anyhow::{Context as _, Result, bail};
use countersign_core::scheme::{Credentials, Moment, Scheme};
use serde_json::Value;

use super::message::Message;
use super::{Fault, says, text};

/// The time at which every library was run, in milliseconds.
const RUN: u64 = 1_700_000_000_123;

/// Where a vendor's own library accepts what we refuse on purpose: by the vendor and how a case is
/// named.
const STRICTER: &[(&str, &str, &str)] = &[
    (
        "stripe",
        "future",
        "a timestamp ahead of the clock would be good for longer than the window says",
    ),
    ("slack", "future", "the same"),
];

pub(super) fn check(case: &Value) -> Result<Fault> {
    let scheme = Scheme::named(scheme_of(case)?)?;
    let credentials = credentials(case);
    let message = message(case)?;
    let now = now_ms(case);
    let tolerance = case.get("tolerance").and_then(Value::as_u64);
    let tolerance = tolerance.map(Duration::from_secs);
    let verify = |message: &Message| {
        message.see(|request| scheme.verify(request, &[&credentials], now, tolerance))
    };
    let is_good = match text(case, "result") {
        "valid" => true,
        "invalid" => false,
        other => bail!("a case is valid or invalid, not `{other}`"),
    };
    match verify(&message) {
        Ok(_) if is_good => {}
        Ok(_) => return Ok(says("accepted, but published as invalid")),
        Err(_) if !is_good => return Ok(None),
        Err(refusal) if refusal.code().as_str() == "created_in_future" && is_stricter(case) => {
            return Ok(None);
        }
        Err(refusal) => return Ok(says(format!("refused: {refusal}"))),
    }
    if scheme.algorithm().as_str() == "hmac-sha1" {
        // To verify only.
        return Ok(None);
    }
    signed_again(case, &scheme, &credentials, &message, now, &verify)
}

fn is_stricter(case: &Value) -> bool {
    STRICTER.iter().any(|(vendor, word, _)| {
        text(case, "vendor") == *vendor && text(case, "name").contains(word)
    })
}

/// Whether we sign the message as they did.
fn signed_again<T>(
    case: &Value,
    scheme: &Scheme,
    credentials: &Credentials,
    message: &Message,
    now: u64,
    verify: &dyn Fn(&Message) -> Result<T, countersign_core::Refusal>,
) -> Result<Fault> {
    let unsigned = unsigned(case, message)?;
    let nonce = nonce(message);
    // The timestamp of this scheme is its end.
    let at = if text(case, "vendor") == "bitmex" {
        now - 60_000
    } else {
        signed_at(message).unwrap_or(now)
    };
    let mut moment = Moment::new(at, [7; 16]);
    if let Some(nonce) = &nonce {
        moment = moment.nonce(nonce);
    }
    let mut signer = credentials.clone();
    if let Some(ext) = quoted(message, "ext=\"") {
        signer = signer.option("ext", ext);
    }
    let parts = match unsigned.see(|request| scheme.sign(request, &signer, &moment)) {
        Ok(parts) => parts,
        Err(refusal) => return Ok(says(format!("not signed: {refusal}"))),
    };
    let base = unsigned.see(|request| scheme.base(request, &signer, &moment));
    if let Some(expected) = signed_string(case)?
        && base.as_ref().ok() != Some(&expected)
    {
        let base = base.map(|base| String::from_utf8_lossy(&base).into_owned());
        return Ok(says(format!("base {base:?}")));
    }
    let ours = unsigned.signed(parts);
    let everything = ours.everything();
    let signature = text(case, "signature");
    let escaped = signature
        .replace('+', "%2B")
        .replace('/', "%2F")
        .replace('=', "%3D");
    if !everything.contains(signature) && !everything.contains(&escaped) {
        return Ok(says(format!("signed as {everything}")));
    }
    Ok(verify(&ours)
        .err()
        .map(|refusal| format!("our own refused: {refusal}")))
}

fn scheme_of(case: &Value) -> Result<&'static str> {
    let name = text(case, "name");
    let is_run_by_ccxt = text(case, "origin") == "ccxt run";
    Ok(match (text(case, "vendor"), text(case, "where")) {
        ("binance", _) if text(case, "alg") == "ed25519" => "binance-ed25519",
        ("binance", _) => "binance",
        ("bingx", _) => "bingx",
        ("bitfinex", _) => "bitfinex",
        ("bitget", _) if is_run_by_ccxt => "bitget-decoded",
        ("bitget", _) => "bitget",
        ("bitmex", _) => "bitmex",
        ("bitstamp", _) => "bitstamp",
        ("bybit", _) if is_run_by_ccxt => "bybit-decoded",
        ("bybit", _) => "bybit",
        ("coinbase", _) if name.contains("[v2.") => "coinbase-v2",
        ("coinbase", _) => "coinbase-advanced",
        ("coinbaseexchange", _) => "coinbase-exchange",
        ("cryptocom", _) => "crypto-com",
        ("deribit", _) => "deribit",
        ("gate", _) => "gate",
        ("gemini", _) => "gemini",
        ("github", _) => "github",
        ("hawk", _) => "hawk",
        ("htx", _) => "htx",
        ("kraken", _) => "kraken",
        ("kucoin", _) => "kucoin",
        ("mexc", _) if name.starts_with("mexc#contract") => "mexc-contract",
        ("mexc", _) => "mexc",
        ("okx", _) if is_run_by_ccxt => "okx",
        ("okx", _) => "okx-decoded",
        ("shopify", "query:hmac") => "shopify-oauth",
        ("shopify", "query:signature") => "shopify-app-proxy",
        ("shopify", _) => "shopify-webhook",
        ("slack", _) => "slack",
        ("square", _) => "square",
        ("standard-webhooks", _) if text(case, "alg") == "ed25519" => "standard-webhooks-ed25519",
        ("standard-webhooks", _) => "standard-webhooks",
        ("stripe", _) => "stripe",
        ("svix", _) => "svix",
        ("twilio", _) => "twilio",
        (other, _) => bail!("there is no scheme for `{other}`"),
    })
}

fn credentials(case: &Value) -> Credentials {
    if let Some(secret) = case.get("secret").and_then(Value::as_str) {
        return Credentials::new(text(case, "id"), secret);
    }
    let given = case.get("credentials").unwrap_or(&Value::Null);
    Credentials::new(text(given, "key"), text(given, "secret"))
        .passphrase(text(given, "passphrase"))
}

fn message(case: &Value) -> Result<Message> {
    let request = case.get("request").context("a case without `request`")?;
    let mut message = Message::new(
        text(request, "method"),
        text(request, "url"),
        text(request, "body"),
    );
    if let Some(fill) = request.get("body_fill").filter(|fill| !fill.is_null()) {
        let (unit, length): (String, usize) = serde_json::from_value(fill.clone())?;
        message.body = unit.repeat(length).into_bytes();
    }
    if let Some(params) = case.get("params").and_then(Value::as_object) {
        message.body = form(params).into_bytes();
    }
    message.headers = serde_json::from_value(request.get("headers").cloned().unwrap_or_default())?;
    Ok(message)
}

/// The body that has these parameters; a list is a parameter repeated.
fn form(params: &serde_json::Map<String, Value>) -> String {
    let escape = |text: &str| {
        text.replace('%', "%25")
            .replace('+', "%2B")
            .replace('&', "%26")
            .replace('=', "%3D")
    };
    let mut pairs = Vec::new();
    for (name, value) in params {
        let values = match value {
            Value::Array(values) => values.clone(),
            one => vec![one.clone()],
        };
        for value in values {
            let value = value.as_str().unwrap_or("").to_owned();
            pairs.push(format!("{}={}", escape(name), escape(&value)));
        }
    }
    pairs.join("&")
}

fn now_ms(case: &Value) -> u64 {
    let number = |name: &str| case.get(name).and_then(Value::as_u64);
    if let Some(ms) = number("now_ms") {
        return ms;
    }
    let stamp = number("now").or_else(|| number("timestamp"));
    match stamp.or_else(|| text(case, "timestamp").parse().ok()) {
        Some(ms) if ms > 1_000_000_000_000 => ms,
        Some(seconds) => seconds * 1000,
        None => RUN,
    }
}

/// The nonce or message id that a case was made with.
fn nonce(message: &Message) -> Option<String> {
    let names = ["bfx-nonce", "X-Auth-Nonce", "webhook-id", "svix-id"];
    if let Some(nonce) = names.iter().find_map(|name| message.value(name)) {
        return Some(nonce.into());
    }
    let (_, rest) = message.value("Authorization")?.split_once("nonce=")?;
    Some(rest.split([',', '"']).find(|part| !part.is_empty())?.into())
}

/// A quoted value in `Authorization`.
fn quoted<'m>(message: &'m Message, start: &str) -> Option<&'m str> {
    let (_, rest) = message.value("Authorization")?.split_once(start)?;
    rest.split('"').next()
}

/// The millisecond of the second that a message says it was signed in.
fn signed_at(message: &Message) -> Option<u64> {
    let names = [
        "webhook-timestamp",
        "svix-timestamp",
        "X-Slack-Request-Timestamp",
    ];
    let in_list = || {
        let (_, rest) = message.value("Stripe-Signature")?.split_once("t=")?;
        rest.split(',').next()
    };
    let stamp = names
        .iter()
        .find_map(|name| message.value(name))
        .or_else(in_list)
        .or_else(|| quoted(message, "ts=\""));
    Some(stamp?.parse::<u64>().ok()? * 1000)
}

/// The message as it was before it was signed.
fn unsigned(case: &Value, message: &Message) -> Result<Message> {
    let mut message = message.clone();
    let signature = text(case, "signature");
    let place = text(case, "where");
    if let Some((_, name)) = place.split_once(':') {
        let cut = |text: &str| {
            let ends = [format!("&{name}="), format!("?{name}=")];
            let at = ends.iter().find_map(|end| text.find(end.as_str()));
            let kept = at.and_then(|at| text.get(..at));
            kept.unwrap_or(text).to_owned()
        };
        message.target = cut(&message.target);
        if text(case, "vendor") == "cryptocom" {
            let body = String::from_utf8(message.body)?;
            message.body = body
                .replace(&format!(",\"sig\":\"{signature}\""), "")
                .into_bytes();
        } else if place.starts_with("body") {
            message.body = cut(core::str::from_utf8(&message.body)?).into_bytes();
        }
    }
    Ok(message)
}

fn signed_string(case: &Value) -> Result<Option<Vec<u8>>> {
    let Some(text) = case.get("signed_string").and_then(Value::as_str) else {
        return Ok(None);
    };
    Ok(Some(match text.strip_prefix("hex:") {
        Some(hex) => crate::hex::decode(hex)?,
        None => text.as_bytes().to_vec(),
    }))
}
