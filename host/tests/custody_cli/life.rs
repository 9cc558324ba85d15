//! One whole life of a key: what is printed, how it exits, and what is never shown.

use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use countersign_custody::store::RedbStore;
use countersign_custody::{Batch, Space, Store as _};
use serde_json::Value;

use crate::desk::{DEV, Desk, LIVE, base32};
use crate::ocsf;

#[test]
fn a_key_lives_and_dies_and_the_log_proves_it() {
    let desk = Desk::founded();
    let log_key = desk.ok("audit verify --store s.redb");
    assert!(
        log_key.starts_with("the log is good: 1 record, and no checkpoint vouches"),
        "{log_key}"
    );

    let act = format!("{DEV} --as olga --reason whole-life");
    let (json, token) = desk.secret(
        &format!("keys issue {act} --keyid k7 --owner acme --tag bots --group trader"),
        "secret",
    );
    assert_eq!(json["key"]["standing"], "active");
    assert!(token.starts_with("csk_dev_k7_"));
    let (json, _) = desk.json(&format!("keys list {DEV} --as olga --owner acme"));
    assert_eq!(json["keys"][0]["keyid"], "k7");
    desk.ok(&format!("keys show {DEV} --as olga k7"));

    desk.sign(&token, "old");
    assert_eq!(desk.verify("old"), "authentic");
    desk.ok(&format!("keys suspend {act} k7"));
    assert_ne!(desk.verify("old"), "authentic");
    desk.ok(&format!("keys resume {act} k7"));
    assert_eq!(desk.verify("old"), "authentic");

    let (json, next) = desk.secret(&format!("keys rotate {act} k7 --overlap 1h"), "secret");
    let successor = json["key"]["keyid"].as_str().unwrap().to_owned();
    desk.sign(&next, "new");
    assert_eq!(desk.verify("old"), "authentic");
    assert_eq!(desk.verify("new"), "authentic");
    desk.ok(&format!("keys revoke {act} k7"));
    assert_ne!(desk.verify("old"), "authentic");
    assert_eq!(desk.verify("new"), "authentic");

    let refused = desk.refusal(&format!("keys destroy {act} k7"));
    assert_eq!(refused, ("second_factor_required".into(), Some(1)));
    let code = desk.enrol(DEV);
    desk.ok(&format!(
        "people appoint otto --role owner {act} --code {code}"
    ));
    let critical = "--act destroy-key --keyid k7";
    let (json, _) = desk.json(&format!("approval ask {act} {critical}"));
    let approval = json["approval"].as_str().unwrap();
    let same = desk.refusal(&format!("approval give {approval} {act} {critical}"));
    assert_eq!(same, ("approval_same_person".into(), Some(1)));
    desk.ok(&format!(
        "approval give {approval} {DEV} --as otto --reason yes {critical}"
    ));
    desk.ok(&format!("keys destroy {act} k7 --approval {approval}"));
    let (json, _) = desk.json(&format!("keys show {DEV} --as olga k7"));
    assert_eq!(json["key"]["standing"], "destroyed");
    assert_eq!(json["key"]["has_secret"], false);

    the_log_proves(&desk);
    nothing_shows(&desk, &[&token, &next]);
    an_edit_is_found(&desk);
    assert_eq!(successor, "k7v2");
}

/// The log of a life is good, found, exported, and proven to whoever has nothing else.
fn the_log_proves(desk: &Desk) {
    desk.ok("audit checkpoint --store s.redb --key-file root.key --anchor anchor");
    let (json, status) = desk.json("audit verify --store s.redb --anchor anchor");
    assert_eq!((&json["ok"], status), (&Value::Bool(true), Some(0)));
    assert_eq!(json["checkpoints"], 2, "the store's and the one outside");
    let (json, _) = desk.json("audit search --store s.redb --act key.* --keyid k7");
    let acts: Vec<&str> = json["records"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|record| record["outcome"] == "done")
        .map(|record| record["act"].as_str().unwrap())
        .filter(|act| *act != "key.shown")
        .collect();
    let life = [
        "key.issued",
        "key.suspended",
        "key.resumed",
        "key.rotated",
        "key.revoked",
        "key.destroyed",
    ];
    assert_eq!(acts, life);
    let issued = json["records"][0]["sequence"].as_u64().unwrap();
    for (format, start) in [
        ("jsonl", "{"),
        ("csv", "sequence"),
        ("cef", "CEF:0"),
        ("ocsf", "{"),
    ] {
        let text = desk.ok(&format!("audit export --store s.redb --format {format}"));
        assert!(text.starts_with(start), "{format}: {text}");
        if format == "ocsf" {
            ocsf::check(&text);
        }
    }
    assert!(desk.ok("audit tail -n 3 --store s.redb").lines().count() == 3);

    desk.ok(&format!(
        "audit prove {issued} --store s.redb -o proof.json"
    ));
    let founding = RedbStore::open(&desk.path("s.redb")).unwrap();
    let founding = founding.get(Space::Settings, b"founding").unwrap().unwrap();
    let founding: Value = serde_json::from_slice(&founding).unwrap();
    let key = founding["log_key"].as_str().unwrap();
    let checked = desk.ok(&format!("audit check-proof proof.json --log-key {key}"));
    assert!(checked.contains("key.issued by olga"), "{checked}");
    let proof = fs::read_to_string(desk.path("proof.json")).unwrap();
    fs::write(desk.path("forged.json"), proof.replace("olga", "otto")).unwrap();
    let forged = desk.refusal(&format!("audit check-proof forged.json --log-key {key}"));
    assert_eq!(forged, ("audit_proof_refused".into(), Some(1)));
}

/// No output, no file holds the secret of a token, however it is written.
fn nothing_shows(desk: &Desk, tokens: &[&str]) {
    let mut places = vec![("what was said".to_owned(), desk.said.borrow().clone())];
    for entry in fs::read_dir(desk.folder.path()).unwrap() {
        let path = entry.unwrap().path();
        places.push((path.display().to_string(), fs::read(&path).unwrap()));
    }
    assert!(places.len() > 3);
    for token in tokens {
        let text = token.rsplit('_').nth(1).unwrap();
        let secret = base32(text);
        assert_eq!(secret.len(), 32);
        let hex: String = secret
            .iter()
            .fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
        let forms = [
            secret.clone(),
            text.into(),
            hex.to_uppercase().into(),
            hex.into(),
            STANDARD.encode(&secret).into(),
            STANDARD_NO_PAD.encode(&secret).into(),
            URL_SAFE_NO_PAD.encode(&secret).into(),
        ];
        for (place, bytes) in &places {
            for form in &forms {
                let is_there = bytes
                    .windows(form.len())
                    .any(|window| window == form.as_slice());
                assert!(!is_there, "{place} has a secret");
            }
        }
    }
}

/// A record that was edited is named, whoever edited it.
fn an_edit_is_found(desk: &Desk) {
    let store = RedbStore::open(&desk.path("s.redb")).unwrap();
    let key = 5_u64.to_be_bytes();
    let mut record = store.get(Space::Audit, &key).unwrap().unwrap();
    let place = record
        .windows(10)
        .position(|window| window == b"whole-life");
    record[place.unwrap()] = b'W';
    let mut batch = Batch::new();
    batch.put(Space::Audit, &key, record);
    store.commit(&batch).unwrap();
    drop(store);
    let (json, status) = desk.json("audit verify --store s.redb");
    assert_eq!(status, Some(1));
    assert_eq!(json["first_bad"], 5);
    assert_eq!(json["code"], "edited");
}

#[test]
fn what_cannot_be_done_is_said_and_changes_nothing() {
    let desk = Desk::founded();
    let act = format!("{DEV} --as olga --reason bad-input");
    desk.secret(
        &format!("keys issue {act} --keyid k7 --owner acme"),
        "secret",
    );

    let typo = format!("keys revoke {act} k8");
    let (json, status) = desk.json(&typo);
    assert_eq!((&json["code"], status), (&"key_unknown".into(), Some(1)));
    assert!(
        json["message"]
            .as_str()
            .unwrap()
            .contains("did you mean k7?")
    );
    for (arguments, code, status) in [
        (
            format!("keys issue {act} --owner acme --lifetime 400d"),
            "expiry_beyond_policy",
            1,
        ),
        (
            format!("keys issue {act} --owner acme --not-after 2001-01-01"),
            "expiry_past",
            1,
        ),
        (
            format!("keys issue {act} --owner acme --keyid k7"),
            "key_exists",
            1,
        ),
        (format!("keys list {DEV} --as nobody"), "person_unknown", 1),
        (format!("keys resume {act} k7"), "key_active", 1),
        (format!("keys show {LIVE} --as olga k7"), "key_unknown", 1),
        (
            "vault init --store s.redb --key-file two.key --owner eve".into(),
            "store_founded",
            1,
        ),
        ("vault status --store none.redb".into(), "store_absent", 2),
        ("vault unlock --store s.redb".into(), "root_missing", 2),
        (
            "vault unlock --store s.redb --key-file none".into(),
            "key_file_failed",
            2,
        ),
        (
            "audit prove 1 --store s.redb".into(),
            "audit_no_checkpoint",
            2,
        ),
        (
            "audit verify --store s.redb --anchor none".into(),
            "file_unreadable",
            2,
        ),
    ] {
        assert_eq!(
            desk.refusal(&arguments),
            (code.into(), Some(status)),
            "{arguments}"
        );
    }
    assert!(!desk.path("none.redb").exists());
    assert!(!desk.path("two.key").exists());
    assert_eq!(
        desk.run(&format!("keys revoke {DEV} --as olga k7"), "")
            .status
            .code(),
        Some(2)
    );

    let store = RedbStore::open(&desk.path("s.redb")).unwrap();
    let busy = desk.refusal("vault status --store s.redb");
    assert_eq!(busy, ("store_in_use".into(), Some(2)));
    drop(store);
    let (json, _) = desk.json(&format!("keys list {DEV} --as olga"));
    assert_eq!(json["keys"].as_array().unwrap().len(), 1);
    assert_eq!(json["keys"][0]["standing"], "active");
    let (json, _) = desk.json("audit verify --store s.redb");
    assert_eq!(json["ok"], true);
}

#[test]
fn the_root_is_a_passphrase_then_custodians() {
    let desk = Desk::empty();
    fs::write(desk.path("phrase"), "nine lives of a patient heron\n").unwrap();
    fs::write(desk.path("wrong"), "nine lives of a patient crane\n").unwrap();
    desk.ok("vault init --store s.redb --passphrase-file phrase --owner olga --env live");
    assert!(
        desk.ok("vault status --store s.redb")
            .contains("passphrase (Argon2id, 256 MiB")
    );
    let wrong = desk.refusal("vault unlock --store s.redb --passphrase-file wrong");
    assert_eq!(wrong, ("vault_locked".into(), Some(1)));
    let phrase = desk.run(
        "vault unlock --store s.redb --passphrase-file -",
        "nine lives of a patient heron",
    );
    assert_eq!(phrase.status.code(), Some(0), "{phrase:?}");

    let live = "--store s.redb --passphrase-file phrase --env live";
    let code = desk.enrol(live);
    let rewrap = format!("vault rewrap {live} --as olga --reason move --to-custodians 2/3 --json");
    let output = desk.shown(&format!("{rewrap} --code {code}"), "");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    for number in 1..=3 {
        let share = json[format!("share_{number}")].as_str().unwrap();
        fs::write(desk.path(&format!("share{number}")), share).unwrap();
    }
    let old = desk.refusal("vault unlock --store s.redb --passphrase-file phrase");
    assert_eq!(old, ("root_kind_absent".into(), Some(1)));
    desk.ok("vault unlock --store s.redb --share-file share1 --share-file share3");
    let one = desk.refusal("vault unlock --store s.redb --share-file share2");
    assert_eq!(one.0, "shares_too_few");
}

#[test]
fn a_leak_is_looked_at_before_it_is_answered() {
    let desk = Desk::founded();
    let act = format!("{DEV} --as olga --reason leak");
    for keyid in ["a1", "a2", "b1"] {
        let owner = if keyid == "b1" { "blue" } else { "acme" };
        desk.secret(
            &format!("keys issue {act} --keyid {keyid} --owner {owner}"),
            "secret",
        );
    }
    let revoke = format!("incident revoke {act} --all-issued-before 2100-01-01 --owner acme");
    let (json, _) = desk.json(&revoke);
    assert_eq!(json["dry_run"], true);
    let keys = json["keys"].as_array().unwrap();
    assert_eq!(keys.len(), 2);
    let (json, _) = desk.json(&format!("keys list {DEV} --as olga --standing revoked"));
    assert_eq!(json["keys"].as_array().unwrap().len(), 0);
    let (json, _) = desk.json(&format!("{revoke} --do-it"));
    assert_eq!(json["revoked"], serde_json::json!(["a1", "a2"]));
    let (json, _) = desk.json(&format!("keys list {DEV} --as olga --standing active"));
    assert_eq!(json["keys"][0]["keyid"], "b1");
    assert_eq!(
        desk.run(&format!("incident revoke {act}"), "")
            .status
            .code(),
        Some(2)
    );
}

#[test]
fn a_secret_is_shown_sealed_for_its_recipient() {
    let desk = Desk::founded();
    let identity = age::x25519::Identity::generate();
    let act = format!("{DEV} --as olga --reason sealed");
    let recipient = identity.to_public();
    let issue = format!("keys issue {act} --keyid k7 --owner acme --age {recipient}");
    let (json, status) = desk.json(&issue);
    assert_eq!((status, json.get("secret")), (Some(0), None));
    let sealed = json["sealed"].as_str().unwrap();
    let token = age::decrypt(&identity, sealed.as_bytes()).unwrap();
    let token = String::from_utf8(token).unwrap();
    desk.sign(&token, "order");
    assert_eq!(desk.verify("order"), "authentic");
    nothing_shows(&desk, &[&token]);
    // Nothing is made for a recipient that can't be.
    let bad = desk.run(&format!("{}q", issue.replace("k7", "k8")), "");
    assert_eq!(bad.status.code(), Some(2));
    let (json, _) = desk.json(&format!("keys list {DEV} --as olga"));
    assert_eq!(json["keys"].as_array().unwrap().len(), 1);
}

#[test]
fn a_link_gives_its_secret_once() {
    let desk = Desk::founded();
    let act = format!("{DEV} --as olga --reason link");
    let (_, link) = desk.secret(
        &format!("keys issue {act} --keyid k7 --owner acme --link 1h"),
        "link",
    );
    fs::write(desk.path("link"), link).unwrap();
    let take = format!("keys take link {DEV} --as olga");
    let (_, token) = desk.secret(&take, "secret");
    assert!(token.starts_with("csk_dev_k7_"));
    assert_eq!(desk.refusal(&take), ("link_gone".into(), Some(1)));
}

#[test]
fn a_backup_restores_what_was_there() {
    let desk = Desk::founded();
    let act = format!("{DEV} --as olga --reason backup");
    desk.secret(
        &format!("keys issue {act} --keyid k7 --owner acme"),
        "secret",
    );
    let (backup, _) = desk.json("store backup b.dump --store s.redb");
    let (restored, _) = desk.json("store restore b.dump --store t.redb");
    assert_eq!(backup, restored);
    let again = desk.refusal("store restore b.dump --store t.redb");
    assert_eq!(again, ("store_not_empty".into(), Some(2)));
    let (json, _) = desk.json(&format!(
        "keys list {} --as olga",
        DEV.replace("s.redb", "t.redb")
    ));
    assert_eq!(json["keys"][0]["keyid"], "k7");

    let mut dump = fs::read(desk.path("b.dump")).unwrap();
    let middle = dump.len() / 2;
    dump[middle] ^= 1;
    fs::write(desk.path("bad.dump"), dump).unwrap();
    let damaged = desk.refusal("store import bad.dump --store u.redb");
    assert_eq!(damaged, ("dump_damaged".into(), Some(2)));
}

#[test]
fn shells_complete_and_manuals_tell() {
    let desk = Desk::empty();
    let script = desk.ok("completions bash");
    for verb in [
        "rewrap",
        "--all-issued-before",
        "rotate-own",
        "sweep",
        "advise",
        "replay",
        "delta",
        "webhooks",
    ] {
        assert!(script.contains(verb), "{verb}");
    }
    assert!(desk.ok("man").contains(".TH countersign"));
    fs::create_dir(desk.path("man")).unwrap();
    desk.ok("man --output man");
    for page in [
        "keys-issue",
        "keys-sweep",
        "access-review",
        "audit-replay",
        "snapshot-readers-add",
    ] {
        assert!(
            desk.path(&format!("man/countersign-{page}.1")).exists(),
            "{page}"
        );
    }
}
