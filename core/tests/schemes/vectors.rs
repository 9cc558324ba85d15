//! The vectors at `../shared/vectors/signing`: others' outputs and verdicts, verified and made again.

use std::collections::BTreeMap;
use std::time::Duration;

use countersign_core::scheme::{Credentials, Moment, Scheme};
use serde_json::Value;

use crate::support::Message;

/// Where a vendor's own library accepts what we refuse on purpose.
const STRICTER: &[(&str, &str)] = &[(
    "stripe future 3600",
    "a timestamp an hour ahead would be good for an hour longer than the window says",
)];

/// The time at which every library was run.
const RUN_MS: u64 = 1_700_000_000_123;

/// The cases of a file, or none if the vectors are not there.
pub(crate) fn cases_of(file: &str) -> Vec<Value> {
    let path = format!(
        "{}/../../shared/vectors/signing/{file}",
        env!("CARGO_MANIFEST_DIR")
    );
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("skipped: {path} is not there");
        return Vec::new();
    };
    let mut table: Value = serde_json::from_str(&text).unwrap();
    std::mem::take(table["cases"].as_array_mut().unwrap())
}

/// The cases of every file in a folder.
fn cases(folder: &str) -> Vec<Value> {
    let path = format!(
        "{}/../../shared/vectors/signing/{folder}",
        env!("CARGO_MANIFEST_DIR")
    );
    let Ok(files) = std::fs::read_dir(&path) else {
        println!("skipped: {path} is not there");
        return Vec::new();
    };
    let mut names: Vec<_> = files.map(|file| file.unwrap().file_name()).collect();
    names.sort();
    let files = names
        .iter()
        .map(|name| format!("{folder}/{}", name.to_str().unwrap()));
    files.flat_map(|file| cases_of(&file)).collect()
}

pub(crate) fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or("")
}

fn message(case: &Value) -> Message {
    let request = &case["request"];
    let mut message = Message::new(
        text(request, "method"),
        text(request, "url"),
        text(request, "body"),
    );
    if let Some(fill) = request["body_fill"].as_array() {
        let length = usize::try_from(fill[1].as_u64().unwrap()).unwrap();
        message.body = fill[0].as_str().unwrap().repeat(length).into_bytes();
    }
    if let Some(params) = case["params"].as_object() {
        message.body = form(params).into_bytes();
    }
    for header in request["headers"].as_array().unwrap() {
        message = message.header(header[0].as_str().unwrap(), header[1].as_str().unwrap());
    }
    message
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
        for value in value.as_array().unwrap_or(&vec![value.clone()]) {
            pairs.push(format!(
                "{}={}",
                escape(name),
                escape(value.as_str().unwrap())
            ));
        }
    }
    pairs.join("&")
}

fn scheme_of(case: &Value) -> &'static str {
    let name = text(case, "name");
    let is_run_by_ccxt = text(case, "origin") == "ccxt run";
    match (text(case, "vendor"), text(case, "where")) {
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
        ("standard-webhooks", _) => "standard-webhooks",
        ("stripe", _) => "stripe",
        ("svix", _) => "svix",
        ("twilio", _) => "twilio",
        (other, _) => panic!("no scheme for {other}"),
    }
}

fn credentials(case: &Value) -> Credentials {
    if let Some(secret) = case["secret"].as_str() {
        return Credentials::new(text(case, "id"), secret);
    }
    let given = &case["credentials"];
    Credentials::new(text(given, "key"), text(given, "secret"))
        .passphrase(text(given, "passphrase"))
}

fn now_ms(case: &Value) -> u64 {
    if let Some(ms) = case["now_ms"].as_u64() {
        return ms;
    }
    let stamp = case["now"].as_u64().or(case["timestamp"].as_u64());
    let stamp = stamp.or_else(|| text(case, "timestamp").parse().ok());
    match stamp {
        Some(ms) if ms > 1_000_000_000_000 => ms,
        Some(seconds) => seconds * 1000,
        None => RUN_MS,
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

/// The message as it was before it was signed.
fn unsigned(case: &Value, message: &Message) -> Message {
    let mut message = message.clone();
    let signature = text(case, "signature");
    if let Some((_, name)) = text(case, "where").split_once(':') {
        let cut = |text: &str| {
            let ends = [format!("&{name}="), format!("?{name}=")];
            let at = ends.iter().find_map(|end| text.find(end.as_str()));
            at.map_or(text.to_owned(), |at| text[..at].to_owned())
        };
        message.target = cut(&message.target);
        if text(case, "vendor") == "cryptocom" {
            let body = String::from_utf8(message.body).unwrap();
            message.body = body
                .replace(&format!(",\"sig\":\"{signature}\""), "")
                .into_bytes();
        } else if text(case, "where").starts_with("body") {
            message.body = cut(std::str::from_utf8(&message.body).unwrap()).into_bytes();
        }
    }
    message
}

fn signed_string(case: &Value) -> Option<Vec<u8>> {
    let text = case["signed_string"].as_str()?;
    let Some(hex) = text.strip_prefix("hex:") else {
        return Some(text.as_bytes().to_vec());
    };
    let digit = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    Some((0..hex.len()).step_by(2).map(digit).collect())
}

/// Verifies every case, and signs again every valid one.
fn check(folder: &str) {
    let mut failures = Vec::new();
    let mut counts: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for case in cases(folder) {
        let name = text(&case, "name");
        let vendor = text(&case, "vendor");
        let count = counts.entry(vendor.into()).or_default();
        let scheme = Scheme::named(scheme_of(&case)).unwrap();
        let credentials = credentials(&case);
        let message = message(&case);
        let now = now_ms(&case);
        let tolerance = case["tolerance"].as_u64().map(Duration::from_secs);
        let verdict =
            message.see(|request| scheme.verify(request, &[&credentials], now, tolerance));
        let is_stricter = STRICTER.iter().any(|(known, _)| *known == name);
        let expected = text(&case, "result") == "valid" && !is_stricter;
        if verdict.is_ok() != expected {
            failures.push(format!("{name}: verified as {verdict:?}"));
            continue;
        }
        count.0 += 1;
        if !expected || vendor == "twilio" {
            continue;
        }
        let unsigned = unsigned(&case, &message);
        let nonce = nonce(&message);
        // The timestamp of this scheme is its end.
        let at = if vendor == "bitmex" {
            now - 60_000
        } else {
            at_of(&message).unwrap_or(now)
        };
        let mut moment = Moment::new(at, [7; 16]);
        if let Some(nonce) = &nonce {
            moment = moment.nonce(nonce);
        }
        let mut signer = credentials.clone();
        if let Some((_, rest)) = message
            .value("Authorization")
            .unwrap_or("")
            .split_once("ext=\"")
        {
            signer = signer.option("ext", rest.split('"').next().unwrap());
        }
        let parts = unsigned.see(|request| scheme.sign(request, &signer, &moment));
        let parts = match parts {
            Ok(parts) => parts,
            Err(refusal) => {
                failures.push(format!("{name}: not signed: {refusal:?}"));
                continue;
            }
        };
        let base = unsigned
            .see(|request| scheme.base(request, &signer, &moment))
            .unwrap();
        if signed_string(&case).is_some_and(|expected| base != expected) {
            failures.push(format!("{name}: base {:?}", String::from_utf8_lossy(&base)));
            continue;
        }
        let ours = unsigned.signed(parts);
        let everything = format!(
            "{} {:?} {}",
            ours.target,
            ours.headers,
            String::from_utf8_lossy(&ours.body)
        );
        let escaped = |text: &str| {
            text.replace('+', "%2B")
                .replace('/', "%2F")
                .replace('=', "%3D")
        };
        let signature = text(&case, "signature");
        if !everything.contains(signature) && !everything.contains(&escaped(signature)) {
            failures.push(format!("{name}: signature {everything}"));
            continue;
        }
        if let Err(refusal) =
            ours.see(|request| scheme.verify(request, &[&credentials], now, tolerance))
        {
            failures.push(format!("{name}: our own refused: {refusal:?}"));
            continue;
        }
        count.1 += 1;
    }
    for (vendor, (verified, signed)) in &counts {
        println!("{folder}/{vendor}: {verified} verified, {signed} signed");
    }
    assert!(
        failures.is_empty(),
        "{} failed:\n{}",
        failures.len(),
        failures.join("\n")
    );
}

/// The second that a webhook says it was signed in.
fn at_of(message: &Message) -> Option<u64> {
    let names = [
        "webhook-timestamp",
        "svix-timestamp",
        "X-Slack-Request-Timestamp",
    ];
    let plain = names.iter().find_map(|name| message.value(name));
    let in_list = |name, start: &str| {
        let (_, rest) = message.value(name)?.split_once(start)?;
        rest.split([',', '"']).next()
    };
    let stamp = plain
        .or(in_list("Stripe-Signature", "t="))
        .or(in_list("Authorization", "ts=\""));
    Some(stamp?.parse::<u64>().ok()? * 1000)
}

#[test]
fn exchanges() {
    check("exchanges");
}

#[test]
fn webhooks() {
    check("webhooks");
}
