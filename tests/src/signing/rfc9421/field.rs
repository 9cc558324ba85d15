//! Fields that must parse, and serialise back to the same text.

use anyhow::Result;
use countersign_core::{
    Body, Code, Headers, Request, Scheme, SharedSecret, SignOptions, SigningKey, UnixSeconds, sign,
    signature_inputs,
};
use serde::Deserialize;
use serde_json::json;

use super::{Message, MessageKind, identifier};
use crate::case::{Bytes, Check, Kind};
use crate::signing::{Plan, Published, Reason, Verdict, member, refusal};

#[derive(Deserialize)]
pub(super) struct Case {
    field: String,
    value: String,
    #[serde(default)]
    result: Published,
}

pub(super) fn plan(case: Case) -> Result<Plan> {
    match case.field.to_ascii_lowercase().as_str() {
        "signature-input" => Ok(signature_input(case)),
        "signature" => signature(&case),
        "accept-signature" => Ok(Plan::skip(Reason::AcceptSignature)),
        _ => Ok(Plan::skip(Reason::OtherField)),
    }
}

/// Asks for the parameters of each label, in a message that has all that is covered.
fn signature_input(case: Case) -> Plan {
    let block = format!("Signature-Input: {}\r\n", case.value);
    let parsed = Headers::parse(block.as_bytes()).and_then(|headers| signature_inputs(&headers));
    let inputs = match parsed {
        Ok(inputs) => inputs,
        Err(refusal) if refusal.code() == Code::ComponentParameterUnsupported => {
            return Plan::skip(Reason::ComponentParameter);
        }
        Err(refusal) => {
            let is_right = case.result == Published::Invalid;
            return Plan::settled(Verdict::passed_if(is_right, || refusal.to_string()));
        }
    };
    let kinds = inputs
        .iter()
        .map(|input| {
            let message = message_with(input.as_str(), &case.value);
            Kind::Base(message.to_base(Some(input.label())))
        })
        .collect();
    Plan::ask(kinds, move |answers| {
        if case.result == Published::Invalid {
            let refused = answers.iter().any(|answer| refusal(answer).is_some());
            return Verdict::passed_if(refused, || "not refused".to_owned());
        }
        let members: Vec<String> = answers
            .iter()
            .map(|answer| format!("{}={}", member(answer, "label"), member(answer, "params")))
            .collect();
        let text = members.join(", ");
        Verdict::passed_if(text == case.value, || format!("serialised as {text:?}"))
    })
}

fn message_with(params: &str, signature_input: &str) -> Message {
    let identifiers = identifier::in_list(params);
    let mut headers = vec![("Host".to_owned(), "example.com".to_owned())];
    let mut query = Vec::new();
    for identifier in &identifiers {
        if let Some(name) = identifier.strip_prefix("\"@query-param\";name=\"") {
            query.push(format!("{}=x", name.trim_end_matches('"')));
        } else if !identifier.starts_with("\"@") && identifier != "\"host\"" {
            headers.push((identifier.trim_matches('"').to_owned(), "x".to_owned()));
        }
    }
    let is_response = identifiers
        .iter()
        .any(|identifier| identifier == "\"@status\"");
    let kind = if is_response {
        MessageKind::Response
    } else {
        MessageKind::Request
    };
    let message = Message {
        kind,
        method: None,
        target: Some(format!("/?{}", query.join("&"))),
        scheme: None,
        status: None,
        headers,
        body: None,
    };
    message.with(&[("Signature-Input", Some(signature_input))])
}

/// A request that we sign carries the field as well, and must still be verified: the module parses
/// every member, and keeps each as the text that it is.
fn signature(case: &Case) -> Result<Plan> {
    const NOW: u64 = 1_800_000_000;
    let secret = vec![7; 32];
    let key = SigningKey::new("k7", &SharedSecret::new(secret.clone())?)?;
    let request = Request {
        method: "GET",
        target: "/",
        scheme: Scheme::Https,
        headers: Headers::parse(b"Host: example.com\r\n")?,
        body: Body::Bytes(b""),
        peer: None,
    };
    let options = SignOptions::new(UnixSeconds::new(NOW))
        .label("own-label")
        .nonce("n-1");
    let signed = sign(&request, &key, &options)?;
    let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let kind = Kind::Check(Check {
        request: crate::case::Request {
            method: "GET".to_owned(),
            target: "/".to_owned(),
            scheme: "https".to_owned(),
            headers: vec![
                field("Host", "example.com"),
                field("Signature-Input", &signed.signature_input),
                field("Signature", &case.value),
                field("Signature", &signed.signature),
            ],
            body: None,
            body_digest: None,
            peer: None,
        },
        keyring: json!({"keys": [{"keyid": "k7", "environment": "test", "secret": Bytes(secret)}]}),
        profile: json!({"environment": "test"}),
        bundle: None,
        context: None,
        now: NOW,
        times: 1,
    });
    let expected_refusal = case.result == Published::Invalid;
    Ok(Plan::ask(vec![kind], move |answers| {
        let refused = answers.first().and_then(refusal);
        Verdict::passed_if(refused.is_some() == expected_refusal, || {
            format!("refused: {refused:?}")
        })
    }))
}
