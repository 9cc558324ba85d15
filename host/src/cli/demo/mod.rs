//! `countersign demo`: the whole way of a request, on a small origin of our own.

mod origin;
mod runtimes;
mod timing;

use std::path::PathBuf;

use clap::Args;
use countersign::{Body, Instance, Module, Request, Scheme, Signing, generate_token};
use countersign_policies::{compile, packs};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::failure::Failure;
use super::{Done, now};
use origin::{Origin, Seen, Setup};

const ORDER: &str = r#"{"symbol":"BTC-USD","side":"buy","size":"0.1"}"#;
const CONTEXT: &str = r#"{"client_ip": "127.0.0.1"}"#;

#[derive(Debug, Args)]
pub(super) struct DemoArguments {
    /// The folder with `node.mjs` and `workerd.mjs`, to check the same requests there too.
    #[arg(long, value_name = "FOLDER")]
    runtimes: Option<PathBuf>,
}

/// The keys of the demo, made anew for each run.
struct Keys {
    trader: Zeroizing<String>,
    reader: Zeroizing<String>,
    revoked: Zeroizing<String>,
    stranger: Zeroizing<String>,
}

impl Keys {
    fn generate(instance: &mut Instance) -> Result<Self, Failure> {
        let mut token = |keyid| generate_token(instance, "live", keyid);
        Ok(Keys {
            trader: token("trader1")?,
            reader: token("reader1")?,
            revoked: token("leaked1")?,
            stranger: token("nobody1")?,
        })
    }

    /// The keyring as JSON; it doesn't know the stranger.
    fn ring(&self) -> Value {
        let key = |token: &str, group: &str, revoked: bool| json!({"token": token, "groups": [group], "revoked": revoked});
        json!({"keys": [
            key(&self.trader, "trader", false),
            key(&self.reader, "market-data", false),
            key(&self.revoked, "trader", true),
        ]})
    }
}

/// One request of the demo, and what is to come of it.
struct Scene<'a> {
    title: &'static str,
    token: &'a str,
    created: u64,
    nonce: &'static str,
    change: Change,
    expected: &'static str,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Change {
    None,
    /// One byte of the body, after signing.
    Body,
}

/// What came of it.
struct Shown {
    title: &'static str,
    status: u16,
    public: String,
    seen: Seen,
    times: u32,
}

pub(super) fn run(arguments: &DemoArguments) -> Result<Done, Failure> {
    let module = Module::embedded()?;
    let mut instance = module.instantiate()?;
    let keys = Keys::generate(&mut instance)?;
    let ring = keys.ring();
    let keyring = Zeroizing::new(ring.to_string());
    let (now, bundle) = (now()?, compile(&packs::trading_api())?.into_bytes());
    let setup = Setup {
        keyring: keyring.to_string(),
        bundle: bundle.clone(),
        context: CONTEXT.into(),
        now,
    };
    let origin = Origin::start(&module, &setup)?;
    let address = origin.address;

    let mut text =
        format!("An origin listens on http://{address}; its policy is the pack trading-api.\n\n");
    let mut shown = Vec::new();
    for scene in &scenes(&keys, now) {
        let sent = Sent::sign(&mut instance, scene, &origin)?;
        if shown.is_empty() {
            let heads = ["", "audit log", "status", "what the sender sees"];
            text.push_str(&format!("{}\n{}", sent.to_text(), line(heads)));
        }
        let one = scene.play(&sent, &origin)?;
        let status = one.status.to_string();
        text.push_str(&line([one.title, &one.seen.verdict, &status, &one.public]));
        shown.push(one);
    }

    text.push_str("\nThe same requests, by the same bytes of the module:\n");
    let cases = runtimes::cases(&shown, &ring, &origin.profile, &bundle, now);
    let folder = arguments.runtimes.as_deref();
    let reports = runtimes::run(folder, &cases, &shown, module.sha256_hex())?;
    for report in &reports {
        text.push_str(&format!("  {report}\n"));
    }

    let verifier = (keyring.as_str(), origin.profile.as_str(), bundle.as_slice());
    let times = timing::measure(&module, verifier, &keys.trader, address, now)?;
    text.push_str(&format!(
        "\nmodule   {} bytes, SHA-256 {}\nverify   {:.1} us median, an order with its body\ndecide   {:.1} us median\n",
        module.size(),
        module.sha256_hex(),
        times.verify_us,
        times.decide_us,
    ));
    let verdict = |one: &Shown| json!({"title": one.title, "code": one.seen.verdict, "status": one.status, "public": one.public});
    let json = json!({
        "ok": true,
        "verdicts": shown.iter().map(verdict).collect::<Vec<_>>(),
        "runtimes": reports,
        "sha256": module.sha256_hex(),
        "size": module.size(),
        "verify_us": times.verify_us,
        "decide_us": times.decide_us,
    });
    Ok(Done {
        text,
        json,
        success: true,
    })
}

fn line([title, verdict, status, public]: [&str; 4]) -> String {
    format!("{title:<36}{verdict:<18}{status:>6}  {public}\n")
}

fn scenes(keys: &Keys, now: u64) -> [Scene<'_>; 7] {
    let scene = |title, token, nonce, expected| Scene {
        title,
        token,
        created: now,
        nonce,
        change: Change::None,
        expected,
    };
    let hour_ago = now.saturating_sub(3600);
    [
        scene("an order, signed", &keys.trader, "n-1", "allowed"),
        scene("the same request again", &keys.trader, "n-1", "replayed"),
        Scene {
            change: Change::Body,
            ..scene(
                "one byte of the body changed",
                &keys.trader,
                "n-2",
                "digest_mismatch",
            )
        },
        Scene {
            created: hour_ago,
            ..scene("signed an hour ago", &keys.trader, "n-3", "expired")
        },
        scene(
            "a key that nobody issued",
            &keys.stranger,
            "n-4",
            "key_unknown",
        ),
        scene(
            "a scope that the key doesn't hold",
            &keys.reader,
            "n-5",
            "not_permitted",
        ),
        scene(
            "a key that was revoked",
            &keys.revoked,
            "n-6",
            "key_revoked",
        ),
    ]
}

impl Scene<'_> {
    /// Sends the request, and holds what came of it against what was to come.
    fn play(&self, sent: &Sent, origin: &Origin) -> Result<Shown, Failure> {
        let (status, public) = sent.post(origin)?;
        let seen = origin.last_seen()?;
        if seen.verdict != self.expected {
            let (title, verdict, expected, why) =
                (self.title, &seen.verdict, self.expected, &seen.message);
            let what = format!("{title}: {verdict} where {expected} was to come ({why})");
            return Err(Failure::usage("demo_failed", what));
        }
        let times = if seen.verdict == "replayed" { 2 } else { 1 };
        Ok(Shown {
            title: self.title,
            status,
            public,
            seen,
            times,
        })
    }
}

/// A signed request, ready to be sent.
struct Sent {
    target: &'static str,
    host: String,
    fields: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Sent {
    fn sign(instance: &mut Instance, scene: &Scene<'_>, origin: &Origin) -> Result<Self, Failure> {
        let (target, host) = ("/v1/orders", origin.address.to_string());
        let headers = format!("Host: {host}\r\nContent-Type: application/json\r\n");
        let request = Request {
            scheme: Scheme::Http,
            body: Body::Bytes(ORDER.as_bytes()),
            ..Request::new("POST", target, headers.as_bytes())
        };
        let key = instance.key_from_token(scene.token)?;
        let signing = Signing {
            nonce: scene.nonce,
            expires: Some(scene.created + 60),
            ..Signing::at(scene.created)
        };
        let signed = instance.sign(&key, &request, &signing)?;
        instance.close(key)?;
        let mut fields = vec![("Content-Type", "application/json".to_owned())];
        fields.extend(
            signed
                .fields()
                .map(|(name, value)| (name, value.to_owned())),
        );
        let mut body = ORDER.as_bytes().to_vec();
        if scene.change == Change::Body
            && let Some(byte) = body.iter_mut().find(|byte| **byte == b'1')
        {
            *byte = b'9';
        }
        Ok(Sent {
            target,
            host,
            fields,
            body,
        })
    }

    fn to_text(&self) -> String {
        let mut text = format!("POST {} HTTP/1.1\nHost: {}\n", self.target, self.host);
        for (name, value) in &self.fields {
            text.push_str(&format!("{name}: {value}\n"));
        }
        format!("{text}\n{}\n", String::from_utf8_lossy(&self.body))
    }

    /// Sends it: the status, and the code that the sender is told.
    fn post(&self, origin: &Origin) -> Result<(u16, String), Failure> {
        let failed = |error: ureq::Error| Failure::usage("origin_unreachable", error.to_string());
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .build();
        let mut post = config
            .new_agent()
            .post(format!("http://{}{}", origin.address, self.target));
        for (name, value) in &self.fields {
            post = post.header(*name, value);
        }
        let mut response = post.send(&self.body[..]).map_err(failed)?;
        let text = response.body_mut().read_to_string().map_err(failed)?;
        let answer: Value = serde_json::from_str(&text)
            .map_err(|error| Failure::usage("origin_unreachable", error.to_string()))?;
        let public = answer
            .get("code")
            .or_else(|| answer.get("order"))
            .and_then(Value::as_str)
            .unwrap_or("");
        Ok((response.status().as_u16(), public.to_owned()))
    }
}
