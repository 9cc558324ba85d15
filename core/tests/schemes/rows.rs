//! The rows: each reads, says what it covers, and a wrong one is an error with its line.

use countersign_core::scheme::{Covered, Scheme, SchemeAlgorithm};
use countersign_core::{Code, Refusal, Subject};

const GOOD: &str = r#"
name = "mine"
title = "My own"
documentation = "https://example.com"
algorithm = "hmac-sha256"
secret = "utf8"
encoding = "hex"
signed = "{timestamp}.{method}.{target}.{body}"
timestamp = "s"
past = "60 s"

[headers]
X-Time = "{timestamp}"
X-Signature = 'v1="{signature}"'
"#;

#[test]
fn every_built_in_row_reads_and_has_its_file_s_name() {
    let names: Vec<&str> = Scheme::all().collect();
    assert!(names.is_sorted() && names.len() == 41, "{names:?}");
    for name in names {
        let scheme = Scheme::named(name).unwrap();
        assert_eq!(scheme.name(), name);
        assert!(!scheme.title().is_empty());
        assert!(scheme.documentation().starts_with("https://"), "{name}");
    }
}

#[test]
fn a_row_of_one_s_own_is_read_at_run_time() {
    let scheme = Scheme::from_toml(GOOD).unwrap();
    assert_eq!(scheme.name(), "mine");
    assert_eq!(scheme.algorithm(), SchemeAlgorithm::HmacSha256);
    assert_eq!(scheme.coverage().window_ms, Some(60_000));
}

#[test]
fn an_unknown_name_is_no_scheme() {
    let refusal = Scheme::named("mt-gox").unwrap_err();
    assert_eq!(refusal.code(), Code::SchemeUnknown);
    assert_eq!(refusal.subject(), Some(&Subject::Name("mt-gox".into())));
}

/// One change to the good row, and what is told of it.
#[rustfmt::skip]
const WRONG: &[(&str, &str, &str)] = &[
    ("name = \"mine\"\n", "", "line 13: missing member name"),
    ("algorithm = \"hmac-sha256\"\n", "", "line 13: missing member algorithm"),
    ("signed = \"{timestamp}.{method}.{target}.{body}\"\n", "", "line 13: missing member signed"),
    ("title = \"My own\"", "titel = \"My own\"", "line 3: unknown member titel"),
    ("past = \"60 s\"", "past = \"60 s\"\nfoo = \"bar\"", "line 11: unknown member foo"),
    ("[headers]", "[fields]", "line 13: unknown table fields"),
    ("name = \"mine\"", "name = \"mine\"\nname = \"yours\"", "line 3: a second name"),
    ("name = \"mine\"", "name = mine", "line 2: this is not TOML that a row may hold"),
    ("name = \"mine\"", "name = \"mine", "line 2: this is not TOML that a row may hold"),
    ("name = \"mine\"", "name = \"\\u0041\"", "line 2: this is not TOML that a row may hold"),
    ("name = \"mine\"", "name \"mine\"", "line 2: this is not TOML that a row may hold"),
    ("name = \"mine\"", "name = \"mine\" title", "line 2: this is not TOML that a row may hold"),
    ("name = \"mine\"", "name = 1.5", "line 2: this is not TOML that a row may hold"),
    ("name = \"mine\"", "name = {}", "line 2: this is not TOML that a row may hold"),
    ("name = \"mine\"", "a.name = \"mine\"", "line 2: this is not TOML that a row may hold"),
    ("name = \"mine\"", "name = [\"mine\"]", "line 2: not a text: name"),
    ("name = \"mine\"", "name = true", "line 2: not a text: name"),
    ("[headers]", "[headers", "line 12: this is not TOML that a row may hold"),
    ("algorithm = \"hmac-sha256\"", "algorithm = \"md5\"", "line 5: unknown md5"),
    ("secret = \"utf8\"", "secret = \"pem\"", "line 6: unknown pem"),
    ("secret = \"utf8\"", "secret = \"pkcs8\"", "line 14: the secret is not one for this algorithm"),
    ("encoding = \"hex\"", "encoding = \"base32\"", "line 7: unknown base32"),
    ("timestamp = \"s\"", "timestamp = \"minutes\"", "line 9: unknown minutes"),
    ("timestamp = \"s\"\n", "", "line 13: `timestamp` and its place go together"),
    ("X-Time = \"{timestamp}\"\n", "", "line 13: `timestamp` and its place go together"),
    ("past = \"60 s\"\n", "", "line 13: a timestamp needs `past` or `expires-in`"),
    ("past = \"60 s\"", "past = \"60 min\"", "line 10: not a number of `s` or `ms`: past"),
    ("past = \"60 s\"", "past = \"99999999999999999999 s\"", "line 10: not a number of `s` or `ms`: past"),
    ("past = \"60 s\"", "past = \"60 s\"\nwindow = \"w\"", "line 15: `window` names no option"),
    ("past = \"60 s\"", "past = \"60 s\"\nnonce = \"uuid\"", "line 15: `nonce` and its place go together"),
    ("past = \"60 s\"", "past = \"60 s\"\nempty-body = \"no\"", "line 11: not `true` or `false`: empty-body"),
    ("past = \"60 s\"", "past = \"60 s\"\nfunction = \"magic\"", "line 11: unknown magic"),
    (".{body}", ".{boddy}", "line 8: unknown placeholder boddy"),
    (".{body}", ".{body", "line 8: unknown placeholder {body"),
    (".{body}", ".body}", "line 8: unknown placeholder }"),
    (".{body}", ".{query:shuffled}", "line 8: unknown placeholder query:shuffled"),
    (".{body}", ".{header:}", "line 8: unknown placeholder header:"),
    (".{body}", ".{md5-hex({body})}", "line 8: unknown placeholder md5-hex"),
    (".{body}", ".{if-mood({body})}", "line 8: unknown placeholder if-mood"),
    (".{body}", ".{sha256-hex({body}}", "line 8: unknown placeholder }"),
    (".{body}", ".{nonce}", "line 14: a value that is signed has no place"),
    (".{body}", ".{keyid}", "line 14: a value that is signed has no place"),
    (".{body}", ".{signature}", "line 14: a signature can't sign itself"),
    ("v1=\"{signature}\"", "{timestamp}", "line 14: the signature must have one place"),
    ("X-Time = \"{timestamp}\"", "X-Time = \"{timestamp}\"\nX-Also = \"{signature}\"", "line 15: the signature must have one place"),
    ("[headers]", "[lists]\nX-Foo = \",\"\n[headers]", "line 13: a list of no header X-Foo"),
    ("[headers]", "[options]\nkeyid = \"\"\n[headers]", "line 13: every scheme has a value keyid"),
    ("v1=\"{signature}\"", "{keyid}{signature}", "line 14: nothing parts two placeholders of X-Signature"),
];

#[test]
fn a_wrong_row_is_an_error_with_its_line() {
    let mut failures = Vec::new();
    for (from, to, told) in WRONG {
        assert!(GOOD.contains(from), "{from}");
        let refusal = Scheme::from_toml(&GOOD.replacen(from, to, 1))
            .map(|_| ())
            .unwrap_err();
        if refusal != Refusal::about(Code::SchemeMalformed, told) {
            failures.push(format!("{to}: {refusal:?}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn values_can_not_be_made_of_each_other_without_end() {
    let row = format!("{GOOD}[optional]\na = \"{{b}}\"\nb = \"{{a}}\"\n");
    let refusal = Scheme::from_toml(&row).unwrap_err();
    assert_eq!(
        refusal.subject(),
        Some(&Subject::Name("line 16: unknown placeholder b".into()))
    );
    let deep = "{if-body(".repeat(1000);
    let refusal = Scheme::from_toml(&GOOD.replace("{body}", &deep)).unwrap_err();
    assert_eq!(refusal.code(), Code::SchemeMalformed);
}

#[test]
fn no_text_at_all_makes_the_reader_panic() {
    for end in 0..GOOD.len() {
        let _ = Scheme::from_toml(&GOOD[..end]);
        for byte in ["\0", "{", "}", "(", "\"", "\n", "é"] {
            let _ = Scheme::from_toml(&format!("{}{byte}{}", &GOOD[..end], &GOOD[end..]));
        }
    }
}

/// Method, host, path, query, body; window in milliseconds; nonce. As it is told of each scheme.
#[rustfmt::skip]
const COVERAGE: &[(&str, [Covered; 5], Option<u64>, bool)] = {
    use Covered::{No, Partly, Yes};
    &[
        ("aws-sigv4", [Yes, Yes, Yes, Yes, Partly], Some(900_000), false),
        ("aws-sigv4-query", [Yes, Yes, Yes, Yes, Partly], Some(900_000), false),
        ("binance", [No, No, No, Yes, Yes], Some(5000), false),
        ("binance-ed25519", [No, No, No, Yes, Yes], Some(5000), false),
        ("bingx", [No, No, No, Partly, No], Some(5000), false),
        ("bitfinex", [No, No, Yes, No, Yes], None, true),
        ("bitget", [Yes, No, Yes, Partly, Yes], Some(30_000), false),
        ("bitget-decoded", [Yes, No, Yes, Partly, Yes], Some(30_000), false),
        ("bitmex", [Yes, No, Yes, Yes, Yes], None, false),
        ("bitstamp", [Yes, Yes, Yes, Yes, Yes], Some(150_000), true),
        ("bybit", [No, No, No, Partly, Yes], Some(5000), false),
        ("bybit-decoded", [No, No, No, Partly, Yes], Some(5000), false),
        ("coinbase-advanced", [Yes, No, Yes, No, Yes], Some(30_000), false),
        ("coinbase-exchange", [Yes, No, Yes, Yes, Yes], Some(30_000), false),
        ("coinbase-v2", [Yes, No, Yes, Yes, Yes], Some(30_000), false),
        ("crypto-com", [No, No, No, No, Partly], Some(60_000), false),
        ("deribit", [Yes, No, Yes, Yes, Yes], Some(60_000), true),
        ("gate", [Yes, No, Yes, Partly, Yes], Some(60_000), false),
        ("gemini", [No, No, Yes, No, Yes], None, true),
        ("github", [No, No, No, No, Yes], None, false),
        ("hawk", [Yes, Yes, Yes, Yes, Partly], Some(60_000), true),
        ("hawk-sha1", [Yes, Yes, Yes, Yes, Partly], Some(60_000), true),
        ("htx", [Yes, Yes, Yes, Yes, No], Some(300_000), false),
        ("kraken", [No, No, Yes, No, Yes], None, true),
        ("kraken-json", [No, No, Yes, No, Yes], None, true),
        ("kucoin", [Yes, No, Yes, Partly, Yes], Some(5000), false),
        ("mexc", [No, No, No, Yes, Yes], Some(5000), false),
        ("mexc-contract", [No, No, No, Partly, Yes], Some(10_000), false),
        ("okx", [Yes, No, Yes, Partly, Yes], Some(30_000), false),
        ("okx-decoded", [Yes, No, Yes, Partly, Yes], Some(30_000), false),
        ("raw-body", [No, No, No, No, Yes], None, false),
        ("shopify-app-proxy", [No, No, No, Partly, No], Some(90_000), false),
        ("shopify-oauth", [No, No, No, Partly, No], Some(90_000), false),
        ("shopify-webhook", [No, No, No, No, Yes], None, false),
        ("slack", [No, No, No, No, Yes], Some(300_000), false),
        ("square", [No, Yes, Yes, Yes, Yes], None, false),
        ("standard-webhooks", [No, No, No, No, Yes], Some(300_000), true),
        ("standard-webhooks-ed25519", [No, No, No, No, Yes], Some(300_000), true),
        ("stripe", [No, No, No, No, Yes], Some(300_000), false),
        ("svix", [No, No, No, No, Yes], Some(300_000), true),
        ("twilio", [No, Yes, Yes, Yes, Partly], None, false),
    ]
};

#[test]
fn what_a_scheme_covers_is_read_off_its_row() {
    assert!(Scheme::all().eq(COVERAGE.iter().map(|(name, ..)| *name)));
    for (name, [method, host, path, query, body], window_ms, nonce) in COVERAGE {
        let told = Scheme::named(name).unwrap().coverage();
        let found = [told.method, told.host, told.path, told.query, told.body];
        assert_eq!(found, [*method, *host, *path, *query, *body], "{name}");
        assert_eq!((told.window_ms, told.nonce), (*window_ms, *nonce), "{name}");
    }
}
