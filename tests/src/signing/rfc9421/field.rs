//! Fields that must parse, and serialise back to the same text.

use anyhow::Result;
use countersign_core::{Headers, signature_inputs};
use countersign_wasm::dispatch::number;
use serde::Deserialize;
use serde_json::json;

use super::identifier;
use super::written::Written;
use crate::door::{Door, Fault, Frame};
use crate::signing::message::Message;
use crate::signing::{Checked, Published, Verdict};

#[derive(Deserialize)]
pub(super) struct Case {
    field: String,
    value: String,
    #[serde(default)]
    result: Published,
}

pub(super) async fn check(door: Door, case: Case) -> Checked {
    let frame = Frame::new().text("dictionary").text(&case.value);
    let canonical = match door.try_ask(number::field_canonical, frame).await? {
        Ok(mut canonical) => Ok(canonical.text()?),
        Err(refused) => Err(refused.to_string()),
    };
    let field = case.field.to_ascii_lowercase();
    let read = match (canonical, field.as_str()) {
        (Ok(canonical), _) if canonical != case.value => Err(canonical),
        (Ok(_), "signature-input") => signature_input(&door, &case.value).await?,
        (Ok(_), "signature") => signature(&door, &case.value).await?,
        (Ok(_), "accept-signature") => accept_signature(&door, &case.value).await?,
        (canonical, _) => canonical.map(drop),
    };
    let is_right = read.is_ok() == (case.result != Published::Invalid);
    Ok(Verdict::passed_if(is_right, || format!("read as {read:?}")))
}

/// Asks for the parameters of each label, in a message that has all that is covered.
async fn signature_input(door: &Door, value: &str) -> Result<Result<(), String>, Fault> {
    let block = format!("Signature-Input: {value}\r\n");
    let headers = Headers::parse(block.as_bytes());
    let inputs = match headers.and_then(|headers| signature_inputs(&headers)) {
        Ok(inputs) => inputs,
        Err(refusal) => return Ok(Err(refusal.to_string())),
    };
    let mut members = Vec::new();
    for input in &inputs {
        let Covered {
            message,
            request,
            types,
        } = Covered::by(input.as_str());
        let message = message.with("Signature-Input", value);
        let base = message.base(door, Some(&request), input.label(), &types);
        match base.await? {
            Ok((params, _)) => members.push(format!("{}={params}", input.label())),
            Err(refused) => return Ok(Err(refused)),
        }
    }
    let text = members.join(", ");
    Ok(if text == value { Ok(()) } else { Err(text) })
}

/// A message that has all that a signature covers, the request that it answers if it is a response, and the
/// lines that say which of their fields are structured.
struct Covered {
    message: Written,
    request: Written,
    types: String,
}

impl Covered {
    fn by(params: &str) -> Self {
        let host = || ("Host".to_owned(), "example.com".to_owned());
        let (mut head, mut trailers, mut request) = (vec![host()], Vec::new(), vec![host()]);
        let (mut query, mut types) = (Vec::new(), Vec::new());
        let mut status = None;
        for identifier in &identifier::in_list(params) {
            let (name, parameters) = identifier::parts(identifier);
            let has = |parameter: &str| parameters.contains(&parameter);
            let argument = |parameter: &str| {
                let mut values = parameters.iter();
                let value = values.find_map(|one| one.strip_prefix(parameter));
                value.map(|quoted| quoted.trim_matches('"'))
            };
            if name == "@status" || has("req") {
                status = Some(200);
            }
            query.extend(argument("name=").map(|name| format!("{name}=x")));
            // What each message has anyhow.
            if name.starts_with('@') || matches!(name, "host" | "signature-input") {
                continue;
            }
            let key = argument("key=");
            if has("sf") || key.is_some() {
                types.push(format!("{name}=dictionary"));
            }
            let section = match (has("req"), has("tr")) {
                (true, _) => &mut request,
                (_, true) => &mut trailers,
                _ => &mut head,
            };
            section.push((name.to_owned(), format!("{}=x", key.unwrap_or("x"))));
        }
        let target = format!("/?{}", query.join("&"));
        let mut message = Written::bare(status, target.clone(), head);
        message.trailers = trailers;
        Covered {
            message,
            request: Written::bare(None, target, request),
            types: types.join("\n"),
        }
    }
}

/// A request that we sign carries the field as well, and must still be verified: the module parses
/// every member, and keeps each as the text that it is.
async fn signature(door: &Door, value: &str) -> Result<Result<(), String>, Fault> {
    const NOW: u64 = 1_800_000_000;
    let frame = Frame::new().text("k7").bytes(&[7; 32]);
    let key = door.ask(number::key_open, frame).await?.number()?;
    let mut request = Message::new("GET", "/", "");
    request
        .headers
        .push(("Host".to_owned(), "example.com".to_owned()));
    let frame = request.put(Frame::new().number(key));
    let frame = frame.text("own-label").text("").number(NOW).number(0);
    let frame = frame.text("n-1").text("").number(0);
    let mut signed = door.ask(number::sign, frame).await?;
    for (name, value) in [
        ("Signature-Input", signed.text()?),
        ("Signature", value.to_owned()),
        ("Signature", signed.text()?),
    ] {
        request.headers.push((name.to_owned(), value));
    }
    let secret = crate::case::Bytes(vec![7; 32]);
    let ring = json!({"keys": [{"keyid": "k7", "environment": "test", "secret": secret}]});
    let frame = Frame::new().text(&ring.to_string());
    let ring = door.ask(number::keyring_open, frame).await?.number()?;
    let frame = Frame::new().text(r#"{"environment": "test", "label": "own-label"}"#);
    let profile = door.ask(number::profile_open, frame).await?.number()?;
    let frame = Frame::new().number(ring).number(profile).number(NOW);
    let verdict = door.try_ask(number::verify, request.put(frame)).await?;
    Ok(verdict.map(drop).map_err(|refused| refused.to_string()))
}

/// Each member asks for a signature, in the order of the field.
async fn accept_signature(door: &Door, value: &str) -> Result<Result<(), String>, Fault> {
    let frame = Frame::new().text("dictionary").text(value);
    let count = door.ask(number::field_read, frame).await?.number()?;
    let frame = Frame::new().text(&format!("Accept-Signature: {value}\r\n"));
    Ok(
        match door.try_ask(number::signature_requests, frame).await? {
            Err(refused) => Err(refused.to_string()),
            Ok(mut members) => {
                let members = members.text()?;
                let found = u64::try_from(members.lines().count()).unwrap_or(u64::MAX);
                if found == count { Ok(()) } else { Err(members) }
            }
        },
    )
}
