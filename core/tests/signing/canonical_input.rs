//! `Signature-Input` that is legal but not written as a serialiser writes it: the base is canonical
//! all the same (RFC 9421 section 2.5, RFC 9651 section 4).

use countersign_core::{Headers, Refusal, signature_inputs};
use proptest::prelude::*;

/// As sent, and as it is in the base.
#[rustfmt::skip]
const FORMS: &[(&str, &str)] = &[
    (r#"("@method" "@path");created=1"#, r#"("@method" "@path");created=1"#),
    ("()", "()"),
    ("(  )", "()"),
    (r#"(  "@method"   "@path"  );created=1"#, r#"("@method" "@path");created=1"#),
    (r#"("@method"); created=1;  keyid="k""#, r#"("@method");created=1;keyid="k""#),
    (r#"("@method");created=0001"#, r#"("@method");created=1"#),
    (r#"("@method");created=000"#, r#"("@method");created=0"#),
    (r#"("@method");created=-0"#, r#"("@method");created=0"#),
    (r#"("@method");a=?1"#, r#"("@method");a"#),
    (r#"("@method");a"#, r#"("@method");a"#),
    (r#"("@method");a=?0"#, r#"("@method");a=?0"#),
    (r#"("@method");a=1.50"#, r#"("@method");a=1.5"#),
    (r#"("@method");a=1.00"#, r#"("@method");a=1.0"#),
    (r#"("@method");a=01.5"#, r#"("@method");a=1.5"#),
    (r#"("@method");a=-0.0"#, r#"("@method");a=0.0"#),
    (r#"("@method");a=-00.50"#, r#"("@method");a=-0.5"#),
    (r#"("@method");a=tok:en/*"#, r#"("@method");a=tok:en/*"#),
    (r#"("@method");a=:AAAA:"#, r#"("@method");a=:AAAA:"#),
    (r#"("@method");tag="a \"quoted\" \\ tag""#, r#"("@method");tag="a \"quoted\" \\ tag""#),
    (r#"("@query-param"; name="Pet")"#, r#"("@query-param";name="Pet")"#),
];

fn in_the_base(member: &str) -> Result<String, Refusal> {
    let block = format!("Signature-Input: sig={member}\r\n");
    let headers = Headers::parse(block.as_bytes())?;
    Ok(signature_inputs(&headers)?[0].as_str().to_owned())
}

#[test]
fn every_legal_form_has_one_canonical_form() {
    for (sent, canonical) in FORMS {
        assert_eq!(in_the_base(sent).as_deref(), Ok(*canonical), "{sent}");
        assert_eq!(
            in_the_base(canonical).as_deref(),
            Ok(*canonical),
            "{canonical}"
        );
    }
}

#[test]
fn one_odd_member_does_not_change_the_others() {
    let block = b"Signature-Input: a=( \"@path\" );x=-0.0 ,\t b=(\"@method\");created=1, c=(\"@path\" );y=-0.0\r\n";
    let headers = Headers::parse(block).unwrap();
    let inputs = signature_inputs(&headers).unwrap();
    let texts: Vec<&str> = inputs
        .iter()
        .map(countersign_core::SignatureInput::as_str)
        .collect();
    assert_eq!(
        texts,
        [
            r#"("@path");x=0.0"#,
            r#"("@method");created=1"#,
            r#"("@path");y=0.0"#
        ]
    );
}

#[test]
fn escapes_are_resolved_in_the_parameters() {
    let headers = Headers::parse(br#"Signature-Input: s=();tag="a \"b\" \\c""#).unwrap();
    let inputs = signature_inputs(&headers).unwrap();
    assert_eq!(inputs[0].parameters().tag.as_deref(), Some(r#"a "b" \c"#));
}

/// A bare item with freedom in how it is written.
fn bare_item() -> impl Strategy<Value = String> {
    prop_oneof![
        "-?[0-9]{1,15}",
        "-?[0-9]{1,12}\\.[0-9]{1,3}",
        "\"([ !#-\\[\\]-~]|\\\\\"|\\\\\\\\){0,12}\"",
        "[A-Za-z*][A-Za-z0-9:/!*.-]{0,8}",
        ":([A-Za-z0-9+/]{4}){0,4}:",
        "\\?[01]",
    ]
}

/// A member with freedom in its spaces: components, and parameters that we don't read.
fn member() -> impl Strategy<Value = String> {
    let component =
        ("x[a-z0-9-]{0,8}", " {0,2}").prop_map(|(name, spaces)| format!("\"{name}\" {spaces}"));
    let parameter = (" {0,2}", proptest::option::of(bare_item()));
    (
        " {0,2}",
        proptest::collection::vec(component, 0..6),
        proptest::collection::vec(parameter, 0..6),
    )
        .prop_map(|(spaces, components, parameters)| {
            let list = components.concat();
            let mut member = format!("({spaces}{list})");
            for (number, (spaces, value)) in parameters.into_iter().enumerate() {
                let value = value.map_or_else(String::new, |value| format!("={value}"));
                member.extend([";", &spaces, "p", &number.to_string(), &value]);
            }
            member
        })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn the_canonical_form_is_read_as_itself(member in member()) {
        // Two components may have come out alike.
        if let Ok(canonical) = in_the_base(&member) {
            prop_assert_eq!(in_the_base(&canonical).unwrap(), canonical);
        } else {
            prop_assume!(false);
        }
    }
}
