//! One good request, and the whole way from signing it to spending its token.

use countersign_core::{
    Authentic, Body, Environment, Headers, KeyRecord, KeyRing, Presented, Profile, Refusal,
    ReplayCache, Request, Scheme, SharedSecret, SignOptions, Signed, SigningKey, UnixSeconds,
    Verified, sign,
};

pub(crate) const KEYID: &str = "k7";
pub(crate) const SECRET: &[u8; 32] = b"a secret of thirty-two bytes, 32";
pub(crate) const CREATED: u64 = 1_800_000_000;

/// The instant `seconds` from when the good request was signed.
pub(crate) fn at(seconds: i64) -> UnixSeconds {
    UnixSeconds::new(CREATED.checked_add_signed(seconds).unwrap())
}

pub(crate) fn secret() -> SharedSecret {
    SharedSecret::new(SECRET.to_vec()).unwrap()
}

pub(crate) fn key() -> SigningKey {
    SigningKey::new(KEYID, &secret()).unwrap()
}

pub(crate) fn record() -> KeyRecord {
    KeyRecord::new(KEYID, Environment::Live, &secret()).unwrap()
}

pub(crate) fn ring_of(record: KeyRecord) -> KeyRing {
    let mut ring = KeyRing::new();
    ring.insert(record);
    ring
}

/// A request on its way, and the verifier at the other end. A test changes one thing in it.
pub(crate) struct Attempt {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) scheme: Scheme,
    /// Header lines without their line ends.
    pub(crate) lines: Vec<Vec<u8>>,
    pub(crate) body: Vec<u8>,
    pub(crate) peer: Option<&'static str>,
    pub(crate) profile: Profile,
    pub(crate) ring: KeyRing,
    pub(crate) replay: ReplayCache,
    pub(crate) now: UnixSeconds,
}

impl Attempt {
    /// `POST /v1/orders?symbol=BTC-USD` with a body, not signed yet.
    pub(crate) fn unsigned() -> Self {
        Attempt {
            method: "POST".into(),
            target: "/v1/orders?symbol=BTC-USD".into(),
            scheme: Scheme::Https,
            lines: vec![
                b"Host: api.example.com".to_vec(),
                b"Content-Type: application/json".to_vec(),
            ],
            body: br#"{"side":"buy","qty":"1"}"#.to_vec(),
            peer: None,
            profile: Profile::new(Environment::Live),
            ring: ring_of(record()),
            replay: ReplayCache::new(16, 0x5eed),
            now: at(0),
        }
    }

    /// The same request, signed, that every verifier with the default profile accepts.
    pub(crate) fn good() -> Self {
        let mut attempt = Self::unsigned();
        attempt.sign(&options());
        attempt
    }

    /// Signs what there is, in place of a signature that was there.
    pub(crate) fn sign(&mut self, options: &SignOptions) {
        self.sign_with(&key(), options);
    }

    pub(crate) fn sign_with(&mut self, key: &SigningKey, options: &SignOptions) {
        self.remove("signature-input");
        self.remove("signature");
        let signed = self
            .with_request(|request| sign(request, key, options))
            .unwrap();
        self.attach(&signed);
    }

    /// Adds the fields of a signature.
    pub(crate) fn attach(&mut self, signed: &Signed) {
        self.add("Signature-Input", &signed.signature_input);
        self.add("Signature", &signed.signature);
        if let Some(digest) = &signed.content_digest {
            self.add("Content-Digest", digest);
        }
    }

    pub(crate) fn add(&mut self, name: &str, value: &str) {
        self.lines.push(format!("{name}: {value}").into_bytes());
    }

    pub(crate) fn remove(&mut self, name: &str) {
        self.lines.retain(|line| !is_field(line, name));
    }

    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.remove(name);
        self.add(name, value);
    }

    /// The value of a field that is there once.
    pub(crate) fn value(&self, name: &str) -> String {
        let line = self.lines.iter().find(|line| is_field(line, name)).unwrap();
        String::from_utf8(line[name.len() + 2..].to_vec()).unwrap()
    }

    /// Replaces `from`, which must be there, by `to` in the value of a field.
    pub(crate) fn replace(&mut self, name: &str, from: &str, to: &str) {
        let value = self.value(name);
        assert!(value.contains(from), "`{from}` is not in `{value}`");
        self.set(name, &value.replacen(from, to, 1));
    }

    pub(crate) fn block(&self) -> Vec<u8> {
        self.lines
            .iter()
            .flat_map(|line| [line.as_slice(), b"\r\n"].concat())
            .collect()
    }

    /// Shows the request as a host would hand it over.
    pub(crate) fn with_request<T>(
        &self,
        see: impl FnOnce(&Request<'_>) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let block = self.block();
        see(&Request {
            method: &self.method,
            target: &self.target,
            scheme: self.scheme,
            headers: Headers::parse(&block)?,
            body: Body::Bytes(&self.body),
            peer: self.peer,
        })
    }

    pub(crate) fn authenticate(&self) -> Result<Authentic, Refusal> {
        self.with_request(|request| {
            Presented::parse(request, &self.profile)?
                .find_key(&self.ring, self.now)?
                .authenticate(self.now)
        })
    }

    pub(crate) fn verify(&mut self) -> Result<Verified, Refusal> {
        self.authenticate()?.spend(&mut self.replay, self.now)
    }
}

/// What the good request is signed with.
pub(crate) fn options() -> SignOptions {
    SignOptions::new(at(0)).nonce("n-1")
}

fn is_field(line: &[u8], name: &str) -> bool {
    line.len() > name.len()
        && line[name.len()] == b':'
        && line[..name.len()].eq_ignore_ascii_case(name.as_bytes())
}

#[test]
fn the_good_request_is_good() {
    let verified = Attempt::good().verify().unwrap();
    assert_eq!(verified.keyid(), KEYID);
    assert_eq!(verified.method(), "POST");
    assert_eq!(verified.path(), "/v1/orders");
    assert_eq!(verified.at(), at(0));
}
