//! Every bundle that is near a valid one: it is refused with a code, or it answers within its bounds.
//!
//! The digest is made anew each time, so that the checks behind it are reached; who may make a bundle
//! is for its signature to say.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "in a test, to panic is to fail"
)]

#[path = "../fuzz/bundle.rs"]
mod bundle;

use bundle::{load_and_ask, sealed};
use countersign_core::policy::format::{DIGEST_LEN, HEADER_LEN, SECTION_ROW_LEN};
use proptest::prelude::*;
use std::fs;
use std::ops::Range;
use std::path::Path;

/// The bundles that the compiler's tests record, and the seeds of the fuzz target.
fn bundles() -> Vec<Vec<u8>> {
    let core = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    for folder in ["../policies/tests/bundles", "fuzz/corpus/bundle"] {
        let entries = fs::read_dir(core.join(folder)).expect("a folder of bundles");
        paths.extend(entries.map(|entry| entry.expect("an entry").path()));
    }
    paths.sort();
    paths
        .iter()
        .map(|path| fs::read(path).expect("a bundle"))
        .collect()
}

fn body(bundle: &[u8]) -> &[u8] {
    &bundle[..bundle.len() - DIGEST_LEN]
}

#[test]
fn every_bundle_answers() {
    for bundle in bundles() {
        load_and_ask(&bundle).expect("it loads");
    }
}

#[test]
fn every_byte_changed() {
    let (mut refused, mut taken) = (0, 0);
    for bundle in bundles() {
        for at in 0..body(&bundle).len() {
            let byte = bundle[at];
            let others = [
                byte ^ 1,
                byte.wrapping_add(1),
                byte.wrapping_sub(1),
                byte ^ 0x80,
                0,
                0xff,
                byte ^ 0x20,
            ];
            for other in others.into_iter().filter(|other| *other != byte) {
                let mut changed = body(&bundle).to_vec();
                changed[at] = other;
                match load_and_ask(&sealed(changed)) {
                    Ok(()) => taken += 1,
                    Err(code) => {
                        refused += 1;
                        assert!(code.starts_with("bundle_"), "{code}");
                    }
                }
            }
        }
    }
    println!("{refused} refused, {taken} valid still");
    assert!(refused > taken, "most bytes are held by a rule");
}

#[test]
fn cut_short_anywhere() {
    for bundle in bundles() {
        let body = body(&bundle);
        for len in HEADER_LEN..body.len() {
            // Both with the length as it was, and with the length that there is.
            let mut cut = body[..len].to_vec();
            load_and_ask(&sealed(cut.clone())).expect_err("a part of a bundle");
            cut[12..HEADER_LEN].copy_from_slice(&word(len));
            load_and_ask(&sealed(cut)).expect_err("a part of a bundle");
        }
    }
}

/// Each section of each bundle in place of that of another.
#[test]
fn sections_of_another_bundle() {
    let bundles = bundles();
    for to in &bundles {
        for from in &bundles {
            for section in 0..sections(to).len() {
                let mut parts: Vec<&[u8]> =
                    sections(to).into_iter().map(|range| &to[range]).collect();
                parts[section] = &from[sections(from)[section].clone()];
                let spliced = load_and_ask(&assembled(to, &parts));
                if to == from {
                    spliced.expect("nothing was changed");
                }
            }
        }
    }
}

/// A run of bytes of a section taken out, or put in twice, with the section table set right.
#[test]
fn runs_of_bytes_dropped_and_doubled() {
    for bundle in bundles() {
        for (number, section) in sections(&bundle).into_iter().enumerate() {
            for len in [1, 2, 4, 5, 9, 20] {
                for at in section.clone().step_by(3) {
                    let end = (at + len).min(section.end);
                    let dropped = [&bundle[section.start..at], &bundle[end..section.end]].concat();
                    let doubled = [&bundle[section.start..end], &bundle[at..section.end]].concat();
                    for changed in [dropped, doubled] {
                        let mut parts: Vec<&[u8]> = sections(&bundle)
                            .into_iter()
                            .map(|range| &bundle[range])
                            .collect();
                        parts[number] = &changed;
                        let _ = load_and_ask(&assembled(&bundle, &parts));
                    }
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(4000)
    })]

    /// Arbitrary bytes in place of a section.
    #[test]
    fn arbitrary_sections(
        bundle in any::<prop::sample::Index>(),
        section in any::<prop::sample::Index>(),
        bytes in prop::collection::vec(prop_oneof![3 => 0..8_u8, 1 => any::<u8>()], 0..200),
    ) {
        let bundles = bundles();
        let bundle = bundle.get::<Vec<u8>>(&bundles);
        let mut parts: Vec<&[u8]> = sections(bundle).into_iter().map(|range| &bundle[range]).collect();
        let section = section.index(parts.len());
        parts[section] = &bytes;
        let _ = load_and_ask(&assembled(bundle, &parts));
    }

    #[test]
    fn arbitrary_bytes(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        load_and_ask(&bytes).expect_err("arbitrary bytes");
        load_and_ask(&sealed(bytes)).expect_err("arbitrary bytes");
    }

    /// Some words anywhere become small numbers: counts, places, opcodes and kinds that may be.
    #[test]
    fn words_become_others(
        bundle in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), 0..64_u32), 1..5),
    ) {
        let bundles = bundles();
        let mut body = body(bundle.get::<Vec<u8>>(&bundles)).to_vec();
        for (at, value) in changes {
            let at = HEADER_LEN + at.index(body.len() - HEADER_LEN - 4);
            body[at..at + 4].copy_from_slice(&value.to_le_bytes());
        }
        let _ = load_and_ask(&sealed(body));
    }
}

fn word(number: usize) -> [u8; 4] {
    u32::try_from(number).expect("a word").to_le_bytes()
}

/// Where each section is.
fn sections(bundle: &[u8]) -> Vec<Range<usize>> {
    let word = |at: usize| {
        let bytes = bundle[at..at + 4].try_into().expect("a word");
        usize::try_from(u32::from_le_bytes(bytes)).expect("a size")
    };
    (0..usize::from(bundle[10]))
        .map(|row| HEADER_LEN + SECTION_ROW_LEN * row)
        .map(|row| word(row + 4)..word(row + 4) + word(row + 8))
        .collect()
}

/// A bundle of these sections, of the kinds of `like`.
fn assembled(like: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let mut body = like[..HEADER_LEN].to_vec();
    let mut offset = HEADER_LEN + SECTION_ROW_LEN * parts.len();
    for (row, part) in parts.iter().enumerate() {
        let kind = HEADER_LEN + SECTION_ROW_LEN * row;
        body.extend(&like[kind..kind + 4]);
        body.extend(word(offset));
        body.extend(word(part.len()));
        offset += part.len();
    }
    body.extend(parts.concat());
    body[12..HEADER_LEN].copy_from_slice(&word(offset));
    sealed(body)
}
