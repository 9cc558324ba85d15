//! Cedar's JSON format for values and entities: what is read and what is refused.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "in a test, to panic is to fail"
)]

use countersign_core::policy::{
    Datetime, Decimal, Duration, Entities, EntityUid, IpRange, Record, Set, Value, ValueFault,
};
use proptest::prelude::*;

fn value(text: &str) -> Value {
    Value::from_json(text).expect(text)
}

fn fault(text: &str) -> ValueFault {
    Value::from_json(text).expect_err(text).fault()
}

#[test]
fn each_kind_of_value_is_read() {
    assert_eq!(value("true"), Value::Bool(true));
    assert_eq!(value("-9223372036854775808"), Value::Long(i64::MIN));
    assert_eq!(value(r#""a\"\u00e9""#), Value::from("a\"é"));
    assert_eq!(
        value(r#"{"__entity": {"type": "Shop::Order", "id": "42"}}"#),
        Value::Entity(EntityUid::new("Shop::Order", "42"))
    );
    assert_eq!(
        value("[2, 1, 2]"),
        Value::Set(Set::from_iter([Value::Long(1), Value::Long(2)]))
    );
    let Value::Record(record) = value(r#"{"b": [], "a": {"c": false}}"#) else {
        panic!("an object is a record");
    };
    let names: Vec<_> = record.iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["a", "b"]);
}

#[test]
fn sets_compare_without_order_or_duplicates() {
    assert_eq!(
        value("[1, [2, 3, 3], {\"a\": [4, 5]}]"),
        value("[{\"a\": [5, 4]}, [3, 2], 1, 1]")
    );
    assert_ne!(value("[1, 2]"), value("[1, 2, 3]"));
    assert_ne!(value("[\"1\"]"), value("[1]"));
}

#[test]
fn what_cedar_has_not_is_refused() {
    assert_eq!(fault("null"), ValueFault::Null);
    assert_eq!(fault("[1, null]"), ValueFault::Null);
    assert_eq!(fault("1.0"), ValueFault::Number);
    assert_eq!(fault("1e3"), ValueFault::Number);
    assert_eq!(fault("9223372036854775808"), ValueFault::Number);
    assert_eq!(fault("-9223372036854775809"), ValueFault::Number);
    assert_eq!(fault("99999999999999999999999"), ValueFault::Number);
}

#[test]
fn doubled_names_are_refused() {
    assert_eq!(fault(r#"{"a": 1, "a": 1}"#), ValueFault::DuplicateName);
    assert_eq!(
        fault(r#"{"b": {"a": 1, "\u0061": 2}}"#),
        ValueFault::DuplicateName
    );
    assert_eq!(
        fault(r#"{"__entity": {"type": "A", "type": "A", "id": "1"}}"#),
        ValueFault::DuplicateName
    );
}

#[test]
fn a_reference_is_whole_and_alone() {
    for text in [
        r#"{"__entity": {"type": "A"}}"#,
        r#"{"__entity": {"type": "A", "id": 1}}"#,
        r#"{"__entity": {"type": "A", "id": "1", "more": true}}"#,
        r#"{"__entity": "A::\"1\""}"#,
        r#"{"__entity": [1]}"#,
        r#"{"__entity": {"type": "A", "id": "1"}, "a": 1}"#,
        r#"{"a": 1, "__entity": {"type": "A", "id": "1"}}"#,
        r#"{"__entity": {"__entity": {"type": "A", "id": "1"}}}"#,
    ] {
        assert_eq!(fault(text), ValueFault::EscapeMalformed, "{text}");
    }
}

#[test]
fn broken_text_is_refused_with_its_place() {
    for text in [
        "",
        "{",
        "[1,]",
        "{\"a\" 1}",
        "01",
        "\"\\x\"",
        "true false",
        "{} {}",
        "tru",
    ] {
        assert_eq!(fault(text), ValueFault::Malformed, "{text}");
    }
    let error = Record::from_json("{\n  \"a\": 1.5\n}").expect_err("a fraction");
    assert_eq!(
        error.to_string(),
        "a number must be an integer of 64 bits (line 2, column 10)"
    );
    assert_eq!(error.code(), "value_number_unsupported");
    for (text, place) in [
        ("", (1, 1)),
        ("[1,\n 2 3]", (2, 4)),
        ("{\"a\": \"\u{e9}\", b}", (1, 13)),
        ("[\n\"a\nb\"]", (2, 3)),
        ("[\n", (2, 1)),
        ("[null]", (1, 5)),
        ("{\"a\": 1,\n\"a\": 2,\n\"b\": 3}", (2, 6)),
    ] {
        let error = Value::from_json(text).expect_err(text);
        assert_eq!((error.line(), error.column()), place, "{text}");
    }
    let error = Entities::from_json("[\n{\"uid\": 1},\n{}]").expect_err("a number for a uid");
    assert_eq!((error.line(), error.column()), (2, 10));
}

#[test]
fn strings_are_read_strictly() {
    assert_eq!(
        value(r#""\"\\\/\b\f\n\r\t\u00E9\ud83d\uDE00\u0000""#),
        Value::from("\"\\/\u{8}\u{c}\n\r\t\u{e9}\u{1f600}\0")
    );
    for text in [
        "\"",
        "\"a",
        "\"\t\"",
        "\"\n\"",
        r#""\""#,
        r#""\v""#,
        r#""\u12""#,
        r#""\u12g4""#,
        r#""\u+123""#,
        r#""\ud800""#,
        r#""\udc00""#,
        r#""\ud800x""#,
        r#""\ud800\n""#,
        r#""\ud800\u0041""#,
        r#""\ud800\ud800""#,
    ] {
        assert_eq!(fault(text), ValueFault::Malformed, "{text}");
    }
}

#[test]
fn only_integers_are_numbers() {
    assert_eq!(value("-0"), Value::Long(0));
    for text in ["-0.0", "0e0", "1E+2", "1e-2", "1.5e3", "1e999"] {
        assert_eq!(fault(text), ValueFault::Number, "{text}");
    }
    for text in [
        "-", "+1", "01", "-01", "1.", ".5", "1.e2", "1e", "1e+", "--1", "0x1", "1_0",
    ] {
        assert_eq!(fault(text), ValueFault::Malformed, "{text}");
    }
}

/// Names in descending order, and strings of escapes: what is quadratic if read carelessly.
#[test]
fn large_texts_take_linear_time() {
    let members: Vec<_> = (0..300_000)
        .rev()
        .map(|n| format!("\"{n:06}\":\"{}\"", r"\n".repeat(10)))
        .collect();
    let Value::Record(record) = value(&format!("{{{}}}", members.join(","))) else {
        panic!("an object is a record");
    };
    assert_eq!(record.len(), 300_000);
    let Value::String(string) = value(&format!("\"{}\"", r"a\u0061".repeat(1_000_000))) else {
        panic!("a string is one");
    };
    assert_eq!(string.len(), 2_000_000);
}

#[test]
fn a_context_is_a_record() {
    for text in [
        "[]",
        "1",
        r#""a""#,
        r#"{"__entity": {"type": "A", "id": "1"}}"#,
    ] {
        assert_eq!(
            Record::from_json(text).expect_err(text).fault(),
            ValueFault::Shape
        );
    }
    assert!(Record::from_json(" {} ").expect("a record").is_empty());
}

#[test]
fn deep_nesting_is_refused_not_followed() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert!(Value::from_json(&nested(64)).is_ok());
    assert_eq!(fault(&nested(66)), ValueFault::TooDeep);
    assert_eq!(fault(&"[".repeat(1_000_000)), ValueFault::TooDeep);
    assert_eq!(fault(&r#"{"a":"#.repeat(1_000_000)), ValueFault::TooDeep);
}

#[test]
fn entities_are_read() {
    let entities = Entities::from_json(
        r#"[
            {"uid": {"type": "U", "id": "a"}, "attrs": {"n": 1}, "parents": [{"type": "G", "id": "x"}]},
            {"uid": {"__entity": {"type": "G", "id": "x"}}, "parents": [{"__entity": {"type": "G", "id": "y"}}]},
            {"uid": {"type": "G", "id": "y"}, "attrs": {}, "parents": [], "tags": {"t": "v"}}
        ]"#,
    )
    .expect("entities");
    let a = entities.get(&EntityUid::new("U", "a")).expect("the entity");
    let parents: Vec<_> = a.parents().iter().map(EntityUid::id).collect();
    assert_eq!(parents, ["x"]);
    assert_eq!(a.attributes().get("n"), Some(&Value::Long(1)));
    let y = entities.get(&EntityUid::new("G", "y")).expect("the entity");
    assert_eq!(y.tags().get("t"), Some(&Value::from("v")));
}

#[test]
fn values_of_extension_types_are_read() {
    let read = |function: &str, arg: &str| {
        Value::from_json(&format!(
            r#"{{"__extn": {{"fn": "{function}", "arg": "{arg}"}}}}"#
        ))
        .ok()
    };
    assert_eq!(
        read("decimal", "1.5"),
        Some(Value::Decimal(Decimal(15_000)))
    );
    assert_eq!(
        read("duration", "1s"),
        Some(Value::Duration(Duration(1000)))
    );
    assert_eq!(
        read("datetime", "1970-01-01"),
        Some(Value::Datetime(Datetime(0)))
    );
    assert_eq!(read("ip", "::1"), IpRange::parse("::1").map(Value::Ip));
    // How Cedar itself writes a datetime.
    let offset = r#"{"__extn": {"fn": "offset", "args": [
        {"__extn": {"fn": "datetime", "arg": "1970-01-01"}},
        {"__extn": {"fn": "duration", "arg": "5ms"}}]}}"#;
    assert_eq!(Value::from_json(offset), Ok(Value::Datetime(Datetime(5))));
    for text in [
        r#"{"__extn": {"fn": "ip", "arg": "256.0.0.1"}}"#,
        r#"{"__extn": {"fn": "ip", "arg": 1}}"#,
        r#"{"__extn": {"fn": "ip"}}"#,
        r#"{"__extn": {"fn": "ip", "arg": "::1", "more": 1}}"#,
        r#"{"__extn": {"fn": "unknown", "arg": "1"}}"#,
        r#"{"__extn": {"arg": "1"}}"#,
        r#"{"__extn": 1}"#,
        r#"{"__expr": "1 + 1"}"#,
    ] {
        assert_eq!(fault(text), ValueFault::Extension, "{text}");
    }
    let not_alone = r#"{"__extn": {"fn": "ip", "arg": "::1"}, "a": 1}"#;
    assert_eq!(fault(not_alone), ValueFault::EscapeMalformed);
}

#[test]
fn malformed_entities_are_refused() {
    let cases = [
        ("{}", ValueFault::Shape),
        ("[1]", ValueFault::Shape),
        ("[{}]", ValueFault::EntityMalformed),
        (
            r#"[{"uid": {"type": "U", "id": "a"}, "more": 1}]"#,
            ValueFault::EntityMalformed,
        ),
        (r#"[{"uid": "U::\"a\""}]"#, ValueFault::EscapeMalformed),
        (
            r#"[{"uid": {"type": "U", "id": "a"}, "attrs": 1}]"#,
            ValueFault::Shape,
        ),
        (
            r#"[{"uid": {"type": "U", "id": "a"}, "parents": 1}]"#,
            ValueFault::Shape,
        ),
        (
            r#"[{"uid": {"type": "U", "id": "a"}, "tags": 1}]"#,
            ValueFault::Shape,
        ),
        (
            r#"[{"uid": {"type": "U", "id": "a"}}, {"uid": {"type": "U", "id": "a"}, "attrs": {"x": 1}}]"#,
            ValueFault::EntityDuplicate,
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(
            Entities::from_json(text).expect_err(text).fault(),
            expected,
            "{text}"
        );
    }
    let twice = r#"[{"uid": {"type": "U", "id": "a"}}, {"uid": {"type": "U", "id": "a"}}]"#;
    assert!(
        Entities::from_json(twice).is_ok(),
        "the same entity twice is one"
    );
}

fn any_json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|b| b.to_string()),
        any::<i64>().prop_map(|n| n.to_string()),
        any::<f64>().prop_map(|n| n.to_string()),
        "[a-z\\\\\"\u{e9}]{0,6}".prop_map(|s| serde_json::json!(s).to_string()),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        let name = prop_oneof![
            Just("__entity"),
            Just("__extn"),
            Just("type"),
            Just("id"),
            Just("uid"),
            Just("attrs"),
            Just("parents"),
            Just("a"),
            Just("b"),
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(|v| format!("[{}]", v.join(","))),
            prop::collection::vec((name, inner), 0..6).prop_map(|fields| {
                let fields: Vec<_> = fields.iter().map(|(n, v)| format!("{n:?}:{v}")).collect();
                format!("{{{}}}", fields.join(","))
            }),
        ]
    })
}

/// What `serde_json` reads as a value of ours, without escapes; none for what Cedar has not.
fn expected(json: &serde_json::Value) -> Option<Value> {
    Some(match json {
        serde_json::Value::Null => return None,
        serde_json::Value::Bool(value) => Value::Bool(*value),
        serde_json::Value::Number(number) if number.to_string() == "-0.0" => Value::Long(0),
        serde_json::Value::Number(number) => Value::Long(number.as_i64()?),
        serde_json::Value::String(text) => Value::from(text.as_str()),
        serde_json::Value::Array(values) => {
            Value::Set(values.iter().map(expected).collect::<Option<_>>()?)
        }
        serde_json::Value::Object(members) => {
            let mut record = Record::new();
            for (name, value) in members {
                record.insert(name.as_str(), expected(value)?);
            }
            Value::Record(record)
        }
    })
}

/// Reads `text` as `serde_json` does, but for what Cedar has not: null, other numbers, a name twice.
fn reads_as_serde(text: &str) -> Result<(), TestCaseError> {
    let theirs = serde_json::from_str::<serde_json::Value>(text);
    match (Value::from_json(text), theirs) {
        (Ok(ours), Ok(theirs)) => prop_assert_eq!(Some(ours), expected(&theirs), "{}", text),
        (Ok(_), Err(error)) => prop_assert!(false, "{text}: {error}"),
        (Err(error), theirs) => match error.fault() {
            ValueFault::Malformed => prop_assert!(theirs.is_err(), "{text}: {error}"),
            ValueFault::Null | ValueFault::Number => {
                prop_assert!(
                    theirs.ok().and_then(|theirs| expected(&theirs)).is_none(),
                    "{text}"
                );
            }
            // Theirs keeps the last, so it has nothing to compare.
            ValueFault::DuplicateName => {}
            fault => prop_assert!(false, "{text}: {fault:?}"),
        },
    }
    Ok(())
}

/// Text of the pieces that JSON is made of, so that much of it nearly is JSON.
fn nearly_json() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "\"a\":",
        "\"b\":",
        "\"c\"",
        "\\",
        "\\u",
        "\\ud83d",
        "\\ude00",
        "\\n",
        "00e9",
        "0",
        "12",
        "-",
        ".",
        "e",
        "+",
        "true",
        "false",
        "null",
        " ",
        "\n",
        "\t",
        "\u{b}",
        "\u{7f}",
        "\u{e9}",
        "\u{1f600}",
        "\u{feff}",
        "\u{a0}",
    ]);
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// The same, where more of it is JSON: a string, a number, a list or an object around it.
fn wrapped_json() -> impl Strategy<Value = String> {
    let wrapped = prop::sample::select(vec![("\"", "\""), ("[", "]"), ("{\"a\":", "}"), ("1", "")]);
    (wrapped, nearly_json()).prop_map(|((open, close), text)| format!("{open}{text}{close}"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn text_is_read_as_serde_json_does(
        text in prop_oneof![nearly_json(), wrapped_json(), "[\\[\\]{}\",:0-9a-f\\\\u.+-]{0,12}"],
    ) {
        reads_as_serde(&text)?;
    }

    #[test]
    fn any_string_is_read(text in any::<String>()) {
        let json = serde_json::json!(text).to_string();
        prop_assert_eq!(Value::from_json(&json), Ok(Value::from(text)));
    }

    #[test]
    fn any_number_is_read(number in any::<i64>(), digits in "-?[0-9]{1,22}") {
        prop_assert_eq!(Value::from_json(&number.to_string()), Ok(Value::Long(number)));
        reads_as_serde(&digits)?;
    }
}

proptest! {
    #[test]
    fn arbitrary_text_never_panics(text in ".{0,80}") {
        let _ = Value::from_json(&text);
        let _ = Entities::from_json(&text);
    }

    #[test]
    fn arbitrary_json_never_panics(text in any_json(), cut in any::<prop::sample::Index>()) {
        if let Err(error) = Value::from_json(&text) {
            prop_assert!(!error.code().is_empty());
        }
        let _ = Entities::from_json(&text);
        if let Some(part) = text.get(..cut.index(text.len() + 1)) {
            let _ = Value::from_json(part);
        }
    }
}
