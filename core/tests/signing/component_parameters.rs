//! The parameters of components: `sf`, `key`, `bs`, `tr` and `req` (RFC 9421 sections 2.1 and 2.4).

use countersign_core::structured::{FieldType, FieldTypes};
use countersign_core::{
    Body, Code, Headers, Message, Profile, Refusal, Request, Response, Scheme,
    signature_base_typed, signature_inputs,
};

use crate::support::{Attempt, options};

/// The values of components, each as: rule, header lines, identifier, value.
#[rustfmt::skip]
const VALUES: &[(&str, &str, &str, &str)] = &[
    ("2.1.1 sf", "Example-Dict:  a=1,    b=2;x=1;y=2,   c=(a   b   c)", r#""example-dict";sf"#, "a=1, b=2;x=1;y=2, c=(a b c)"),
    ("2.1.1 sf of two lines", "Example-Dict: a=1\r\nExample-Dict:  b=2;x=1;y=2", r#""example-dict";sf"#, "a=1, b=2;x=1;y=2"),
    ("2.1.1 sf of a folded line", "Example-Dict: a=1,\r\n   b=2", r#""example-dict";sf"#, "a=1, b=2"),
    ("2.1.1 sf of a list", "Cache-Status: A;hit ,  B;fwd=uri-miss;ttl=030", r#""cache-status";sf"#, "A;hit, B;fwd=uri-miss;ttl=30"),
    ("2.1.1 sf of an item", "Deprecation: @01659578233", r#""deprecation";sf"#, "@1659578233"),
    ("2.1.1 sf of an empty dictionary", "Priority:", r#""priority";sf"#, ""),
    ("2.1.1 sf of a key that comes twice", "Priority: u=1, i, u=2", r#""priority";sf"#, "u=2, i"),
    ("2.1.2 key of an integer", "Example-Dict:  a=1, b=2;x=1;y=2, c=(a   b    c), d", r#""example-dict";key="a""#, "1"),
    ("2.1.2 key of what has no value", "Example-Dict:  a=1, b=2;x=1;y=2, c=(a   b    c), d", r#""example-dict";key="d""#, "?1"),
    ("2.1.2 key with parameters", "Example-Dict:  a=1, b=2;x=1;y=2, c=(a   b    c), d", r#""example-dict";key="b""#, "2;x=1;y=2"),
    ("2.1.2 key of an inner list", "Example-Dict:  a=1, b=2;x=1;y=2, c=(a   b    c), d", r#""example-dict";key="c""#, "(a b c)"),
    ("2.1.2 key and sf", "Example-Dict: a=1.50", r#""example-dict";key="a";sf"#, "1.5"),
    ("2.1.2 key of another signature", "Signature: sig1=:AQID:, b=:AAAA:", r#""signature";key="sig1""#, ":AQID:"),
    ("2.1.3 bs", "Example-Header: value, with, lots\r\nExample-Header: of, commas", r#""example-header";bs"#, ":dmFsdWUsIHdpdGgsIGxvdHM=:, :b2YsIGNvbW1hcw==:"),
    ("2.1.3 bs of one line", "Example-Header: value, with, lots, of, commas", r#""example-header";bs"#, ":dmFsdWUsIHdpdGgsIGxvdHMsIG9mLCBjb21tYXM=:"),
    ("2.1.3 bs of an empty line", "Example-Header:", r#""example-header";bs"#, "::"),
    ("2.1.3 bs of a folded line", "Example-Header: a\r\n  b", r#""example-header";bs"#, ":YSBi:"),
    ("2.1.4 a trailer", "", r#""expires";tr"#, "Wed, 9 Nov 2022 07:28:00 GMT"),
    ("2.1.4 a trailer as bytes", "", r#""expires";tr;bs"#, ":V2VkLCA5IE5vdiAyMDIyIDA3OjI4OjAwIEdNVA==:"),
    ("2.1.4 a header of the same name", "Expires: 0", r#""expires""#, "0"),
    ("2 the order is kept", "", r#""expires";bs;tr"#, ":V2VkLCA5IE5vdiAyMDIyIDA3OjI4OjAwIEdNVA==:"),
];

const TRAILERS: &[u8] = b"Expires: Wed, 9 Nov 2022 07:28:00 GMT\r\n";

fn types() -> FieldTypes {
    FieldTypes::new().with("example-dict", FieldType::Dictionary)
}

fn request(block: &[u8]) -> Request<'_> {
    let trailers = Headers::parse(TRAILERS).unwrap();
    Request {
        method: "POST",
        target: "/foo?param=Value&Pet=dog",
        scheme: Scheme::Https,
        headers: Headers::parse(block).unwrap().with_trailers(trailers),
        body: Body::Bytes(b""),
        peer: None,
    }
}

fn base(message: Message<'_, '_>, list: &str) -> Result<String, Refusal> {
    let line = format!("Signature-Input: s={list}\r\n");
    let headers = Headers::parse(line.as_bytes()).unwrap();
    signature_base_typed(message, &signature_inputs(&headers)?[0], &types())
}

#[test]
fn each_parameter_makes_the_value_that_the_rfc_gives() {
    for (rule, lines, identifier, value) in VALUES {
        let block = format!("{lines}{}", if lines.is_empty() { "" } else { "\r\n" });
        let request = request(block.as_bytes());
        let base = base(Message::Request(&request), &format!("({identifier})"));
        assert_eq!(
            base.unwrap(),
            format!("{identifier}: {value}\n\"@signature-params\": ({identifier})"),
            "{rule}"
        );
    }
}

#[test]
fn an_identifier_that_is_not_canonical_is_written_so() {
    let request = request(b"Priority: u=1\r\n");
    let base = base(
        Message::Request(&request),
        r#"( "priority"; sf=?1;  tr=?1 "priority" )"#,
    );
    assert_eq!(
        base.unwrap_err(),
        Refusal::about(Code::ComponentMissing, "priority")
    );
    let base = self::base(
        Message::Request(&request),
        r#"( "priority"; sf=?1 "@path" )"#,
    );
    assert_eq!(
        base.unwrap(),
        "\"priority\";sf: u=1\n\"@path\": /foo\n\"@signature-params\": (\"priority\";sf \"@path\")"
    );
}

#[test]
fn a_response_is_bound_to_the_request_that_it_answers() {
    let request = request(b"Host: example.com\r\nSignature: sig1=:AQID:\r\nPriority: u=1\r\n");
    let response = Response {
        status: 503,
        headers: Headers::parse(b"Priority: u=5\r\n").unwrap(),
        body: Body::Bytes(b""),
        request: Some(&request),
    };
    let list = r#"("@status" "@method";req "@target-uri";req "@query-param";req;name="Pet" "priority" "priority";req "signature";req;key="sig1" "expires";req;tr)"#;
    let expected = [
        r#""@status": 503"#,
        r#""@method";req: POST"#,
        r#""@target-uri";req: https://example.com/foo?param=Value&Pet=dog"#,
        r#""@query-param";req;name="Pet": dog"#,
        r#""priority": u=5"#,
        r#""priority";req: u=1"#,
        r#""signature";req;key="sig1": :AQID:"#,
        r#""expires";req;tr: Wed, 9 Nov 2022 07:28:00 GMT"#,
        &format!("\"@signature-params\": {list}"),
    ];
    assert_eq!(
        base(Message::Response(&response), list).unwrap(),
        expected.join("\n")
    );

    for (list, name) in [
        (r#"("@status";req)"#, "@status"),
        (r#"("@method")"#, "@method"),
        (r#"("expires")"#, "expires"),
        (r#"("signature";req;key="sig2")"#, "signature"),
    ] {
        let refusal = base(Message::Response(&response), list).unwrap_err();
        assert_eq!(
            refusal,
            Refusal::about(Code::ComponentMissing, name),
            "{list}"
        );
    }
    let unbound = Response {
        request: None,
        ..response
    };
    let refusal = base(Message::Response(&unbound), r#"("@method";req)"#).unwrap_err();
    assert_eq!(refusal.code(), Code::ComponentMissing);
    let refusal = base(Message::Request(&request), r#"("@method";req)"#).unwrap_err();
    assert_eq!(refusal.code(), Code::ComponentParametersIncompatible);
}

#[test]
fn client_and_verifier_say_which_fields_are_structured() {
    let covered = ["@method", "@authority", "@path", "@query", "content-digest"];
    let covered = covered
        .into_iter()
        .chain(["\"x-order\";sf", "\"x-order\";key=\"id\""]);
    let options = options().components(covered);
    let mut attempt = Attempt::unsigned();
    attempt.add("X-Order", "id=17 ,  note=\"rush\"");
    let refusal = attempt
        .with_request(|request| countersign_core::sign(request, &crate::support::key(), &options))
        .unwrap_err();
    assert_eq!(
        refusal,
        Refusal::about(Code::ComponentNotStructured, "x-order")
    );

    attempt.sign(&options.structured_field("x-order", FieldType::Dictionary));
    // A proxy may write the same values in another way.
    attempt.set("X-Order", "id=0017, note=\"rush\"");
    assert_eq!(
        attempt.authenticate().unwrap_err(),
        Refusal::about(Code::ComponentNotStructured, "x-order")
    );
    let profile = r#"{"environment": "live", "structured_fields": {"x-order": "dictionary"}}"#;
    attempt.profile = Profile::from_json(profile).unwrap();
    assert!(attempt.authenticate().is_ok());
    attempt.set("X-Order", "id=18, note=\"rush\"");
    assert_eq!(
        attempt.authenticate().unwrap_err().code(),
        Code::SignatureMismatch
    );

    for wrong in [r#""map""#, "1"] {
        let text = profile.replace(r#""dictionary""#, wrong);
        let refusal = Profile::from_json(&text).unwrap_err();
        assert_eq!(refusal, Refusal::about(Code::ProfileMalformed, "x-order"));
    }
}
