//! What verbs do that no published case asks for.
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "in a test, to panic is to fail"
)]

use countersign_conformance::Runtime;
use countersign_conformance::door::{Door, Fault, Frame, Machine, Opened, Running, open, together};
use countersign_wasm::dispatch::number;
use countersign_wasm_build::Variant;

fn native() -> Box<dyn Machine> {
    match open(Runtime::Native, Variant::Complete).unwrap() {
        Opened::Running { machine, .. } => machine,
        Opened::Skipped(why) => panic!("native code is always there: {why}"),
    }
}

/// Runs cases side by side, and gives what came of the last.
fn run<T>(door: &Door, cases: Vec<Running<Result<T, Fault>>>) -> Result<T, Fault> {
    let mut outcomes = together(door, &mut *native(), cases).unwrap();
    outcomes.pop().unwrap()
}

const NOW: u64 = 1_800_000_000;

fn request(frame: Frame) -> Frame {
    let frame = frame.text("https").text("GET").text("/v1/markets");
    let frame = frame.text("Host: api.example.com\r\n").number(0);
    frame.text("").text("")
}

/// Signs a response as its request asks for, and verifies it.
async fn honour(door: Door, asking: &'static str) -> Result<String, Fault> {
    let frame = Frame::new()
        .text("server-1")
        .text("ed25519")
        .bytes(&[7; 32]);
    let key = door.ask(number::private_key_open, frame).await?.number()?;
    let frame = request(Frame::new().number(key));
    let frame = frame.number(200).text("").number(0).text("[]");
    let frame = frame
        .text(asking)
        .text("")
        .number(NOW)
        .number(60)
        .text("n-1");
    let mut signed = door.ask(number::sign_as_asked, frame).await?;
    let (input, signature, digest) = (signed.text()?, signed.text()?, signed.text()?);

    let ring = r#"{"keys": [{"keyid": "server-1", "environment": "live", "algorithm": "ed25519",
        "public_key": "6kpsY+KcUgq+9VB7Ey7F+ZVHdq6+vnuSQh7qaRRG0iw="}]}"#;
    let profile = r#"{"environment": "live", "required": ["@status", "\"@path\";req"]}"#;
    let ring = door
        .ask(number::keyring_open, Frame::new().text(ring))
        .await?
        .number()?;
    let profile = door
        .ask(number::profile_open, Frame::new().text(profile))
        .await?
        .number()?;
    let headers = format!(
        "Content-Digest: {digest}\r\nSignature-Input: {input}\r\nSignature: {signature}\r\n"
    );
    let frame = request(Frame::new().number(ring).number(profile).number(NOW));
    let frame = frame.number(200).text(&headers).number(0).text("[]");
    let mut authentic = door.ask(number::verify_response, frame).await?;
    assert_eq!(authentic.text()?, "server-1");
    assert!(authentic.text()?.contains("200"));
    Ok(input)
}

fn asked(asking: &'static str) -> Result<String, Fault> {
    let door = Door::default();
    run(&door, vec![Box::pin(honour(door.clone(), asking))])
}

#[test]
fn a_response_is_signed_as_its_request_asks() {
    let asking = "Accept-Signature: s=(\"@status\" \"@path\";req \"content-digest\");expires\r\n";
    assert_eq!(
        asked(asking).unwrap(),
        "s=(\"@status\" \"@path\";req \"content-digest\");created=1800000000;expires=1800000060;\
         nonce=\"n-1\";keyid=\"server-1\""
    );
}

#[test]
fn a_nonce_that_is_asked_for_goes_before_ours() {
    let asking =
        "Accept-Signature: s=(\"@status\" \"@path\";req \"content-digest\");nonce=\"theirs\"\r\n";
    assert!(asked(asking).unwrap().contains(";nonce=\"theirs\";"));
}

fn code(asked: Result<String, Fault>) -> String {
    match asked {
        Err(Fault::Refused(refused)) => refused.code,
        other => format!("{other:?}"),
    }
}

#[test]
fn what_cannot_be_honoured_is_refused() {
    for (asking, expected) in [
        ("", "signature_missing"),
        ("Accept-Signature: a=(), b=()\r\n", "signature_ambiguous"),
        (
            "Accept-Signature: a=();alg=\"hmac-sha256\"\r\n",
            "signature_request_impossible",
        ),
        ("Accept-Signature: a=(\"date\")\r\n", "component_missing"),
        ("Accept-Signature: a\r\n", "accept_signature_malformed"),
    ] {
        assert_eq!(code(asked(asking)), expected, "{asking}");
    }
}

#[test]
fn bad_frames_of_values_are_refused() {
    for values in [
        Frame::new(),
        Frame::new().text("integer").text("1"),
        Frame::new().text("integer").number(1),
        Frame::new().text("integer").number(1).number(u64::MAX),
        Frame::new().text("word").text("x").number(0),
    ] {
        let door = Door::default();
        let at = door.clone();
        let frame = Frame::new().text("item").append(&values);
        let asked = async move { at.ask(number::field_write, frame).await?.text() };
        assert_eq!(
            code(run(&door, vec![Box::pin(asked)])),
            "frame_malformed",
            "{values:?}"
        );
    }
}

#[test]
fn cases_that_run_side_by_side_keep_their_answers() {
    let door = Door::default();
    let case = |n: u64| -> Running<Result<(u64, Vec<u8>), Fault>> {
        let door = door.clone();
        Box::pin(async move {
            let mut last = Vec::new();
            // Each asks a different number of times.
            for step in 0..=n {
                let frame = Frame::new().number(n).number(step);
                last = door.ask(number::mac, frame).await?.bytes()?;
            }
            Ok((n, last))
        })
    };
    let outcomes = together(&door, &mut *native(), (0..9).map(case).collect()).unwrap();
    for (n, outcome) in (0..).zip(outcomes) {
        let (own, mac): (u64, Vec<u8>) = outcome.unwrap();
        assert_eq!(own, n);
        assert_eq!(
            mac,
            countersign_core::hmac_sha256(&n.to_le_bytes(), &n.to_le_bytes())
        );
    }
}
