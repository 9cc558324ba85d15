//! The time of a checkpoint by the word of a third party, and whose word that is.

use std::fs;

use countersign_custody::audit::{
    Checkpoint, ClaimedTime, TimeStamp, TimeStampFault, TimeStampRoots, timestamp_request,
};

use crate::authority::{Authority, Manner, P_256, USUAL};
use crate::log::{log_of, log_with_checkpoints, sign};

fn roots(authority: &Authority) -> TimeStampRoots {
    TimeStampRoots::from_pem(&authority.read("root.pem")).unwrap()
}

fn stamp(
    response: &[u8],
    checkpoint: &Checkpoint,
    roots: &TimeStampRoots,
) -> Result<TimeStamp, TimeStampFault> {
    ClaimedTime::read(response, checkpoint, None)?.verify(roots)
}

/// The code of the refusal.
fn code(response: &[u8], checkpoint: &Checkpoint, roots: &TimeStampRoots) -> &'static str {
    stamp(response, checkpoint, roots).unwrap_err().code()
}

/// Without OpenSSL there is no authority.
macro_rules! authority {
    ($manner:expr) => {
        match Authority::new($manner) {
            Some(authority) => authority,
            None => {
                println!("skipped: openssl");
                return;
            }
        }
    };
}

#[test]
fn an_authority_stamps_a_checkpoint() {
    let authority = authority!(USUAL);
    let roots = roots(&authority);
    let (_, checkpoints) = log_with_checkpoints(&[3, 8]);
    let [other, checkpoint] = &checkpoints[..] else {
        panic!("two checkpoints");
    };
    for nonce in [0, 1, 127, 128, 0x8000, u64::MAX] {
        let request = timestamp_request(checkpoint, nonce);
        let response = authority.answer(&request);
        let claimed = ClaimedTime::read(&response, checkpoint, Some(&request)).unwrap();
        let stamp = claimed.verify(&roots).unwrap();
        assert!(stamp.at().get() > 1_700_000_000);
        assert_eq!(claimed.at(), stamp.at());
        let about_other = ClaimedTime::read(&response, other, None).unwrap_err();
        assert_eq!(about_other.code(), "audit_timestamp_imprint");
        let request = timestamp_request(checkpoint, nonce ^ 2);
        let another = ClaimedTime::read(&response, checkpoint, Some(&request)).unwrap_err();
        assert_eq!(another.code(), "audit_timestamp_nonce");
    }
}

#[test]
fn what_is_accepted_is_what_openssl_accepts() {
    let checkpoint = sign(&log_of(3));
    let p_384 = "ec -pkeyopt ec_paramgen_curve:P-384";
    for (key, digest, named_by) in [
        ("rsa:2048", "sha256", "sha1"),
        ("rsa:2048", "sha384", "sha256"),
        ("rsa:3072", "sha512", "sha512"),
        (P_256, "sha256", "sha384"),
        (P_256, "sha384", "sha256"),
        (P_256, "sha512", "sha1"),
        (p_384, "sha256", "sha256"),
        (p_384, "sha384", "sha512"),
        (p_384, "sha512", "sha256"),
    ] {
        let authority = authority!(Manner {
            key,
            digest,
            named_by
        });
        let response = authority.answer(&timestamp_request(&checkpoint, 7));
        let stamp = stamp(&response, &checkpoint, &roots(&authority));
        let stamp = stamp.unwrap_or_else(|fault| panic!("{key} {digest} {named_by}: {fault}"));
        authority.openssl("x509 -in tsa.pem -outform der -out tsa.der");
        let certificate = countersign_custody::audit::Hash::of(&authority.read("tsa.der"));
        assert_eq!(stamp.certificate(), certificate);
        // What was checked is what OpenSSL takes, of the text that an auditor has.
        fs::write(authority.path().join("checkpoint"), checkpoint.to_string()).unwrap();
        authority.openssl("ts -verify -data checkpoint -in response -CAfile root.pem");
    }
}

#[test]
fn what_is_no_granted_answer_is_refused() {
    let authority = authority!(USUAL);
    let roots = roots(&authority);
    let checkpoint = sign(&log_of(3));
    let response = authority.answer(&timestamp_request(&checkpoint, 7));
    for length in 0..response.len() {
        assert_eq!(
            code(&response[..length], &checkpoint, &roots),
            "audit_timestamp_malformed",
            "{length}"
        );
    }
    let mut longer = response.clone();
    longer.push(0);
    assert_eq!(
        code(&longer, &checkpoint, &roots),
        "audit_timestamp_malformed"
    );
    // PKIStatus `rejection`, and nothing else.
    let rejected = [0x30, 0x05, 0x30, 0x03, 0x02, 0x01, 0x02];
    assert_eq!(
        code(&rejected, &checkpoint, &roots),
        "audit_timestamp_not_granted"
    );
}

#[test]
fn a_changed_bit_is_found_wherever_it_says_something() {
    let authority = authority!(USUAL);
    let roots = roots(&authority);
    let checkpoint = sign(&log_of(3));
    let response = authority.answer(&timestamp_request(&checkpoint, 7));
    let good = stamp(&response, &checkpoint, &roots).unwrap();
    let flipped = |at: usize, mask: u8| {
        let mut changed = response.clone();
        changed[at] ^= mask;
        changed
    };
    let mut unseen = 0;
    for at in 0..response.len() {
        for bit in 0..8 {
            // What isn't signed, such as the status and the version, may change; never what is said.
            if let Ok(stamp) = stamp(&flipped(at, 1 << bit), &checkpoint, &roots) {
                assert_eq!(stamp, good, "byte {at}, bit {bit}");
                unseen += 1;
            }
        }
    }
    assert!(unseen < response.len(), "{unseen} of {}", response.len());

    let after = |start: &[u8]| {
        let found = response.windows(start.len()).rposition(|at| at == start);
        found.unwrap() + start.len()
    };
    // A digit of the time, in the `TSTInfo`: a year, and a fraction of a second of no to three digits, for none ends with a zero.
    let is_time = |at: &[u8]| matches!(at, [0x18, 15..=19, b'2', b'0']);
    let time = 2 + response.windows(4).rposition(is_time).unwrap();
    assert_eq!(
        code(&flipped(time + 3, 1), &checkpoint, &roots),
        "audit_timestamp_attributes"
    );
    // The digest of the `TSTInfo`, and the time of signing, among the attributes (1.2.840.113549.1.9.4 and .5).
    let pkcs_9 = [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09];
    let attribute = |number: u8| after(&[&pkcs_9[..], &[number]].concat()) + 4;
    assert_eq!(
        code(&flipped(attribute(4), 1), &checkpoint, &roots),
        "audit_timestamp_attributes"
    );
    assert_eq!(
        code(&flipped(attribute(5), 1), &checkpoint, &roots),
        "audit_timestamp_signature"
    );
    // The signature is the end.
    assert_eq!(
        code(&flipped(response.len() - 1, 1), &checkpoint, &roots),
        "audit_timestamp_signature"
    );
}

#[test]
fn only_a_root_that_is_trusted_will_do() {
    let authority = authority!(USUAL);
    let checkpoint = sign(&log_of(3));
    let response = authority.answer(&timestamp_request(&checkpoint, 7));
    let stranger = authority!(USUAL);
    assert_eq!(
        code(&response, &checkpoint, &roots(&stranger)),
        "audit_timestamp_untrusted"
    );
    let both = [authority.read("root.pem"), stranger.read("root.pem")].concat();
    let both = TimeStampRoots::from_pem(&both).unwrap();
    assert!(stamp(&response, &checkpoint, &both).is_ok());
    for text in [
        "",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    ] {
        let refused = TimeStampRoots::from_pem(text.as_bytes()).unwrap_err();
        assert_eq!(refused.code(), "audit_timestamp_roots");
    }
}

/// What an authority signed, signed again by somebody else.
struct Forger {
    authority: Authority,
    checkpoint: Checkpoint,
    roots: TimeStampRoots,
}

impl Forger {
    fn new() -> Option<Self> {
        let authority = Authority::new(USUAL)?;
        let checkpoint = sign(&log_of(3));
        authority.answer(&timestamp_request(&checkpoint, 7));
        authority.openssl("ts -reply -in response -token_out -out token");
        authority.openssl("cms -verify -noverify -binary -inform der -in token -out info");
        Some(Forger {
            roots: roots(&authority),
            authority,
            checkpoint,
        })
    }

    /// A certificate of the issuer, with another name or other extensions.
    fn certify(&self, name: &str, subject: &str, extensions: &str) {
        self.certify_key(P_256, name, subject, extensions);
    }

    fn certify_key(&self, key: &str, name: &str, subject: &str, extensions: &str) {
        self.authority.openssl(&format!(
            "req -x509 -CA issuer.pem -CAkey issuer.key -newkey {key} -nodes -days 2 -subj /CN={subject} \
             -keyout {name}.key -out {name}.pem -config tsa.conf -extensions {extensions}"
        ));
    }

    /// With this content, certificate and arguments of `openssl cms -sign`.
    fn sign(&self, info: &[u8], name: &str, arguments: &str) -> Result<TimeStamp, TimeStampFault> {
        fs::write(self.authority.path().join("forged"), info).unwrap();
        self.authority.openssl(&format!(
            "cms -sign -nodetach -binary -in forged -outform der -out token -signer {name}.pem -inkey {name}.key \
             -certfile issuer.pem -md sha256 {arguments}"
        ));
        let token = self.authority.read("token");
        let mut contents = vec![0x30, 0x03, 0x02, 0x01, 0x00];
        contents.extend_from_slice(&token);
        let length = u16::try_from(contents.len()).unwrap().to_be_bytes();
        let response = [&[0x30, 0x82][..], &length, &contents].concat();
        stamp(&response, &self.checkpoint, &self.roots)
    }

    fn info(&self) -> Vec<u8> {
        self.authority.read("info")
    }

    /// With another year.
    fn info_of(&self, year: &str) -> Vec<u8> {
        let mut info = self.info();
        let time = info.windows(2).position(|at| at == [0x18, 0x13]).unwrap() + 2;
        info[time..time + 4].copy_from_slice(year.as_bytes());
        info
    }
}

const AS_STAMP: &str = "-econtent_type 1.2.840.113549.1.9.16.1.4";

#[test]
fn a_certificate_counts_while_it_is_valid_and_for_time_stamps_alone() {
    let Some(forger) = Forger::new() else {
        println!("skipped: openssl");
        return;
    };
    let manner = format!("{AS_STAMP} -cades");
    forger.sign(&forger.info(), "tsa", &manner).unwrap();
    // The signer may be named by its key too.
    let by_key = format!("{manner} -keyid");
    forger.sign(&forger.info(), "tsa", &by_key).unwrap();
    for year in ["2016", "2096"] {
        let refused = forger.sign(&forger.info_of(year), "tsa", &manner);
        assert_eq!(refused.unwrap_err().code(), "audit_timestamp_expired");
    }
    // What a digest or a curve that isn't known here signs says nothing.
    let sha1 = format!("{manner} -md sha1");
    let refused = forger.sign(&forger.info(), "tsa", &sha1);
    assert_eq!(refused.unwrap_err().code(), "audit_timestamp_algorithm");
    let p_521 = "ec -pkeyopt ec_paramgen_curve:P-521";
    forger.certify_key(p_521, "curve", "tsa", "stamps");
    let refused = forger.sign(&forger.info(), "curve", &manner);
    assert_eq!(refused.unwrap_err().code(), "audit_timestamp_algorithm");
    for (name, why) in [
        ("not-critical", "its extended key usage isn't critical"),
        ("more", "its extended key usage isn't timeStamping alone"),
        ("none", "it has no extended key usage"),
        ("encipherment", "its key is for more than to sign"),
    ] {
        forger.certify(name, "tsa", name);
        let refused = forger.sign(&forger.info(), name, &manner).unwrap_err();
        assert_eq!(refused, TimeStampFault::Purpose(why));
        assert_eq!(refused.code(), "audit_timestamp_purpose");
    }
}

#[test]
fn what_is_signed_says_by_which_certificate_and_that_it_is_a_time_stamp() {
    let Some(forger) = Forger::new() else {
        println!("skipped: openssl");
        return;
    };
    let code = |info: &[u8], name: &str, manner: &str| {
        let refused = forger.sign(info, name, manner).unwrap_err();
        refused.code()
    };
    let info = forger.info();
    assert_eq!(code(&info, "tsa", AS_STAMP), "audit_timestamp_certificate");
    assert_eq!(code(&info, "tsa", "-cades"), "audit_timestamp_version");
    let without = format!("{AS_STAMP} -cades -nocerts");
    assert_eq!(code(&info, "tsa", &without), "audit_timestamp_certificate");
    // The name in the time stamp is the authority's, and not that of another that the issuer certified.
    forger.certify("other", "other", "stamps");
    let refused = forger.sign(&info, "other", &format!("{AS_STAMP} -cades"));
    assert_eq!(
        refused.unwrap_err(),
        TimeStampFault::Certificate("the name is another")
    );
}
