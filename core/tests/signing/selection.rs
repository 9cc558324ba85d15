//! Several signatures on one message: label and tag select the one that counts.

use countersign_core::{Code, Headers, SharedSecret, SigningKey, signature_inputs};

use crate::support::{Attempt, options};

/// A request with ours, labelled `ours` and tagged `orders`, beside that of a proxy.
fn two_signatures() -> Attempt {
    let mut attempt = Attempt::unsigned();
    let proxy = SigningKey::new("proxy", &SharedSecret::new(vec![8; 32]).unwrap()).unwrap();
    let by = |attempt: &Attempt, key: &SigningKey, label: &str, tag: &str| {
        let options = options().label(label).tag(tag);
        attempt
            .with_request(|request| countersign_core::sign(request, key, &options))
            .unwrap()
    };
    let theirs = by(&attempt, &proxy, "theirs", "proxied");
    let ours = by(&attempt, &crate::support::key(), "ours", "orders");
    attempt.add("Content-Digest", &ours.content_digest.unwrap());
    attempt.add(
        "Signature-Input",
        &format!("{}, {}", theirs.signature_input, ours.signature_input),
    );
    attempt.add("Signature", &theirs.signature);
    attempt.add("Signature", &ours.signature);
    attempt
}

fn select(label: Option<&str>, tag: Option<&str>) -> Result<(), Code> {
    let mut attempt = two_signatures();
    if let Some(label) = label {
        attempt.profile = attempt.profile.label(label);
    }
    if let Some(tag) = tag {
        attempt.profile = attempt.profile.tag(tag);
    }
    attempt.verify().map(drop).map_err(|refusal| refusal.code())
}

#[test]
fn a_label_or_a_tag_selects() {
    assert_eq!(select(Some("ours"), None), Ok(()));
    assert_eq!(select(None, Some("orders")), Ok(()));
    assert_eq!(select(Some("ours"), Some("orders")), Ok(()));
}

#[test]
fn the_selected_one_counts_and_no_other() {
    assert_eq!(select(Some("theirs"), None), Err(Code::KeyUnknown));
    assert_eq!(select(None, Some("proxied")), Err(Code::KeyUnknown));
}

#[test]
fn none_is_missing_and_two_are_ambiguous() {
    assert_eq!(select(None, None), Err(Code::SignatureAmbiguous));
    assert_eq!(select(Some("sig1"), None), Err(Code::SignatureMissing));
    assert_eq!(
        select(Some("ours"), Some("proxied")),
        Err(Code::SignatureMissing)
    );
}

/// RFC 9421 section 3.2: what isn't chosen need not be understood.
#[test]
fn a_signature_for_another_verifier_may_cover_what_is_not_known_here() {
    for (theirs, code) in [
        ("(\"@verb\" \"x\";of=1)", Code::ComponentUnknown),
        (
            "(\"@method\" \"x\";tls)",
            Code::ComponentParameterUnsupported,
        ),
        ("(  \"@query-param\" )", Code::ComponentParameterUnsupported),
        ("(\"x\" \"x\")", Code::ComponentDuplicate),
    ] {
        let mut attempt = Attempt::good();
        let ours = attempt.value("signature-input");
        let theirs = format!("{theirs};created=1800000000;nonce=\"1\";tag=\"other\"");
        attempt.set(
            "signature-input",
            &format!("before={theirs}, {ours}, after={theirs}"),
        );
        let value = attempt.value("signature");
        attempt.set(
            "signature",
            &format!("before=:AA==:, {value}, after=:AA==:"),
        );
        let again = options().label("again");
        let signed = attempt.with_request(|request| {
            countersign_core::sign(request, &crate::support::key(), &again)
        });
        assert!(signed.is_ok());

        attempt.profile = attempt.profile.label("sig1");
        assert!(attempt.authenticate().is_ok(), "{theirs}");
        attempt.profile = attempt.profile.label("after");
        assert_eq!(attempt.authenticate().unwrap_err().code(), code);
        attempt.profile = attempt.profile.label("none");
        let missing = attempt.authenticate().unwrap_err();
        assert_eq!(missing.code(), Code::SignatureMissing);
    }
    // But it must be a list.
    for malformed in [
        "(\"x\";a=1234567890123456)",
        "(\"@verb\"\"x\")",
        "(\"@verb\"",
    ] {
        let mut attempt = Attempt::good();
        let ours = attempt.value("signature-input");
        attempt.set("signature-input", &format!("{ours}, theirs={malformed}"));
        attempt.profile = attempt.profile.label("sig1");
        let refusal = attempt.authenticate().unwrap_err();
        assert_eq!(refusal.code(), Code::SignatureInputMalformed, "{malformed}");
    }
}

#[test]
fn each_of_several_signatures_counts_by_its_label_and_by_its_tag() {
    for (label, tag) in [("ours", "orders"), ("theirs", "proxied")] {
        let proxy = SharedSecret::new(vec![8; 32]).unwrap();
        let live = countersign_core::Environment::Live;
        let record = countersign_core::KeyRecord::new("proxy", live, &proxy).unwrap();
        for by_label in [true, false] {
            let mut attempt = two_signatures();
            attempt.ring.insert(record.clone());
            attempt.profile = if by_label {
                attempt.profile.label(label)
            } else {
                attempt.profile.tag(tag)
            };
            let keyid = if label == "ours" { "k7" } else { "proxy" };
            assert_eq!(attempt.verify().unwrap().keyid(), keyid);
        }
    }
}

#[test]
fn a_signed_message_is_signed_again_by_appending_lines() {
    let mut attempt = Attempt::good();
    let sign = |attempt: &Attempt, label: &str| {
        let covered = ["@method", "@authority", "@path", "@query", "content-digest"];
        let options = options()
            .label(label)
            .components(covered.into_iter().chain(["\"signature\";key=\"sig1\""]));
        attempt.with_request(|request| {
            countersign_core::sign(request, &crate::support::key(), &options)
        })
    };
    // A label can't be used twice.
    assert_eq!(
        sign(&attempt, "sig1").unwrap_err().code(),
        Code::LabelDuplicate
    );
    let second = sign(&attempt, "second").unwrap();
    assert_eq!(second.content_digest, None);
    let lines = second.header_lines();
    let added = Headers::parse(lines.as_bytes()).unwrap();
    assert_eq!(signature_inputs(&added).unwrap().len(), 1);
    for line in lines.lines() {
        attempt.lines.push(line.into());
    }
    for label in ["sig1", "second"] {
        attempt.profile = attempt.profile.label(label);
        assert!(attempt.authenticate().is_ok(), "{label}");
    }
    // The second one is over the first.
    let first = attempt.value("signature");
    let other = if first.contains("sig1=:A") { "B" } else { "A" };
    let altered = format!("sig1=:{other}{}", &first["sig1=:A".len()..]);
    let position = attempt
        .lines
        .iter()
        .position(|line| line.starts_with(b"Signature: "));
    attempt.lines[position.unwrap()] = format!("Signature: {altered}").into_bytes();
    assert_eq!(
        attempt.authenticate().unwrap_err().code(),
        Code::SignatureMismatch
    );
}
