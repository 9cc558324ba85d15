//! What is signed verifies; with one bit flipped anywhere, it doesn't.

use countersign_core::{Message, Refusal, Scheme, signature_base, signature_inputs};
use proptest::prelude::*;

use crate::support::{Attempt, at, options};

#[derive(Clone, Copy, Debug)]
enum Part {
    Method,
    Target,
    Line(usize),
    Body,
}

fn parts(attempt: &Attempt) -> Vec<Part> {
    let lines = (0..attempt.lines.len()).map(Part::Line);
    [Part::Method, Part::Target, Part::Body]
        .into_iter()
        .chain(lines)
        .collect()
}

fn length(attempt: &Attempt, part: Part) -> usize {
    match part {
        Part::Method => attempt.method.len(),
        Part::Target => attempt.target.len(),
        Part::Line(line) => attempt.lines[line].len(),
        Part::Body => attempt.body.len(),
    }
}

/// Flips a bit. False if what comes out can't be handed over at all: text that is not UTF-8.
fn flip(attempt: &mut Attempt, part: Part, bit: usize) -> bool {
    let in_text = |text: &mut String| {
        let mut bytes = text.clone().into_bytes();
        bytes[bit / 8] ^= 1 << (bit % 8);
        String::from_utf8(bytes)
            .map(|flipped| *text = flipped)
            .is_ok()
    };
    match part {
        Part::Method => in_text(&mut attempt.method),
        Part::Target => in_text(&mut attempt.target),
        Part::Line(line) => {
            attempt.lines[line][bit / 8] ^= 1 << (bit % 8);
            true
        }
        Part::Body => {
            attempt.body[bit / 8] ^= 1 << (bit % 8);
            true
        }
    }
}

fn base(attempt: &Attempt) -> Result<String, Refusal> {
    attempt.with_request(|request| {
        let inputs = signature_inputs(&request.headers)?;
        signature_base(Message::Request(request), &inputs[0])
    })
}

/// Refused; or the flip made the same message in other words: the base and the body are those that
/// were signed. Says which.
fn is_refused(before: &Attempt, after: &Attempt, part: Part, bit: usize) -> bool {
    let accepted = after.authenticate().is_ok();
    if accepted {
        assert_eq!(base(after), base(before), "{part:?}, bit {bit}");
        assert_eq!(after.body, before.body, "{part:?}, bit {bit}");
        // Nothing but the case of a letter: of a field name, or of the host.
        assert!(
            matches!(part, Part::Line(_)) && bit % 8 == 5,
            "{part:?}, bit {bit}"
        );
    }
    !accepted
}

#[test]
fn every_bit_of_a_request_counts_but_the_case_of_a_field_name_and_of_the_host() {
    let components = [
        "@method",
        "@authority",
        "@path",
        "@query",
        "content-type",
        "content-digest",
    ];
    let good = || {
        let mut attempt = Attempt::unsigned();
        attempt.sign(&options().components(components));
        attempt
    };
    let before = good();
    assert!(before.authenticate().is_ok());
    let mut same = 0;
    for part in parts(&before) {
        for bit in 0..length(&before, part) * 8 {
            let mut after = good();
            if flip(&mut after, part, bit) && !is_refused(&before, &after, part, bit) {
                same += 1;
            }
        }
    }
    let names = [
        "Host",
        "ContentType",
        "ContentDigest",
        "SignatureInput",
        "Signature",
    ]
    .concat()
    .len();
    assert_eq!(same, names + "apiexamplecom".len());
}

fn attempt() -> impl Strategy<Value = Attempt> {
    let field = ("X-[A-Za-z0-9]{1,8}", "[!-~]([ -~]{0,20}[!-~])?");
    let query = proptest::option::of("[a-zA-Z0-9%+=&/?.~_-]{0,30}");
    (
        "[A-Z!#$%&'*+.^_`|~0-9a-z-]{1,10}",
        "(/[a-zA-Z0-9%._~!$&'()*+,;=:@-]{0,8}){1,4}",
        query,
        "[a-z0-9.-]{1,20}(:[0-9]{1,5})?",
        proptest::collection::vec(field, 0..6),
        proptest::collection::vec(any::<u8>(), 0..100),
        "[!#-\\[\\]-~]{1,40}",
        any::<bool>(),
    )
        .prop_map(|(method, path, query, host, fields, body, nonce, secure)| {
            let mut attempt = Attempt::unsigned();
            attempt.method = method;
            attempt.target = query.map_or(path.clone(), |query| format!("{path}?{query}"));
            attempt.scheme = if secure { Scheme::Https } else { Scheme::Http };
            attempt.body = body;
            attempt.lines.clear();
            attempt.add("Host", &host);
            let mut components = vec![
                "@method".to_owned(),
                "@authority".into(),
                "@path".into(),
                "@query".into(),
            ];
            for (name, value) in fields {
                attempt.add(&name, &value);
                let name = name.to_ascii_lowercase();
                if !components.contains(&name) {
                    components.push(name);
                }
            }
            if !attempt.body.is_empty() {
                components.push("content-digest".into());
            }
            attempt.sign(
                &countersign_core::SignOptions::new(at(0))
                    .nonce(nonce)
                    .components(components),
            );
            attempt
        })
}

impl core::fmt::Debug for Attempt {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let block = String::from_utf8_lossy(&self.block()).into_owned();
        write!(
            f,
            "{} {}\n{block}\n{:?}",
            self.method, self.target, self.body
        )
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1000) })]

    #[test]
    fn what_is_signed_verifies(mut attempt in attempt()) {
        let path = attempt.target.split('?').next().unwrap().to_owned();
        let verified = attempt.verify().unwrap();
        prop_assert_eq!(verified.method(), &attempt.method);
        prop_assert_eq!(verified.path(), path);
    }

    #[test]
    fn one_bit_flipped_anywhere_is_refused(
        (before, after) in (attempt().prop_map(Box::new), any::<prop::sample::Index>(), any::<prop::sample::Index>())
            .prop_map(|(before, part, bit)| {
                let mut after = Attempt {
                    method: before.method.clone(),
                    target: before.target.clone(),
                    lines: before.lines.clone(),
                    body: before.body.clone(),
                    scheme: before.scheme,
                    ..Attempt::unsigned()
                };
                let part = *part.get(&parts(&before));
                let bits = length(&before, part) * 8;
                let flipped = bits > 0 && flip(&mut after, part, bit.index(bits.max(1)));
                (before, flipped.then_some((after, part, bit.index(bits.max(1)))))
            })
    ) {
        if let Some((after, part, bit)) = after {
            is_refused(&before, &after, part, bit);
        }
    }
}
