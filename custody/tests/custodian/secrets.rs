//! A full life leaves no secret behind: not in what a process says, panics with or crashes with, not in its files, not
//! in the pages, the write-ahead log and the log of a database.
#![cfg(target_os = "linux")]

use std::env;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use base16ct::HexDisplay;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use countersign_core::{Environment, Token, UnixSeconds};
use countersign_custody::audit::{self, Format, Public, Spool};
use countersign_custody::authority::{Factor, Permission, Plan, Principal};
use countersign_custody::custodian::{Follower, Issued, NewKey};
use countersign_custody::generate::KeyKind;
use countersign_custody::store::{PostgresStore, RedbStore};
use countersign_custody::{Custodian, Order, Store, harden_process};

use crate::cluster::Cluster;
use crate::followers::{custodian_of, found};
use crate::world::{NOW, code, key, later, owner};

const STORE: &str = "COUNTERSIGN_SECRETS_STORE";
const FOLDER: &str = "COUNTERSIGN_SECRETS_FOLDER";
/// The one-time display: what is shown there may be read.
const DISPLAY: &str = "COUNTERSIGN_SECRETS_DISPLAY";
const END: &str = "COUNTERSIGN_SECRETS_END";

fn told(name: &str) -> PathBuf {
    env::var_os(name).expect("it is told").into()
}

fn open(name: &Path) -> Arc<dyn Store> {
    match name.to_str() {
        Some(address) if address.starts_with("host=") => {
            Arc::new(PostgresStore::open(address, None).expect("a store"))
        }
        _ => Arc::new(RedbStore::open(name).expect("a store")),
    }
}

#[test]
#[ignore = "the child of the tests below"]
fn a_life() {
    if env::var_os(STORE).is_none() {
        return;
    }
    let _ = harden_process();
    let mut display = OpenOptions::new()
        .append(true)
        .create(true)
        .open(told(DISPLAY))
        .expect("a display");
    let mut show =
        |text: &str| writeln!(display, "{}", text.replace('\n', "|")).expect("it is shown");
    let (store, folder) = (open(&told(STORE)), told(FOLDER));
    let root = folder.join("root.key");
    found(&*store, &root);
    let (custodian, olga) = custodian_of(store.clone(), &root);
    let custodian = custodian
        .with_spool(Spool::at(&folder.join("spool")))
        .expect("a spool");
    let order = |now: UnixSeconds| Order::new(&olga, "a life", now);

    // Whatever a program says of what it holds.
    let mut tokens = Vec::new();
    for (name, kind) in [
        ("token", KeyKind::Hmac(32)),
        ("long", KeyKind::Hmac(64)),
        ("ed", KeyKind::Ed25519),
        ("p256", KeyKind::EcdsaP256),
    ] {
        let new = NewKey { kind, ..key(name) };
        let issued = custodian.issue(&order(NOW), &new).expect("a key");
        println!("{issued:?}");
        tokens.push(reveal(issued, &mut show));
        let rotated = custodian.rotate(&order(later(1)), name, None, None);
        let rotated = rotated.expect("a rotation");
        println!("{rotated:?}");
        tokens.push(reveal(rotated, &mut show));
    }
    let token = Token::parse(&tokens[0]).expect("a token");
    let signing = token.signing_key().expect("a key");
    let follower = Follower::start(custodian.clone(), later(1)).expect("a follower");
    println!(
        "{token:?} {signing:?} {custodian:?} {follower:?} {:?}",
        follower.ring()
    );

    // What is refused says why, and no more.
    let typo = tokens[0].replace("csk_dev", "csk_test");
    println!("{:?}", Token::parse(&typo).map(drop));
    // Base64 that is typed into a reason is known where it is the key's own: tokens and private keys are anywhere.
    for (name, text) in [("long", &tokens[2]), ("longv2", &tokens[3])] {
        let told = custodian.suspend(&Order::new(&olga, text, later(2)), name);
        println!("{told:?}");
        assert_eq!(code(told), "audit_secret_refused");
    }
    let known = tokens.iter().filter(|text| !text.ends_with('='));
    for text in known {
        let telling = Order::new(&olga, text, later(2));
        let told = custodian.suspend(&telling, "token");
        println!("{told:?}");
        assert_eq!(code(told), "audit_secret_refused");
        let asked = custodian.show(&order(later(2)), text);
        println!("{asked:?}");
        assert!(asked.is_err());
        println!("{:?}", Public::new(text));
    }

    let plan = Plan::on(Permission::ExportKey, "token").with("recipient", "partner");
    let approval = approved(&custodian, &order(later(3)), &plan);
    let with = order(later(3)).with(Factor::Approval(&approval));
    let exported = custodian.export(&with, "token", "partner");
    let exported = exported.expect("an export");
    println!("{exported:?}");
    let link = custodian.make_link(exported, "olga", 600, later(3));
    let link = link.expect("a link");
    println!("{link:?}");
    let link = link.reveal();
    show(&link);
    let read = custodian.read_link(&link, later(4)).expect("it is read");
    println!("{read:?}");
    println!("{:?}", custodian.read_link(&link, later(4)).map(drop));
    let enrolled = custodian.enrol_totp(&order(later(4)), "countersign");
    show(&enrolled.expect("an enrolment").reveal());

    stop(&custodian, &olga);
    for format in [Format::JsonLines, Format::Csv, Format::Cef, Format::Ocsf] {
        let mut out = Vec::new();
        audit::export(&*store, &audit::Filter::default(), format, &mut out).expect("an export");
        println!("{}", String::from_utf8_lossy(&out));
    }

    let held = custodian.keyring(later(9)).expect("a ring");
    let message = format!("{held:?} {signing:?} {token:?}");
    let panicked = std::thread::spawn(move || panic!("{message}")).join();
    assert!(panicked.is_err());
    println!("it ends");
    if told(END) == Path::new("abort") {
        std::process::abort();
    }
    let own = rustix::process::getpid();
    rustix::process::kill_process(own, rustix::process::Signal::SEGV).expect("a crash");
}

/// A second person approves it: the approval's id.
fn approved(custodian: &Custodian, order: &Order<'_>, plan: &Plan) -> String {
    let oskar = Principal {
        name: "oskar".into(),
        ..owner(Environment::Dev)
    };
    let id = custodian.ask_approval(order, plan, false, 60);
    let id = id.expect("an approval");
    let second = Order::new(&oskar, "agreed", order.now);
    custodian.approve(&second, &id, plan).expect("it is given");
    id
}

/// Takes keys out of use, for a while, for ever, and with all that they had.
fn stop(custodian: &Custodian, olga: &Principal) {
    let order = |now: UnixSeconds| Order::new(olga, "a life", now);
    for act in ["suspend", "resume", "revoke", "destroy"] {
        for name in ["token", "longv2", "ed", "p256"] {
            let plan = Plan::on(Permission::DestroyKey, name);
            let done = match act {
                "suspend" => custodian.suspend(&order(later(5)), name).map(drop),
                "resume" => custodian.resume(&order(later(6)), name).map(drop),
                "revoke" => custodian.revoke(&order(later(7)), name).map(drop),
                _ => {
                    let id = approved(custodian, &order(later(8)), &plan);
                    let with = order(later(8)).with(Factor::Approval(&id));
                    custodian.destroy(&with, name).map(drop)
                }
            };
            done.expect("it is done");
        }
    }
}

/// Shows it once.
fn reveal(issued: Issued, show: &mut impl FnMut(&str)) -> String {
    let text = issued.shown.expect("a secret").reveal().to_string();
    show(&text);
    text
}

/// Runs the life on a store; what it said, and what it was shown.
fn live(store: &Path, folder: &Path, end: &str) -> (Vec<u8>, Vec<Needle>) {
    let display = tempfile::tempdir().expect("a folder");
    let display = display.path().join("display");
    let output = Command::new("sh")
        .args(["-c", "ulimit -c unlimited; exec \"$0\" \"$@\""])
        .arg(env::current_exe().expect("this program"))
        .args(["--exact", "secrets::a_life", "--ignored", "--nocapture"])
        .envs([(STORE, store), (FOLDER, folder), (DISPLAY, &display)])
        .env(END, end)
        .env("RUST_BACKTRACE", "full")
        // Where a core dump would be, too.
        .current_dir(folder)
        .output()
        .expect("a life");
    let said = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&said).into_owned();
    assert!(text.contains("it ends"), "{text}");
    let shown = fs::read_to_string(&display).expect("the display");
    let needles: Vec<Needle> = shown.lines().flat_map(needles_of).collect();
    assert_eq!(shown.lines().count(), 10);
    // The control: what was displayed is found there, by its bytes too.
    assert!(found_in(shown.as_bytes(), &needles).is_some());
    (said, needles)
}

/// A form of a secret, and what it is.
struct Needle {
    what: String,
    bytes: Vec<u8>,
}

/// The forms of what was displayed: as it was, and its secret bytes raw, in hex and in base64 at each alignment.
fn needles_of(shown: &str) -> Vec<Needle> {
    let secret = secret_of(shown);
    let name: String = shown.chars().take(12).collect();
    let mut needles = Vec::new();
    let mut add = |form: &str, bytes: Vec<u8>| {
        let what = format!("{name}.. {form}");
        needles.push(Needle { what, bytes });
    };
    // Base32, base64 or a PEM's middle, in any case.
    let longest = shown
        .split(['_', '|', '/', '.', '=', '&'])
        .max_by_key(|part| part.len());
    let text = longest.unwrap_or_default();
    add("as shown", text.into());
    add("in small letters", text.to_lowercase().into());
    add("in capitals", text.to_uppercase().into());
    add("in hex", format!("{:X}", HexDisplay(&secret)).into());
    add("in small hex", format!("{:x}", HexDisplay(&secret)).into());
    for (form, alphabet) in [("base64", STANDARD), ("base64url", URL_SAFE)] {
        for before in 0..3 {
            let moved = [vec![0; before], secret.clone()].concat();
            let text = alphabet.encode(&moved);
            // Only the characters that are of the secret alone.
            let (from, to) = ((before * 8).div_ceil(6), moved.len() * 8 / 6);
            add(
                &format!("in {form}, {before} bytes on"),
                text.as_bytes()[from..to].to_vec(),
            );
        }
    }
    add("raw", secret);
    needles
}

/// The bytes of a token, of base64, of a private key in PEM, of a link, or of what an authenticator gets.
fn secret_of(shown: &str) -> Vec<u8> {
    if let Some(("csk", _)) = shown.split_once('_') {
        let text = shown.split('_').nth(3).expect("a secret");
        return base32(text);
    }
    if let Some((_, pem)) = shown.split_once("PRIVATE KEY-----|") {
        let body: String = pem.split("-----").next().expect("a body").replace('|', "");
        let der = STANDARD.decode(body).expect("base64");
        let at = der
            .windows(2)
            .position(|two| two == [4, 32])
            .expect("a key");
        return der[at + 2..at + 34].to_vec();
    }
    if let Some((_, rest)) = shown.split_once("secret=") {
        return base32(&rest.split('&').next().expect("a secret").to_lowercase());
    }
    if let Some((_, key)) = shown.split_once('.') {
        return URL_SAFE_NO_PAD.decode(key).expect("base64");
    }
    STANDARD.decode(shown).expect("base64")
}

/// RFC 4648 section 6, in small letters and without padding.
fn base32(text: &str) -> Vec<u8> {
    use base32ct::{Base32Unpadded, Encoding as _};
    Base32Unpadded::decode_vec(text).expect("base32")
}

/// The first needle that is in there.
fn found_in<'n>(hay: &[u8], needles: &'n [Needle]) -> Option<&'n str> {
    let mut begins = vec![false; 1 << 16];
    let pair = |two: &[u8]| usize::from(two[0]) << 8 | usize::from(two[1]);
    for needle in needles {
        begins[pair(&needle.bytes)] = true;
    }
    let places = hay
        .windows(2)
        .enumerate()
        .filter(|(_, two)| begins[pair(two)]);
    for (at, _) in places {
        let mut those = needles.iter();
        if let Some(needle) = those.find(|needle| hay[at..].starts_with(&needle.bytes)) {
            return Some(&needle.what);
        }
    }
    None
}

/// Every file under a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let entry = entry.expect("an entry");
        let kind = entry.file_type().expect("its kind");
        if kind.is_dir() {
            files.extend(self::files(&entry.path()));
        } else if kind.is_file() {
            files.push(entry.path());
        }
    }
    files
}

fn nothing_in(folder: &Path, needles: &[Needle]) -> usize {
    let files = files(folder);
    for file in &files {
        let bytes = fs::read(file).expect("a file");
        let found = found_in(&bytes, needles);
        assert_eq!(found, None, "{}", file.display());
    }
    files.len()
}

#[test]
fn each_form_of_a_secret_is_found() {
    let secret: Vec<u8> = (100..132).collect();
    let needles = needles_of(&STANDARD.encode(&secret));
    let hex = format!("{:X}", HexDisplay(&secret));
    let mut hays = vec![
        secret.clone(),
        hex.clone().into(),
        hex.to_lowercase().into(),
    ];
    for before in 0..6 {
        let moved = [vec![7; before], secret.clone(), vec![9; 5]].concat();
        hays.push(STANDARD.encode(&moved).into());
        hays.push(URL_SAFE.encode(&moved).into());
    }
    for hay in hays {
        let hay = [b"before ".to_vec(), hay, b" after".to_vec()].concat();
        assert!(found_in(&hay, &needles).is_some());
        assert_eq!(found_in(&hay[..24], &needles), None);
    }
}

#[test]
fn a_life_in_a_file_leaves_no_secret_behind() {
    let folder = tempfile::tempdir().expect("a folder");
    let (said, needles) = live(&folder.path().join("store"), folder.path(), "abort");
    assert_eq!(found_in(&said, &needles), None, "what was said");
    let files = nothing_in(folder.path(), &needles);
    // The store and the key file: no spool was needed, and no core dump was written.
    assert_eq!(files, 2);
}

#[test]
fn a_life_in_a_database_leaves_no_secret_behind() {
    let Some(cluster) = Cluster::alone() else {
        return;
    };
    // It logs every statement with what it is given.
    cluster.sql("postgres", "ALTER SYSTEM SET log_statement = 'all'");
    cluster.sql("postgres", "SELECT pg_reload_conf()");
    let folder = tempfile::tempdir().expect("a folder");
    let address = cluster.database();
    let (said, needles) = live(Path::new(&address), folder.path(), "segv");
    assert_eq!(found_in(&said, &needles), None, "what was said");
    assert_eq!(nothing_in(folder.path(), &needles), 1, "the key file alone");
    cluster.sql("postgres", "CHECKPOINT");
    let log = fs::read_to_string(cluster.folder().join("log")).expect("its log");
    assert!(log.contains("countersign.commit("), "statements are logged");
    assert!(nothing_in(cluster.folder(), &needles) > 100);
}
