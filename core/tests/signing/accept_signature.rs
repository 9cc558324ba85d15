//! `Accept-Signature`: asked for, read, and honoured (RFC 9421 section 5).

use core::time::Duration;

use countersign_core::{
    Algorithm, Code, Headers, Refusal, SignatureRequest, Signed, sign, signature_requests,
};

use crate::support::{Attempt, at, key};

fn read(value: &str) -> Result<Vec<SignatureRequest>, Refusal> {
    let line = format!("Accept-Signature: {value}\r\n");
    signature_requests(&Headers::parse(line.as_bytes())?)
}

/// Signs the good request as the field asks for.
fn honour(value: &str) -> Result<Signed, Refusal> {
    let asked = read(value)?.remove(0);
    let options = asked.options(&key(), at(0), Duration::from_mins(1))?;
    Attempt::unsigned().with_request(|request| sign(request, &key(), &options))
}

#[test]
fn what_is_asked_for_is_what_is_signed() {
    for (asked, signed) in [
        (
            r#"sig1=("@method" "@path" "content-digest");created;keyid="k7""#,
            r#"sig1=("@method" "@path" "content-digest");created=1800000000;keyid="k7""#,
        ),
        (
            r#"b=("@query-param";name="symbol" );expires;created;nonce="n";alg="hmac-sha256";tag="t""#,
            r#"b=("@query-param";name="symbol");created=1800000000;expires=1800000060;nonce="n";alg="hmac-sha256";keyid="k7";tag="t""#,
        ),
        (r"s=()", r#"s=();created=1800000000;keyid="k7""#),
    ] {
        assert_eq!(honour(asked).unwrap().signature_input, signed, "{asked}");
    }
}

#[test]
fn what_this_key_cannot_sign_is_refused_by_name() {
    for (asked, code, name) in [
        (
            r#"s=();keyid="other""#,
            Code::SignatureRequestImpossible,
            "keyid",
        ),
        (
            r#"s=();alg="ed25519""#,
            Code::SignatureRequestImpossible,
            "alg",
        ),
        (
            r#"s=();alg="none""#,
            Code::SignatureRequestImpossible,
            "alg",
        ),
        (
            r"s=();context=1",
            Code::SignatureRequestImpossible,
            "context",
        ),
        (r#"s=("@verb")"#, Code::ComponentUnknown, "@verb"),
        (r#"s=("date")"#, Code::ComponentMissing, "date"),
        (r#"s=("@status")"#, Code::ComponentMissing, "@status"),
        (
            r#"s=("@method";req)"#,
            Code::ComponentParametersIncompatible,
            "req",
        ),
        (r#"s=("@path" "@path")"#, Code::ComponentDuplicate, "@path"),
    ] {
        assert_eq!(
            honour(asked).unwrap_err(),
            Refusal::about(code, name),
            "{asked}"
        );
    }
}

#[test]
fn a_field_that_cannot_be_read_is_refused() {
    for (value, code) in [
        ("", Code::AcceptSignatureMalformed),
        ("s", Code::AcceptSignatureMalformed),
        ("s=1", Code::AcceptSignatureMalformed),
        ("s=(a)", Code::AcceptSignatureMalformed),
        (r#"s=("a""#, Code::AcceptSignatureMalformed),
        ("s=();created=1", Code::AcceptSignatureMalformed),
        ("s=();expires=?0", Code::AcceptSignatureMalformed),
        ("s=();nonce", Code::AcceptSignatureMalformed),
        ("s=();tag=t", Code::AcceptSignatureMalformed),
        ("s=(), s=()", Code::LabelDuplicate),
    ] {
        assert_eq!(read(value).unwrap_err().code(), code, "{value}");
    }
    let many: Vec<String> = (0..17).map(|n| format!("l{n}=()")).collect();
    assert_eq!(
        read(&many.join(",")).unwrap_err().code(),
        Code::TooManySignatures
    );
    let wide: Vec<String> = (0..65).map(|n| format!("\"x{n}\"")).collect();
    let wide = format!("s=({})", wide.join(" "));
    assert_eq!(read(&wide).unwrap_err().code(), Code::TooManyComponents);
    assert_eq!(signature_requests(&Headers::default()), Ok(Vec::new()));
}

#[test]
fn what_is_written_is_read_as_it_was() {
    let all = SignatureRequest::new("sig1")
        .components(["\"@method\"", "\"signature\";key=\"a\";req"])
        .created()
        .expires()
        .nonce("n \"1\"")
        .algorithm(Algorithm::Ed25519)
        .keyid("k7")
        .tag("orders");
    let member = all.to_member().unwrap();
    assert_eq!(
        member,
        r#"sig1=("@method" "signature";key="a";req);created;expires;nonce="n \"1\"";alg="ed25519";keyid="k7";tag="orders""#,
    );
    let both = format!(
        "{member}, {}",
        SignatureRequest::new("b").to_member().unwrap()
    );
    let read = read(&both).unwrap();
    assert_eq!(read, [all, SignatureRequest::new("b")]);
    assert_eq!(read[1].label(), "b");
    for wrong in [
        SignatureRequest::new("B"),
        SignatureRequest::new("b").tag("é"),
    ] {
        assert_eq!(
            wrong.to_member().unwrap_err().code(),
            Code::OptionsMalformed
        );
    }
}
