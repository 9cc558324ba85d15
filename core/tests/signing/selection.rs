//! Several signatures on one message: label and tag select the one that counts.

use countersign_core::{Code, SharedSecret, SigningKey};

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
