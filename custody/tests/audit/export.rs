//! What other programs get: files that were read by eye, and the rules of each form.
//!
//! `COUNTERSIGN_BLESS=1` writes the files anew.

use countersign_core::policy::EntityUid;
use countersign_core::{Effect, Environment, KeyId};
use countersign_custody::audit::{
    self, Decided, Draft, Filter, Format, Hash, Kept, Public, Question, export,
};
use countersign_custody::store::RedbStore;

use crate::log::{Map, NOW, draft, log_of};
use crate::ocsf;

/// Records with everything that a form could stumble over.
fn store() -> Map {
    let store = Map::default();
    let key = |draft: Draft| draft.key(KeyId::new("k7").unwrap(), Environment::Live);
    let decided = Decided {
        answer: Kept::Whole(b"allow".to_vec()),
        bundle: Hash::of(b"bundle"),
        effect: Effect::Allow,
        module: Hash::of(b"module"),
        policies: vec!["desk-may-trade".into(), "a|b=c\\d".into()],
        query: Kept::hash_of(b"query"),
    };
    let drafts = [
        key(Draft::new(NOW, "alice", "key.issued"))
            .reason("new desk")
            .detail("days", 90_u64),
        key(Draft::new(NOW + 1_234, "=cmd()", "key.used"))
            .decided(decided)
            .detail("action", "place-order"),
        key(Draft::new(
            NOW + 2_000,
            "Zoë, \"the\" boss",
            "key.suspended",
        ))
        .reason("-1+1\nsecond line\\n | x=y")
        .refused("second_factor_required")
        .detail("note", Public::new("a,b|c=d\\e\n\"f\"").unwrap()),
        Draft::new(NOW + 1_500, "@timer", "setting.changed").reason("\u{ff1d}1+1"),
        Draft::new(NOW + 3_000, "olga", "person.appointed")
            .reason("on call")
            .detail("person", Public::new("otto").unwrap())
            .detail("roles", Public::new("operator").unwrap()),
    ];
    audit::record(&store, &drafts).unwrap();
    store
}

fn exported(store: &Map, format: Format) -> String {
    let mut out = Vec::new();
    let written = export(store, &Filter::default(), format, &mut out).unwrap();
    assert_eq!(
        written,
        audit::head(store).unwrap().map_or(0, |head| head.sequence)
    );
    let version = format!("\"version\":\"{}\"", env!("CARGO_PKG_VERSION"));
    let header = format!("|{}|", env!("CARGO_PKG_VERSION"));
    let text = String::from_utf8(out).unwrap();
    text.replace(&version, "\"version\":\"VERSION\"")
        .replace(&header, "|VERSION|")
}

#[test]
fn the_files_are_those_that_were_reviewed() {
    for format in Format::ALL {
        let name = format!("tests/audit/export.{}", format.as_str());
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
        let text = exported(&store(), format);
        if std::env::var_os("COUNTERSIGN_BLESS").is_some() {
            std::fs::write(&path, &text).unwrap();
        }
        let expected = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text, expected, "{}", format.as_str());
        assert_eq!(Format::parse(format.as_str()), Some(format));
    }
}

#[test]
fn the_chain_can_be_checked_from_json_lines_alone() {
    let store = store();
    let mut previous = Hash::NONE;
    for line in exported(&store, Format::JsonLines).lines() {
        let (hash, rest) = line.strip_prefix("{\"hash\":\"").unwrap().split_at(64);
        let rest = rest.strip_prefix("\",\"previous\":\"").unwrap();
        let (before, rest) = rest.split_at(64);
        let record = rest
            .strip_prefix("\",\"record\":")
            .unwrap()
            .strip_suffix('}')
            .unwrap();
        assert_eq!(before.parse(), Ok(previous));
        previous = Hash::of_record(previous, record.as_bytes());
        assert_eq!(hash.parse(), Ok(previous));
    }
    assert_eq!(previous, audit::head(&store).unwrap().unwrap().hash);
}

/// Cells by the grammar of RFC 4180.
fn cells(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell) = (Vec::new(), Vec::new(), String::new());
    let (mut chars, mut is_quoted) = (text.chars().peekable(), false);
    while let Some(c) = chars.next() {
        match c {
            '"' if is_quoted && chars.next_if_eq(&'"').is_some() => cell.push('"'),
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => row.push(std::mem::take(&mut cell)),
            '\r' if !is_quoted => {
                assert_eq!(chars.next(), Some('\n'));
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            c => cell.push(c),
        }
    }
    assert!(!is_quoted && row.is_empty());
    rows
}

#[test]
fn every_row_of_csv_has_a_cell_for_each_column_and_no_cell_is_a_formula() {
    let rows = cells(&exported(&store(), Format::Csv));
    assert_eq!(rows.len(), 6);
    for row in &rows {
        assert_eq!(row.len(), rows[0].len());
        for cell in row {
            assert!(
                !cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\u{ff1d}']),
                "{cell}"
            );
        }
    }
    assert_eq!(rows[3][2], "Zoë, \"the\" boss");
    assert_eq!(rows[3][7], "'-1+1\nsecond line\\n | x=y");
    assert_eq!(rows[2][2], "'=cmd()");
    assert_eq!(rows[1][1], "2027-01-15T08:00:00.000Z");
    assert_eq!(rows[4][13], "2027-01-15T08:00:01.500Z");
}

#[test]
fn a_line_of_cef_has_seven_bars_that_are_not_escaped_and_no_line_break() {
    for line in exported(&store(), Format::Cef).lines() {
        let unescaped = line
            .replace("\\\\", "")
            .replace("\\|", "")
            .replace("\\=", "");
        let header: Vec<&str> = unescaped.splitn(8, '|').collect();
        assert_eq!(header.len(), 8);
        assert_eq!(header[0], "CEF:0");
        for field in header[7].split(" cs").skip(1) {
            assert_eq!(field.matches('=').count(), 1, "{field}");
        }
    }
}

#[test]
fn an_event_of_ocsf_is_one_of_the_published_schema() {
    ocsf::check(&exported(&store(), Format::Ocsf));
}

#[test]
fn an_export_takes_what_the_filter_takes_and_every_page_of_it() {
    let store = log_of(1100);
    let filter = Filter {
        act: Some("key.used".into()),
        ..Filter::default()
    };
    let mut out = Vec::new();
    assert_eq!(export(&store, &filter, Format::Cef, &mut out).unwrap(), 367);
    assert_eq!(String::from_utf8(out).unwrap().lines().count(), 367);
}

#[test]
fn a_file_that_takes_no_more_is_told() {
    let store = RedbStore::in_memory().unwrap();
    audit::record(&store, &[draft(1)]).unwrap();
    let mut full = [0_u8; 10];
    let error = export(
        &store,
        &Filter::default(),
        Format::Csv,
        &mut full.as_mut_slice(),
    );
    assert_eq!(error.unwrap_err().code(), "audit_file_failed");
}

#[test]
fn an_event_of_ocsf_names_what_was_done_and_to_whom() {
    let store = Map::default();
    let principal = EntityUid::new("ApiKey", "k7");
    let resource = EntityUid::new("Order", "o1");
    let action = EntityUid::new("Action", "read-order");
    let question = Question::new(
        &principal,
        &[],
        serde_json::Map::new(),
        &action,
        &resource,
        serde_json::Map::new(),
    );
    let decided = Decided {
        answer: Kept::Whole(b"allow".to_vec()),
        bundle: Hash::of(b"bundle"),
        effect: Effect::Allow,
        module: Hash::of(b"module"),
        policies: vec!["p".into()],
        query: Kept::Whole(question.to_bytes()),
    };
    let drafts = [
        Draft::new(NOW, "k7", "key.used")
            .key(KeyId::new("k7").unwrap(), Environment::Dev)
            .decided(decided),
        Draft::new(NOW, "olga", "person.enrolled").reason("new phone"),
        Draft::new(NOW, "olga", "person.appointed").refused("second_factor_required"),
    ];
    audit::record(&store, &drafts).unwrap();
    let lines = exported(&store, Format::Ocsf);
    ocsf::check(&lines);
    let events: Vec<serde_json::Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(events[0]["api"]["operation"], "read-order");
    assert_eq!(events[0]["actor"]["user"]["credential_uid"], "k7");
    assert_eq!(events[1]["entity"]["user"]["name"], "olga");
    assert_eq!(events[2]["entity"]["uid"], "person");
    assert_eq!(events[2]["entity"]["user"], serde_json::Value::Null);
}
