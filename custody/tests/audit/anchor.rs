//! Checkpoints kept outside: in a file, in another store, and with the time of a third party.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use countersign_custody::audit::{AnchorFile, Checkpoint, Fault, TimeStamp, verify};
use countersign_custody::{Batch, Space, Store as _};
use tempfile::TempDir;

use crate::log::{Map, key, keys, log_of, log_with_checkpoints, sign};

#[test]
fn a_file_of_checkpoints_finds_what_was_cut_from_the_store() {
    let folder = TempDir::new().unwrap();
    let anchor = AnchorFile::at(&folder.path().join("checkpoints"));
    assert_eq!(anchor.read().unwrap(), []);
    let (store, checkpoints) = log_with_checkpoints(&[3, 8]);
    for checkpoint in &checkpoints {
        anchor.append(checkpoint).unwrap();
    }
    assert_eq!(anchor.read().unwrap(), checkpoints);
    let mut entries = store.entries();
    entries.retain(|entry, _| entry.0 == Space::Audit && *entry <= key(6));
    let cut = Map::of(entries);
    assert!(verify(&cut, &keys(7), &[]).unwrap().is_good());
    let report = verify(&cut, &keys(7), &anchor.read().unwrap()).unwrap();
    let finding = report.finding.unwrap();
    assert_eq!(
        (finding.sequence, finding.fault),
        (7, Fault::Truncated { checkpoint: 8 })
    );
}

#[test]
fn a_file_with_half_a_checkpoint_is_told() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("checkpoints");
    let text = sign(&log_of(3)).to_string();
    fs::write(&path, format!("{text}{}", &text[..100])).unwrap();
    let error = AnchorFile::at(&path).read().unwrap_err();
    assert_eq!(error.code(), "audit_checkpoint_malformed");
}

#[test]
fn another_store_keeps_them_too() {
    let (_, checkpoints) = log_with_checkpoints(&[3, 8]);
    let elsewhere = Map::default();
    let mut batch = Batch::new();
    for checkpoint in &checkpoints {
        checkpoint.put(&mut batch);
    }
    elsewhere.commit(&batch).unwrap();
    assert_eq!(Checkpoint::all(&elsewhere).unwrap(), checkpoints);
    assert_eq!(
        Checkpoint::last(&elsewhere).unwrap(),
        checkpoints.last().cloned()
    );
}

/// A time-stamping authority of OpenSSL, made for a test.
struct Authority {
    folder: TempDir,
}

const CONFIGURATION: &str = "\
[tsa]
dir = .
serial = ./serial
crypto_device = builtin
signer_cert = ./tsa.pem
certs = ./tsa.pem
signer_key = ./tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ordering = yes
tsa_name = yes
ess_cert_id_alg = sha256
[extensions]
extendedKeyUsage = critical,timeStamping
keyUsage = digitalSignature
[req]
distinguished_name = name
[name]
";

impl Authority {
    /// None where there is no OpenSSL.
    fn new() -> Option<Self> {
        Command::new("openssl")
            .arg("version")
            .stdout(Stdio::null())
            .status()
            .ok()?;
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("tsa.conf"), CONFIGURATION).unwrap();
        fs::write(folder.path().join("serial"), "01\n").unwrap();
        let authority = Authority { folder };
        authority.openssl(
            "req -new -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
             -subj /CN=tsa -keyout tsa.key -out tsa.pem -config tsa.conf -extensions extensions",
        );
        Some(authority)
    }

    fn openssl(&self, arguments: &str) {
        let output = Command::new("openssl")
            .args(arguments.split_whitespace())
            .current_dir(self.path())
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn answer(&self, request: &[u8]) -> Vec<u8> {
        fs::write(self.path().join("request"), request).unwrap();
        self.openssl("ts -reply -config tsa.conf -section tsa -queryfile request -out response");
        fs::read(self.path().join("response")).unwrap()
    }
}

#[test]
fn an_authority_stamps_a_checkpoint() {
    let Some(authority) = Authority::new() else {
        println!("skipped: openssl");
        return;
    };
    let (_, checkpoints) = log_with_checkpoints(&[3, 8]);
    let [other, checkpoint] = &checkpoints[..] else {
        panic!("two checkpoints");
    };
    for nonce in [0, 1, 127, 128, 0x8000, u64::MAX] {
        let response = authority.answer(&TimeStamp::request(checkpoint, nonce));
        let stamp = TimeStamp::check(&response, checkpoint, nonce).unwrap();
        assert!(stamp.at.get() > 1_700_000_000);
        let code = |checkpoint: &Checkpoint, nonce: u64| {
            let refused = TimeStamp::check(&response, checkpoint, nonce).unwrap_err();
            (refused.code(), refused.to_string())
        };
        let (refused, why) = code(other, nonce);
        assert_eq!(refused, "audit_timestamp_refused");
        assert!(why.contains("something else than this checkpoint"), "{why}");
        assert!(code(checkpoint, nonce ^ 2).1.contains("another request"));
    }
    // What was checked is what OpenSSL takes, of the text that an auditor has.
    fs::write(authority.path().join("checkpoint"), checkpoint.to_string()).unwrap();
    authority.openssl("ts -verify -data checkpoint -in response -CAfile tsa.pem");
}

#[test]
fn what_is_no_granted_answer_is_refused() {
    let Some(authority) = Authority::new() else {
        println!("skipped: openssl");
        return;
    };
    let checkpoint = sign(&log_of(3));
    let response = authority.answer(&TimeStamp::request(&checkpoint, 7));
    for length in 0..response.len() {
        assert!(
            TimeStamp::check(&response[..length], &checkpoint, 7).is_err(),
            "{length}"
        );
    }
    let mut longer = response.clone();
    longer.push(0);
    assert!(TimeStamp::check(&longer, &checkpoint, 7).is_err());
    // PKIStatus `rejection`, and nothing else.
    let rejected = [0x30, 0x05, 0x30, 0x03, 0x02, 0x01, 0x02];
    let refused = TimeStamp::check(&rejected, &checkpoint, 7).unwrap_err();
    assert!(refused.to_string().contains("didn't grant"), "{refused}");
}
