//! A case of an exchange or a webhook, as its file has it.

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Map, Value};

use super::{Credentials, Message, Published, text};
use crate::hex;

/// The time at which every library was run, in milliseconds.
const RUN: u64 = 1_700_000_000_123;

pub(super) struct Case {
    json: Value,
    result: Published,
}

impl Case {
    pub(super) fn read(json: Value) -> Result<Self> {
        let result = json.get("result").cloned().unwrap_or_default();
        let result = serde_json::from_value(result)?;
        ensure!(
            matches!(result, Published::Valid | Published::Invalid),
            "a case is valid or invalid"
        );
        Ok(Case { json, result })
    }

    pub(super) fn result(&self) -> Published {
        self.result
    }

    pub(super) fn name(&self) -> &str {
        text(&self.json, "name")
    }

    pub(super) fn vendor(&self) -> &str {
        text(&self.json, "vendor")
    }

    pub(super) fn signature(&self) -> &str {
        text(&self.json, "signature")
    }

    pub(super) fn scheme(&self) -> Result<&'static str> {
        let name = self.name();
        let algorithm = text(&self.json, "alg");
        let is_run_by_ccxt = text(&self.json, "origin") == "ccxt run";
        let is_ed25519 = algorithm == "ed25519";
        Ok(match (self.vendor(), text(&self.json, "where")) {
            ("binance", _) if is_ed25519 => "binance-ed25519",
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
            ("hawk", _) if algorithm == "hmac-sha1" => "hawk-sha1",
            ("hawk", _) => "hawk",
            ("htx", _) => "htx",
            ("kraken", _) if self.has_body_of_json() => "kraken-json",
            ("kraken", _) => "kraken",
            ("kucoin", _) => "kucoin",
            ("mexc", "header:Signature") => "mexc-contract",
            ("mexc", _) => "mexc",
            ("okx", _) if is_run_by_ccxt => "okx",
            ("okx", _) => "okx-decoded",
            ("shopify", "query:hmac") => "shopify-oauth",
            ("shopify", "query:signature") => "shopify-app-proxy",
            ("shopify", _) => "shopify-webhook",
            ("slack", _) => "slack",
            ("square", _) => "square",
            ("standard-webhooks", _) if is_ed25519 => "standard-webhooks-ed25519",
            ("standard-webhooks", _) => "standard-webhooks",
            ("stripe", _) => "stripe",
            ("svix", _) => "svix",
            ("twilio", _) => "twilio",
            (other, _) => bail!("there is no scheme for `{other}`"),
        })
    }

    fn has_body_of_json(&self) -> bool {
        let request = self.json.get("request");
        request.is_some_and(|request| text(request, "body").starts_with('{'))
    }

    pub(super) fn credentials(&self) -> Credentials {
        if let Some(secret) = self.json.get("secret").and_then(Value::as_str) {
            return Credentials::new(text(&self.json, "id"), secret);
        }
        let given = self.json.get("credentials").unwrap_or(&Value::Null);
        Credentials::new(text(given, "key"), text(given, "secret"))
            .passphrase(text(given, "passphrase"))
    }

    /// The credentials by which the message is signed again.
    pub(super) fn signer(&self, message: &Message) -> Credentials {
        let mut credentials = self.credentials();
        for name in ["ext", "app", "dlg"] {
            if let Some(value) = quoted(message, &format!(" {name}=\"")) {
                credentials = credentials.option(name, value);
            }
        }
        credentials
    }

    pub(super) fn message(&self) -> Result<Message> {
        let request = self
            .json
            .get("request")
            .context("a case without `request`")?;
        let mut message = Message::new(
            text(request, "method"),
            text(request, "url"),
            text(request, "body"),
        );
        if let Some(fill) = request.get("body_fill").filter(|fill| !fill.is_null()) {
            let (unit, length): (String, usize) = serde_json::from_value(fill.clone())?;
            message.body = unit.repeat(length).into_bytes();
        }
        if let Some(params) = self.json.get("params").and_then(Value::as_object) {
            message.body = form(params).into_bytes();
        }
        let headers = request.get("headers").cloned().unwrap_or_default();
        message.headers = serde_json::from_value(headers)?;
        Ok(message)
    }

    pub(super) fn now_ms(&self) -> u64 {
        let number = |name: &str| self.json.get(name).and_then(Value::as_u64);
        if let Some(ms) = number("now_ms") {
            return ms;
        }
        let stamp = number("now").or_else(|| number("timestamp"));
        match stamp.or_else(|| text(&self.json, "timestamp").parse().ok()) {
            Some(ms) if ms > 1_000_000_000_000 => ms,
            Some(seconds) => seconds * 1000,
            None => RUN,
        }
    }

    pub(super) fn tolerance_ms(&self) -> Option<u64> {
        Some(self.json.get("tolerance")?.as_u64()? * 1000)
    }

    /// The millisecond in which the message says that it was signed; `now` where it says nothing.
    pub(super) fn signed_at(&self, message: &Message, now: u64) -> u64 {
        // The timestamp of this scheme is its end.
        if self.vendor() == "bitmex" {
            return now - 60_000;
        }
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
        let seconds = stamp.and_then(|stamp| stamp.parse::<u64>().ok());
        seconds.map_or(now, |seconds| seconds * 1000)
    }

    /// The message as it was before it was signed.
    pub(super) fn unsigned(&self, message: &Message) -> Result<Message> {
        let mut message = message.clone();
        let place = text(&self.json, "where");
        let Some((_, name)) = place.split_once(':') else {
            return Ok(message);
        };
        let cut = |text: &str| {
            let ends = [format!("&{name}="), format!("?{name}=")];
            let at = ends.iter().find_map(|end| text.find(end.as_str()));
            let kept = at.and_then(|at| text.get(..at));
            kept.unwrap_or(text).to_owned()
        };
        message.target = cut(&message.target);
        if self.vendor() == "cryptocom" {
            let signature = format!(",\"sig\":\"{}\"", self.signature());
            let body = String::from_utf8(message.body)?;
            message.body = body.replace(&signature, "").into_bytes();
        } else if place.starts_with("body") {
            message.body = cut(core::str::from_utf8(&message.body)?).into_bytes();
        }
        Ok(message)
    }

    /// What was signed, where the case says it.
    pub(super) fn signed_string(&self) -> Result<Option<Vec<u8>>> {
        let Some(text) = self.json.get("signed_string").and_then(Value::as_str) else {
            return Ok(None);
        };
        Ok(Some(match text.strip_prefix("hex:") {
            Some(digits) => hex::decode(digits)?,
            None => text.as_bytes().to_vec(),
        }))
    }
}

/// The nonce or message id that a message was made with; empty for none.
pub(super) fn nonce(message: &Message) -> String {
    let names = ["bfx-nonce", "X-Auth-Nonce", "webhook-id", "svix-id"];
    let in_list = || {
        let (_, rest) = message.value("Authorization")?.split_once("nonce=")?;
        rest.split([',', '"']).find(|part| !part.is_empty())
    };
    let nonce = names.iter().find_map(|name| message.value(name));
    nonce.or_else(in_list).unwrap_or("").to_owned()
}

/// A quoted value in `Authorization`.
fn quoted<'m>(message: &'m Message, start: &str) -> Option<&'m str> {
    let (_, rest) = message.value("Authorization")?.split_once(start)?;
    rest.split('"').next()
}

/// The body that has these parameters; a list is a parameter repeated.
fn form(params: &Map<String, Value>) -> String {
    let escape = |text: &str| {
        text.replace('%', "%25")
            .replace('+', "%2B")
            .replace('&', "%26")
            .replace('=', "%3D")
    };
    let mut pairs = Vec::new();
    for (name, value) in params {
        let one = [value.clone()];
        let values = value.as_array().map_or(&one[..], Vec::as_slice);
        for value in values {
            let value = value.as_str().unwrap_or("");
            pairs.push(format!("{}={}", escape(name), escape(value)));
        }
    }
    pairs.join("&")
}
