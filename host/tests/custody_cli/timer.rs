//! What a timer does: notices that are signed and not lost, and what is due.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_core::scheme::{Credentials, Scheme as VendorScheme};
use countersign_core::{
    Body, Environment, Headers, KeyRecord, KeyRing, Presented, Profile, ReplayCache, Request,
    Scheme, Token, UnixSeconds,
};
use serde_json::Value;

use crate::desk::{DEV, Desk, base32};

/// In place of a status: the receiver takes a request and never answers.
const HANGS: u16 = 0;

/// A request as it came.
#[derive(Clone)]
struct Got {
    target: String,
    headers: String,
    body: Vec<u8>,
}

/// A receiver of webhooks on this machine, that answers with a status and keeps what it got.
struct Receiver {
    address: String,
    status: Arc<Mutex<u16>>,
    got: Arc<Mutex<Vec<Got>>>,
}

impl Receiver {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let receiver = Receiver {
            address: listener.local_addr().unwrap().to_string(),
            status: Arc::new(Mutex::new(204)),
            got: Arc::default(),
        };
        let (status, got) = (Arc::clone(&receiver.status), Arc::clone(&receiver.got));
        std::thread::spawn(move || {
            let mut hanging = Vec::new();
            for stream in listener.incoming() {
                let (stream, status) = (stream.unwrap(), *status.lock().unwrap());
                let request = read(&stream);
                match status {
                    HANGS => hanging.push(stream),
                    status => answer(stream, status),
                }
                got.lock().unwrap().push(request);
            }
        });
        receiver
    }

    fn answers(&self, status: u16) {
        *self.status.lock().unwrap() = status;
    }

    /// The next request.
    fn wait(&self) -> Got {
        for _ in 0..1000 {
            if let Some(got) = self.take().pop() {
                return got;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("nothing came");
    }

    fn take(&self) -> Vec<Got> {
        std::mem::take(&mut *self.got.lock().unwrap())
    }
}

fn read(stream: &TcpStream) -> Got {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    let target = line.split(' ').nth(1).unwrap().to_owned();
    let (mut headers, mut length) = (String::new(), 0);
    loop {
        let mut field = String::new();
        reader.read_line(&mut field).unwrap();
        if field == "\r\n" {
            break;
        }
        if let Some(text) = field.to_ascii_lowercase().strip_prefix("content-length:") {
            length = text.trim().parse().unwrap();
        }
        headers.push_str(&field);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    Got {
        target,
        headers,
        body,
    }
}

fn answer(mut stream: TcpStream, status: u16) {
    write!(
        stream,
        "HTTP/1.1 {status} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
}

impl Got {
    fn request(&self) -> Request<'_> {
        Request {
            method: "POST",
            target: &self.target,
            scheme: Scheme::Http,
            headers: Headers::parse(self.headers.as_bytes()).unwrap(),
            body: Body::Bytes(&self.body),
            peer: None,
        }
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Verifies it by RFC 9421: the keyid, or the code of the refusal.
    fn verified_by(&self, token: &str) -> String {
        let token = Token::parse(token).unwrap();
        let keyid = token.keyid().as_str();
        let record = KeyRecord::new(keyid, token.environment(), token.secret()).unwrap();
        let mut ring = KeyRing::new();
        ring.insert(record);
        let now = now();
        let profile = Profile::new(Environment::Dev);
        let request = self.request();
        let verified = Presented::parse(&request, &profile)
            .and_then(|presented| presented.find_key(&ring, now))
            .and_then(|candidate| candidate.authenticate(now))
            .and_then(|authentic| authentic.spend(&mut ReplayCache::new(16, 7), now));
        match verified {
            Ok(verified) => verified.keyid().to_owned(),
            Err(refusal) => refusal.code().as_str().to_owned(),
        }
    }
}

fn now() -> UnixSeconds {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    UnixSeconds::new(since.as_secs())
}

/// Issues a key with this id, and more arguments: its secret.
fn issue(desk: &Desk, act: &str, keyid: &str) -> String {
    let issue = format!("keys issue {act} --owner acme --keyid {keyid}");
    desk.secret(&issue, "secret").1
}

/// A store with a scheduler, a key that signs notices, and a webhook.
fn with_webhook(receiver: &Receiver, scheme: &str) -> (Desk, String) {
    let desk = Desk::founded();
    let act = format!("{DEV} --as olga --reason webhooks");
    let token = issue(&desk, &act, "hook");
    let code = desk.enrol(DEV);
    desk.ok(&format!(
        "people appoint clock --role scheduler {act} --code {code}"
    ));
    desk.ok(&format!(
        "webhooks add partner {act} --url http://{}/in?k=1 --keyid hook --scheme {scheme}",
        receiver.address
    ));
    (desk, token)
}

#[test]
fn a_change_is_told_by_a_signed_request_over_http() {
    let receiver = Receiver::start();
    let (desk, token) = with_webhook(&receiver, "rfc9421");
    let act = format!("{DEV} --as olga --reason webhooks");
    issue(&desk, &act, "k7");
    let (json, _) = desk.json(&format!("webhooks deliver {DEV} --as clock"));
    assert_eq!(json["sent"], 1);
    let got = receiver.take();
    assert_eq!(got[0].verified_by(&token), "hook");
    assert_eq!(
        (&got[0].json()["act"], &got[0].json()["keyid"]),
        (&"key.issued".into(), &"k7".into())
    );
    let mut altered = got[0].clone();
    altered.body[10] ^= 1;
    assert_eq!(altered.verified_by(&token), "digest_mismatch");

    let elsewhere = format!("webhooks add x {act} --keyid hook --url http://partner.example/in");
    assert_eq!(desk.refusal(&elsewhere), ("url_malformed".into(), Some(1)));
    let (json, _) = desk.json(&format!("webhooks list {DEV} --as olga"));
    assert_eq!(json["webhooks"][0]["name"], "partner");
    desk.ok(&format!("webhooks remove partner {act}"));
    desk.ok(&format!("keys revoke {act} k7"));
    let (json, _) = desk.json(&format!("webhooks deliver {DEV} --as clock"));
    assert_eq!((&json["sent"], receiver.take().len()), (&0.into(), 0));
    let gone = desk.refusal(&format!("webhooks remove partner {act}"));
    assert_eq!(gone, ("webhook_unknown".into(), Some(1)));
}

#[test]
fn a_change_is_told_as_standard_webhooks_too() {
    let receiver = Receiver::start();
    let (desk, token) = with_webhook(&receiver, "standard-webhooks");
    let act = format!("{DEV} --as olga --reason webhooks");
    issue(&desk, &act, "k7");
    desk.ok(&format!("webhooks deliver {DEV} --as clock"));
    let got = receiver.take();
    let secret = base32(token.rsplit('_').nth(1).unwrap());
    let secret = format!("whsec_{}", STANDARD.encode(secret));
    let scheme = VendorScheme::named("standard-webhooks").unwrap();
    let credentials = Credentials::new("", secret.as_bytes());
    let now_ms = now().get() * 1000;
    let verified = scheme
        .verify(&got[0].request(), &[&credentials], now_ms, None)
        .unwrap();
    assert_eq!(verified.nonce(), got[0].json()["id"].as_str());
    let mut altered = got[0].clone();
    altered.body[10] ^= 1;
    let refused = scheme.verify(&altered.request(), &[&credentials], now_ms, None);
    assert_eq!(refused.unwrap_err().code().as_str(), "signature_mismatch");

    issue(&desk, &act, "curve --kind p256");
    let unfit = format!(
        "webhooks add x {act} --keyid curve --scheme standard-webhooks --url https://partner.example/in"
    );
    assert_eq!(
        desk.refusal(&unfit),
        ("algorithm_unsupported".into(), Some(1))
    );
}

/// What wasn't taken waits, over any number of processes.
#[test]
fn a_notice_outlives_a_receiver_that_is_down() {
    let receiver = Receiver::start();
    let (desk, _) = with_webhook(&receiver, "rfc9421");
    let act = format!("{DEV} --as olga --reason webhooks");
    receiver.answers(503);
    issue(&desk, &act, "k7");
    let (json, status) = desk.json(&format!("webhooks deliver {DEV} --as clock"));
    assert_eq!((&json["waiting"], status), (&1.into(), Some(0)));
    receiver.answers(307);
    let (json, _) = desk.json(&format!("webhooks deliver {DEV} --as clock"));
    assert_eq!(json["waiting"], 0, "it isn't due for a minute");
    assert_eq!(receiver.take().len(), 1);
}

/// Killed while the receiver has it, before it could note so: it is sent again, under the same id.
#[test]
fn a_notice_outlives_a_sender_that_is_killed() {
    let receiver = Receiver::start();
    let (desk, token) = with_webhook(&receiver, "rfc9421");
    let act = format!("{DEV} --as olga --reason webhooks");
    issue(&desk, &act, "k7");
    receiver.answers(HANGS);
    let deliver = format!("webhooks deliver {DEV} --as clock");
    let mut sender = desk.start(&deliver);
    let got = receiver.wait();
    sender.kill().unwrap();
    sender.wait().unwrap();
    receiver.answers(204);
    let (json, _) = desk.json(&deliver);
    assert_eq!(json["sent"], 1);
    let again = receiver.wait();
    assert_eq!(got.json()["id"], again.json()["id"]);
    assert_eq!(again.verified_by(&token), "hook");
    assert_eq!(desk.json(&deliver).0["sent"], 0);
}

#[test]
fn a_sweep_rotates_tells_and_is_done_once() {
    let receiver = Receiver::start();
    let (desk, token) = with_webhook(&receiver, "rfc9421");
    let act = format!("{DEV} --as olga --reason sweep");
    issue(&desk, &act, "near --lifetime 5d");
    issue(&desk, &act, "old --rotate-every 1s");
    std::thread::sleep(Duration::from_millis(1100));
    let sweep = format!("keys sweep {DEV} --as clock");
    let (json, status) = desk.json(&format!("{sweep} --no-deliver"));
    assert_eq!(status, Some(0), "{json}");
    assert_eq!(
        json["due"],
        serde_json::json!(["old"]),
        "its secret would reach nobody"
    );
    assert_eq!(json["expiring"], serde_json::json!(["near"]));
    assert_eq!(json["notices"], Value::Null);

    fs::create_dir(desk.path("links")).unwrap();
    let (json, status) = desk.json(&format!("{sweep} --links links"));
    assert_eq!(status, Some(0), "{json}");
    assert_eq!(json["rotated"][0]["keyid"], "oldv2");
    assert_eq!(json["expiring"], serde_json::json!([]), "told once");
    // hook was told of nothing; near issued, old issued, near expiring, old rotated, oldv2 issued.
    assert_eq!(json["notices"]["sent"], 5);
    let got = receiver.take();
    assert!(got.iter().all(|one| one.verified_by(&token) == "hook"));
    let expiring: Vec<Value> = got
        .iter()
        .map(Got::json)
        .filter(|one| one["act"] == "key.expiring")
        .collect();
    assert_eq!(expiring.len(), 1);
    assert_eq!(
        (&expiring[0]["keyid"], &expiring[0]["details"]["days_left"]),
        (&"near".into(), &"5".into())
    );

    let link = desk.path("links/oldv2.link");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(
            fs::metadata(&link).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }
    let (_, secret) = desk.secret(
        &format!("keys take links/oldv2.link {DEV} --as olga"),
        "secret",
    );
    assert!(secret.starts_with("csk_dev_oldv2_"));
    // A link that can't be written is told, and its secret is not lost.
    issue(&desk, &act, "next --rotate-every 1s");
    fs::write(desk.path("links/nextv2.link"), "somebody's").unwrap();
    std::thread::sleep(Duration::from_millis(1100));
    let (json, status) = desk.json(&format!("{sweep} --links links --no-deliver"));
    assert_eq!(status, Some(1));
    let there = (
        &json["undelivered"][0]["keyid"],
        &json["undelivered"][0]["code"],
    );
    assert_eq!(there, (&"nextv2".into(), &"file_unreadable".into()));
    let (json, _) = desk.json(&format!("keys show {DEV} --as olga nextv2"));
    assert_eq!(json["key"]["has_secret"], true);

    // For an owner with a recipient it is sealed, in place of a link.
    let identity = age::x25519::Identity::generate();
    let recipients = format!("# owners\nacme {}\n", identity.to_public());
    fs::write(desk.path("recipients"), &recipients).unwrap();
    fs::write(desk.path("twice"), recipients.repeat(2)).unwrap();
    issue(&desk, &act, "kept --rotate-every 1s");
    std::thread::sleep(Duration::from_millis(1100));
    let sealing = format!("{sweep} --links links --no-deliver --age-recipients");
    let twice = desk.refusal(&format!("{sealing} twice"));
    assert_eq!(twice, ("recipients_malformed".into(), Some(2)));
    let (json, _) = desk.json(&format!("{sealing} recipients"));
    assert_eq!(json["rotated"][0]["sealed"], "links/keptv2.age", "{json}");
    let sealed = fs::read(desk.path("links/keptv2.age")).unwrap();
    let token = age::decrypt(&identity, &sealed).unwrap();
    assert!(token.starts_with(b"csk_dev_keptv2_"));

    let (json, _) = desk.json("audit verify --store s.redb");
    assert_eq!(json["ok"], true);
    let olga = desk.json(&format!("keys sweep {DEV} --as nobody"));
    assert_eq!(olga.0["code"], "person_unknown");
}
