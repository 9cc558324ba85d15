//! Structured fields (RFC 9651): examples, and the bounds. The working group's own tests are run by
//! `tests/src/signing`.

use std::time::{Duration, Instant};

use countersign_core::Code;
use countersign_core::structured::{Decimal, Dictionary, FieldType, FieldTypes, Item, List};
use proptest::prelude::*;

/// A field of any type.
#[derive(Debug, PartialEq)]
enum Field<'a> {
    Item(Item<'a>),
    List(List<'a>),
    Dictionary(Dictionary<'a>),
}

impl<'a> Field<'a> {
    fn parse(field_type: &str, text: &'a str) -> Result<Self, Code> {
        let read = match FieldType::parse(field_type).unwrap() {
            FieldType::Item => Item::parse(text).map(Field::Item),
            FieldType::List => List::parse(text).map(Field::List),
            FieldType::Dictionary => Dictionary::parse(text).map(Field::Dictionary),
        };
        read.map_err(|refusal| refusal.code())
    }

    fn serialise(&self) -> Result<String, Code> {
        let written = match self {
            Field::Item(item) => item.serialise(),
            Field::List(list) => list.serialise(),
            Field::Dictionary(dictionary) => dictionary.serialise(),
        };
        written.map_err(|refusal| refusal.code())
    }
}

#[test]
fn examples_of_each_type() {
    for (field_type, sent, canonical) in [
        (FieldType::Item, " 12;a;b=?0 ", "12;a;b=?0"),
        (FieldType::Item, "-0.50", "-0.5"),
        (FieldType::Item, "@-62135596800", "@-62135596800"),
        (FieldType::Item, r#"%"%e2%82%ac 5""#, r#"%"%e2%82%ac 5""#),
        (
            FieldType::List,
            "a ,\tb , (c  d );q=1.0",
            "a, b, (c d);q=1.0",
        ),
        (FieldType::List, "", ""),
        (FieldType::Dictionary, "a=1, b, a=:AQID:", "a=:AQID:, b"),
    ] {
        assert_eq!(
            field_type.canonical(sent).as_deref(),
            Ok(canonical),
            "{sent}"
        );
    }
}

#[test]
fn what_is_not_a_structured_field_is_refused_at_its_place() {
    for (text, at) in [
        ("", 0),
        ("a;B", 2),
        ("1.2345", 6),
        ("\"a", 2),
        ("é", 0),
        ("1\t", 1),
    ] {
        let refusal = Item::parse(text).unwrap_err();
        assert_eq!(refusal.code(), Code::StructuredFieldMalformed, "{text}");
        let place = format!("byte {at} of");
        assert!(refusal.message().contains(&place), "{text}: {refusal}");
    }
}

#[test]
fn a_parameter_that_a_later_one_replaces_must_be_a_value_as_well() {
    for text in [
        "a;b=1;b=2",
        "a;b=1234567890123456;b=2",
        "a;b=:AQI:;b=2",
        "(a;b=:=:;b);c",
    ] {
        let is_good = text == "a;b=1;b=2";
        assert_eq!(List::parse(text).is_ok(), is_good, "{text}");
        let at_once = FieldType::List.canonical(text);
        assert_eq!(at_once.is_ok(), is_good, "{text}");
    }
}

#[test]
fn decimals_are_rounded_to_the_even_thousandth() {
    for (text, thousandths) in [
        ("0.0005", Some(0)),
        ("0.0015", Some(2)),
        ("0.00251", Some(3)),
        ("-9.9995", Some(-10_000)),
        ("7", Some(7000)),
        ("999999999999.9994", Some(999_999_999_999_999)),
        ("999999999999.9995", None),
        ("99999999999999999999999", None),
        ("1.", None),
        (".5", None),
        ("--1", None),
        ("", None),
    ] {
        assert_eq!(
            Decimal::rounded(text).map(Decimal::thousandths),
            thousandths,
            "{text}"
        );
    }
}

#[test]
fn a_type_that_the_application_gives_goes_before_a_registered_one() {
    let types = FieldTypes::new().with("priority", FieldType::List);
    assert_eq!(types.of("priority"), Some(FieldType::List));
    assert_eq!(types.of("cache-status"), Some(FieldType::List));
    assert_eq!(types.of("client-cert"), Some(FieldType::Item));
    assert_eq!(types.of("content-type"), None);
    assert_eq!(types.of(""), None);
}

/// A dictionary of so many keys.
fn numbered(count: usize) -> String {
    let members: Vec<String> = (0..count).map(|n| format!("k{n}")).collect();
    members.join(",")
}

#[test]
fn a_thousand_and_twenty_four_members_are_read_and_no_more() {
    let repeat = |member: &str, separator: &str, count: usize| vec![member; count].join(separator);
    assert!(List::parse(&repeat("a", ",", 1024)).is_ok());
    assert!(List::parse(&repeat("a", ",", 1025)).is_err());
    assert!(List::parse(&format!("({})", repeat("a", " ", 1024))).is_ok());
    assert!(List::parse(&format!("({})", repeat("a", " ", 1025))).is_err());
    assert!(Dictionary::parse(&numbered(1024)).is_ok());
    assert!(Dictionary::parse(&numbered(1025)).is_err());
    let parameters = |count| numbered(count).replace(',', ";");
    assert!(Item::parse(&format!("a;{}", parameters(1024))).is_ok());
    assert!(Item::parse(&format!("a;{}", parameters(1025))).is_err());
}

#[test]
fn a_field_of_a_megabyte_is_read_or_refused_in_little_time() {
    const MEGABYTE: usize = 1 << 20;
    let hostile = [
        format!("\"{}\"", "a".repeat(MEGABYTE)),
        "a,".repeat(MEGABYTE / 2),
        "(".repeat(MEGABYTE),
        "()".repeat(MEGABYTE / 2),
        "((a);".repeat(MEGABYTE / 5),
        format!("a{}", ";a".repeat(MEGABYTE / 2)),
        format!("a={}", "a;b,a;".repeat(MEGABYTE / 6)),
        format!("%\"{}", "%c3%bc".repeat(MEGABYTE / 6)),
        format!(":{}:", "A".repeat(MEGABYTE)),
        "9".repeat(MEGABYTE),
        " ".repeat(MEGABYTE),
        numbered(MEGABYTE / 8),
    ];
    let start = Instant::now();
    for text in &hostile {
        for field_type in [FieldType::Item, FieldType::List, FieldType::Dictionary] {
            let _ = field_type.canonical(text);
        }
    }
    let taken = start.elapsed();
    assert!(taken < Duration::from_secs(20), "{taken:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn what_is_written_is_read_as_it_was(text in "[a-c0-9=;,() :?@%\"*.-]{0,40}") {
        for field_type in ["item", "list", "dictionary"] {
            let at_once = FieldType::parse(field_type).unwrap().canonical(&text);
            match Field::parse(field_type, &text) {
                Ok(field) => {
                    let written = field.serialise().unwrap();
                    prop_assert_eq!(at_once.as_ref(), Ok(&written));
                    prop_assert_eq!(Field::parse(field_type, &written), Ok(field));
                }
                Err(_) => prop_assert!(at_once.is_err()),
            }
        }
    }
}
