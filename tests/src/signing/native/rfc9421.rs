//! The family `rfc9421` with every algorithm and component, and what is wanted by `rfc9530`.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_core::structured::{Dictionary, FieldType, FieldTypes};
use countersign_core::{
    Algorithm, Body, Headers, Message, Refusal, Request, Response, Scheme, SharedSecret,
    SignatureValue, SigningKey, VerifyingKey, signature_base_typed, signature_inputs,
    signature_requests, wanted_digest,
};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Fault, says, text};
use crate::case::header_block;

pub(super) fn check(keys: &Map<String, Value>, case: Value) -> Result<Fault> {
    if case.get("signature_input").is_some() {
        signature(keys, &serde_json::from_value(case)?)
    } else if case.get("lines").is_some() {
        component(&serde_json::from_value(case)?)
    } else {
        field(&case)
    }
}

/// `Want-Content-Digest` and `Want-Repr-Digest` are read; none for the other fields.
pub(super) fn wanted(case: &Value) -> Option<Fault> {
    let name = match text(case, "field").to_ascii_lowercase().as_str() {
        "want-content-digest" => "want-content-digest",
        "want-repr-digest" => "want-repr-digest",
        _ => return None,
    };
    let line = format!("{name}: {}\r\n", text(case, "value"));
    let read = Headers::parse(line.as_bytes()).and_then(|headers| wanted_digest(&headers, name));
    let is_good = text(case, "result") != "invalid";
    Some((read.is_ok() != is_good).then(|| format!("read as {read:?}")))
}

#[derive(Deserialize)]
struct Written {
    kind: String,
    method: Option<String>,
    target: Option<String>,
    scheme: Option<String>,
    status: Option<u16>,
    headers: Vec<(String, String)>,
    #[serde(default)]
    trailers: Vec<(String, String)>,
    body: Option<String>,
}

impl Written {
    /// Shows the message with more header lines, and the request that it answers.
    fn with<T>(
        &self,
        answered: Option<&Written>,
        lines: &str,
        see: &dyn Fn(Message<'_, '_>) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let head = header_block(&self.headers) + lines;
        let trailers = header_block(&self.trailers);
        let headers =
            Headers::parse(head.as_bytes())?.with_trailers(Headers::parse(trailers.as_bytes())?);
        let body = Body::Bytes(self.body.as_deref().unwrap_or("").as_bytes());
        if self.kind == "request" {
            return see(Message::Request(&Request {
                method: self.method.as_deref().unwrap_or("GET"),
                target: self.target.as_deref().unwrap_or("/"),
                scheme: self
                    .scheme
                    .as_deref()
                    .and_then(Scheme::parse)
                    .unwrap_or(Scheme::Https),
                headers,
                body,
                peer: None,
            }));
        }
        let status = self.status.unwrap_or(200);
        let Some(answered) = answered else {
            return see(Message::Response(&Response {
                status,
                headers,
                body,
                request: None,
            }));
        };
        answered.with(None, "", &|message| {
            let request = match message {
                Message::Request(request) => Some(request),
                Message::Response(_) => None,
            };
            see(Message::Response(&Response {
                status,
                headers: headers.clone(),
                body,
                request,
            }))
        })
    }
}

#[derive(Deserialize)]
struct Component {
    message: Written,
    request: Option<Written>,
    lines: Vec<String>,
    #[serde(default)]
    structured: BTreeMap<String, String>,
    #[serde(default)]
    result: String,
}

fn component(case: &Component) -> Result<Fault> {
    let mut types = FieldTypes::new();
    for (name, field_type) in &case.structured {
        let field_type = FieldType::parse(field_type).context("no type of field")?;
        types = types.with(name, field_type);
    }
    let identifiers: Vec<&str> = case
        .lines
        .iter()
        .map(|line| {
            crate::signing::rfc9421::identifier_of(line).context("a line without an identifier")
        })
        .collect::<Result<_>>()?;
    let list = format!("({})", identifiers.join(" "));
    let base = case.message.with(case.request.as_ref(), "", &|message| {
        let line = format!("Signature-Input: s={list}\r\n");
        let headers = Headers::parse(line.as_bytes())?;
        base_of(message, "s", &headers, &types)
    });
    if case.result == "invalid" {
        return Ok(base.ok().map(|base| format!("not refused: {base}")));
    }
    let expected = format!("{}\n\"@signature-params\": {list}", case.lines.join("\n"));
    Ok((base.as_ref() != Ok(&expected)).then(|| format!("the base is {base:?}")))
}

fn base_of(
    message: Message<'_, '_>,
    label: &str,
    headers: &Headers<'_>,
    types: &FieldTypes,
) -> Result<String, Refusal> {
    let inputs = signature_inputs(headers)?;
    let input = inputs.iter().find(|input| input.label() == label);
    let input = input.ok_or(countersign_core::Code::SignatureMissing)?;
    signature_base_typed(message, input, types)
}

fn field(case: &Value) -> Result<Fault> {
    let (name, value) = (text(case, "field"), text(case, "value"));
    let written = Dictionary::parse(value).and_then(|field| field.serialise());
    let line = format!("{name}: {value}\r\n");
    let headers = Headers::parse(line.as_bytes())?;
    let read = match name.to_ascii_lowercase().as_str() {
        "signature-input" => signature_inputs(&headers).map(drop),
        "accept-signature" => signature_requests(&headers).map(drop),
        _ => Ok(()),
    };
    let holds = read.is_ok() && written.as_deref() == Ok(value);
    let is_good = text(case, "result") != "invalid";
    Ok((holds != is_good).then(|| format!("read {read:?}, written {written:?}")))
}

#[derive(Deserialize)]
struct Key {
    alg: String,
    public_pem: Option<String>,
    private_pem: Option<String>,
    secret_base64: Option<String>,
}

impl Key {
    fn public(&self) -> Result<Option<VerifyingKey>> {
        let Some(pem) = &self.public_pem else {
            return Ok(None);
        };
        let algorithm = Algorithm::parse(&self.alg)?;
        Ok(Some(VerifyingKey::from_pem(algorithm, pem)?))
    }

    /// The key that signs; none of RSA, by which nothing is signed here.
    fn signing(&self, keyid: &str) -> Result<Option<SigningKey>> {
        if let Some(secret) = &self.secret_base64 {
            let secret = SharedSecret::new(STANDARD.decode(secret)?)?;
            return Ok(Some(SigningKey::new(keyid, &secret)?));
        }
        let pem = self
            .private_pem
            .as_deref()
            .filter(|_| !self.alg.starts_with("rsa"));
        Ok(pem
            .map(|pem| SigningKey::from_pem(keyid, pem))
            .transpose()?)
    }
}

#[derive(Deserialize)]
struct SignatureCase {
    message: Written,
    request: Option<Written>,
    label: String,
    keyid: String,
    base: Option<String>,
    signature_input: String,
    signature: String,
    signature_header: Option<String>,
    #[serde(default)]
    deterministic: bool,
    result: String,
}

fn signature(keys: &Map<String, Value>, case: &SignatureCase) -> Result<Fault> {
    let is_good = case.result == "valid";
    let key = match keys.get(&case.keyid) {
        Some(key) => key,
        // An unknown key is refused, whatever the rest.
        None if !is_good => return Ok(None),
        None => anyhow::bail!("a key that `keys` lacks"),
    };
    let key: Key = serde_json::from_value(key.clone())?;
    let lines = format!(
        "Signature-Input: {}\r\nSignature: {}\r\n",
        case.signature_input,
        case.signature_header.as_ref().unwrap_or(&case.signature)
    );
    let base = case
        .message
        .with(case.request.as_ref(), &lines, &|message| {
            let headers = match message {
                Message::Request(request) => &request.headers,
                Message::Response(response) => &response.headers,
            };
            base_of(message, &case.label, headers, &FieldTypes::new())
        });
    let base = match base {
        Ok(base) => base,
        // What has no base is good by no key.
        Err(_) if !is_good => return Ok(None),
        Err(refusal) => return Ok(says(format!("refused: {refusal}"))),
    };
    if case.base.as_ref().is_some_and(|expected| *expected != base) {
        return Ok(says(format!("the base is {base:?}")));
    }
    let start = format!("{}=:", case.label);
    let value = case
        .signature
        .split_once(&start)
        .and_then(|(_, rest)| rest.split(':').next())
        .and_then(|base64| STANDARD.decode(base64).ok());
    let Some(value) = value else {
        return Ok(is_good.then(|| "the signature is not base64".to_owned()));
    };
    let (public, signing) = (key.public()?, key.signing(&case.keyid)?);
    let made = signing.as_ref().map(|key| key.sign(base.as_bytes()));
    let made = made.as_ref().map(SignatureValue::as_bytes);
    let holds = match &public {
        Some(public) => public.verifies(base.as_bytes(), &value),
        None => made == Some(&value),
    };
    if holds != is_good {
        return Ok(says(format!(
            "published as {}, but it holds: {holds}",
            case.result
        )));
    }
    if is_good && case.deterministic && made.is_some_and(|made| made != value) {
        return Ok(says("another signature was made"));
    }
    let is_ours_bad =
        |public: &VerifyingKey| made.is_some_and(|made| !public.verifies(base.as_bytes(), made));
    Ok(public
        .is_some_and(|public| is_ours_bad(&public))
        .then(|| "our own signature doesn't verify".to_owned()))
}
