//! Header lines, whose bytes are looked at eight at a time: what is accepted must not depend on where in
//! eight a byte lies, nor on how long the text around it is.

use countersign_core::{Code, Headers, signature_inputs};

const LENGTHS: core::ops::Range<usize> = 1..20;

fn code(block: &[u8]) -> Option<Code> {
    Headers::parse(block).err().map(|refusal| refusal.code())
}

#[test]
fn a_value_has_the_bytes_that_it_may_have_wherever_they_are() {
    for byte in 0..=u8::MAX {
        let expected = match byte {
            b' '..=b'~' | b'\t' => None,
            0x80.. => Some(Code::HeaderNotAscii),
            // With a letter after it a line end begins a line that has no colon.
            _ => Some(Code::HeadersMalformed),
        };
        for length in LENGTHS {
            for place in 0..length {
                let mut block = [b"a:", "v".repeat(length).as_bytes(), b"v\r\n"].concat();
                block[2 + place] = byte;
                assert_eq!(
                    code(&block),
                    expected,
                    "byte {byte:#x} at {place} of {length}"
                );
            }
        }
    }
}

#[test]
fn a_name_is_a_token_wherever_its_bytes_are() {
    for byte in (0..=u8::MAX).filter(|byte| *byte != b':') {
        let is_token = byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        for place in 0..9 {
            let mut block = b"nnnnnnnnn: v\r\n".to_vec();
            block[place] = byte;
            assert_eq!(
                code(&block).is_none(),
                is_token,
                "byte {byte:#x} at {place}"
            );
        }
    }
}

#[test]
fn names_are_the_same_whatever_their_case_and_however_long() {
    for length in LENGTHS {
        let name: String = ('a'..='z').cycle().take(length).collect();
        for place in 0..length {
            let sent = |byte: u8| {
                let mut name = name.clone().into_bytes();
                name[place] = byte;
                String::from_utf8(name).unwrap()
            };
            let letter = name.as_bytes()[place];
            for other in (b'!'..=b'~').filter(|byte| Headers::parse(&[*byte, b':']).is_ok()) {
                let block = format!("{}: v\r\n", sent(other));
                let headers = Headers::parse(block.as_bytes()).unwrap();
                let is_same = other.eq_ignore_ascii_case(&letter);
                assert_eq!(headers.all(&name).next().is_some(), is_same, "{block}");
            }
        }
    }
    // A letter's two cases are one bit apart, and so are these.
    let headers = Headers::parse(b"name-of-it^: v\r\n").unwrap();
    assert_eq!(headers.all("name-of-it~").next(), None);
}

#[test]
fn a_quoted_text_ends_where_its_quote_is_however_long_it_is() {
    for length in 1..40 {
        for place in 0..length {
            let mut nonce = "n".repeat(length);
            nonce.replace_range(place..=place, r#"\""#);
            let block = format!("Signature-Input: s=();nonce=\"{nonce}\";keyid=\"k\"\r\n");
            let headers = Headers::parse(block.as_bytes()).unwrap();
            let inputs = signature_inputs(&headers).unwrap();
            let parameters = inputs[0].parameters();
            assert_eq!(parameters.nonce.as_deref(), Some(&*nonce.replace('\\', "")));
            assert_eq!(parameters.keyid.as_deref(), Some("k"));
        }
    }
}

/// The list that signers write by default is known by heart; with a second space it is read.
#[test]
fn a_list_that_is_known_by_heart_is_the_same_as_one_that_is_read() {
    let all = [
        "\"@method\"",
        "\"@authority\"",
        "\"@path\"",
        "\"@query\"",
        "\"content-digest\"",
    ];
    let more = ["", " \"date\"", " \"content-digest\";req", " \"@path\""];
    for count in 0..=all.len() {
        for more in more {
            let both = [" ", "  "].map(|space| {
                let list = format!("({}{more});created=1", all[..count].join(space));
                let block = format!("Signature-Input: s={list}\r\n");
                let headers = Headers::parse(block.as_bytes()).unwrap();
                signature_inputs(&headers).map(|inputs| {
                    let covered: Vec<String> = inputs[0].covered().map(String::from).collect();
                    let covers = inputs[0].covers("content-digest");
                    (covered, covers, inputs[0].as_str().to_owned())
                })
            });
            let [by_heart, read] = &both;
            assert_eq!(by_heart, read, "{count} and `{more}`");
            let is_twice = more == " \"@path\"" && count > 2;
            assert_eq!(by_heart.is_err(), is_twice, "{count} and `{more}`");
        }
    }
}
