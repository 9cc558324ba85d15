//! Signature bases of requests and responses.

use countersign_conformance::case::{Base, Response};
use countersign_conformance::{Case, Kind};

use crate::attempt::{Attempt, field};

pub(crate) fn cases() -> Vec<Case> {
    let of = |id: &str, input: &str, label: Option<&str>, fields: &[(&str, &str)]| {
        let mut request = Attempt::get("/v1/orders?symbol=BTC-USD&a=b%20c+d").request;
        request
            .headers
            .extend(fields.iter().map(|(name, value)| field(name, value)));
        request.headers.push(field("Signature-Input", input));
        let label = label.map(str::to_owned);
        Case::new(
            id,
            Kind::Base(Base {
                request: Some(request),
                response: None,
                label,
            }),
        )
    };
    let response = |id: &str, status: u16, input: &str| {
        let headers = vec![
            field("Content-Type", "application/json"),
            field("Signature-Input", input),
        ];
        Case::new(
            id,
            Kind::Base(Base {
                request: None,
                response: Some(Response { status, headers }),
                label: None,
            }),
        )
    };
    vec![
        of("nothing", "s=()", None, &[]),
        of(
            "every derived component",
            "s=(\"@method\" \"@target-uri\" \"@authority\" \"@scheme\" \"@request-target\" \"@path\" \"@query\" \
             \"@query-param\";name=\"a\")",
            None,
            &[],
        ),
        of(
            "fields",
            "s=(\"host\" \"x-two\" \"x-folded\" \"x-empty\")",
            None,
            &[
                ("X-Two", " one "),
                ("X-Folded", "a\r\n b"),
                ("X-Empty", ""),
                ("x-two", "two"),
            ],
        ),
        of(
            "parameters of every type",
            "s=();created=1;a;b=?0;c=1.50;d=tok/en;e=:AQID:;f=\"q\\\"\\\\\";g=-7",
            None,
            &[],
        ),
        of(
            "not as a serialiser writes it",
            "s=(  \"@method\"  \"@path\" );  a=?1; b=1.0",
            None,
            &[],
        ),
        of(
            "one label of two",
            "s=(\"@method\"), t=(\"@path\")",
            Some("t"),
            &[],
        ),
        of(
            "signature_missing, another label",
            "s=(\"@method\")",
            Some("t"),
            &[],
        ),
        of(
            "signature_ambiguous",
            "s=(\"@method\"), t=(\"@path\")",
            None,
            &[],
        ),
        of("component_missing", "s=(\"@status\")", None, &[]),
        of("signature_input_malformed", "s=(@method)", None, &[]),
        response(
            "a response",
            503,
            "s=(\"@status\" \"content-type\");created=1",
        ),
        response("component_missing, of a request", 200, "s=(\"@method\")"),
    ]
}
