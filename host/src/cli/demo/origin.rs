//! A small origin on 127.0.0.1: what a provider runs, in one file.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, mpsc};
use std::thread;

use countersign::{
    Body, BundleHandle, Decision, Error, Instance, Module, Profile, ReplayCache, Request, Ring,
    Scheme,
};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Response, header};
use hyper_util::rt::TokioIo;

use super::super::failure::Failure;

const MAX_BODY: usize = 1 << 20;

/// What the origin is made with.
pub(super) struct Setup {
    pub(super) keyring: String,
    pub(super) bundle: Vec<u8>,
    pub(super) context: String,
    pub(super) now: u64,
}

/// What the origin received, as its bytes were.
#[derive(Clone, Debug)]
pub(super) struct Received {
    pub(super) method: String,
    pub(super) target: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

/// One line of the origin's audit log.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) received: Received,
    pub(super) verdict: String,
    pub(super) message: String,
    pub(super) decision: Option<Decision>,
}

/// A running origin.
pub(super) struct Origin {
    pub(super) address: SocketAddr,
    pub(super) profile: String,
    seen: mpsc::Receiver<Seen>,
}

impl Origin {
    /// Starts it on a free port; it ends with the process.
    pub(super) fn start(module: &Module, setup: &Setup) -> Result<Self, Failure> {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").map_err(|error| io(&error))?;
        listener.set_nonblocking(true).map_err(|error| io(&error))?;
        let address = listener.local_addr().map_err(|error| io(&error))?;
        let profile = format!(r#"{{"environment": "live", "authorities": ["{address}"]}}"#);
        let verifier = Arc::new(Mutex::new(Verifier::new(module, setup, &profile)?));
        let (log, seen) = mpsc::channel();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .build()
            .map_err(|error| io(&error))?;
        thread::spawn(move || runtime.block_on(serve(listener, verifier, log)));
        Ok(Origin {
            address,
            profile,
            seen,
        })
    }

    /// What the origin saw last.
    pub(super) fn last_seen(&self) -> Result<Seen, Failure> {
        self.seen
            .recv()
            .map_err(|_| Failure::usage("origin_stopped", "the origin stopped"))
    }
}

async fn serve(
    listener: std::net::TcpListener,
    verifier: Arc<Mutex<Verifier>>,
    log: mpsc::Sender<Seen>,
) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else {
        return;
    };
    while let Ok((stream, _)) = listener.accept().await {
        let service = service_fn(|request| answer(request, &verifier, &log));
        // A client that breaks the connection off breaks only its own.
        let _ = hyper::server::conn::http1::Builder::new()
            .serve_connection(TokioIo::new(stream), service)
            .await;
    }
}

async fn answer(
    request: hyper::Request<Incoming>,
    verifier: &Mutex<Verifier>,
    log: &mpsc::Sender<Seen>,
) -> Result<Response<Full<Bytes>>, Box<dyn core::error::Error + Send + Sync>> {
    let (head, body) = request.into_parts();
    let mut headers = Vec::with_capacity(head.headers.len());
    for (name, value) in &head.headers {
        headers.push((name.as_str().to_owned(), value.to_str()?.to_owned()));
    }
    let body = Limited::new(body, MAX_BODY)
        .collect()
        .await?
        .to_bytes()
        .to_vec();
    let received = Received {
        method: head.method.to_string(),
        target: head.uri.to_string(),
        headers,
        body,
    };
    let outcome = match verifier.lock() {
        Ok(mut verifier) => verifier.check(&received),
        Err(_) => return Err("the verifier stopped".into()),
    };
    let (status, kind, text, seen) = match outcome {
        Ok(decision) => {
            let (status, text) = match &decision.problem {
                None => (201, r#"{"order":"accepted"}"#.to_owned()),
                Some(problem) => (403, problem.clone()),
            };
            let message = decision.explanations.join(" ");
            let seen = Seen {
                received,
                verdict: decision.code.clone(),
                message,
                decision: Some(decision),
            };
            (
                status,
                if status == 201 {
                    "application/json"
                } else {
                    "application/problem+json"
                },
                text,
                seen,
            )
        }
        Err(error) => {
            let problem = match &error {
                Error::Refused(refused) => refused.problem().to_owned(),
                _ => r#"{"type":"urn:countersign:internal_error","status":500,"code":"internal_error"}"#.into(),
            };
            let status = serde_json::from_str(&problem)
                .ok()
                .and_then(|problem: serde_json::Value| {
                    u16::try_from(problem.get("status")?.as_u64()?).ok()
                })
                .unwrap_or(500);
            let seen = Seen {
                received,
                verdict: error.code().into(),
                message: error.to_string(),
                decision: None,
            };
            (status, "application/problem+json", problem, seen)
        }
    };
    log.send(seen)?;
    Ok(Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, kind)
        .body(Full::new(text.into()))?)
}

struct Verifier {
    instance: Instance,
    ring: Ring,
    profile: Profile,
    replay: ReplayCache,
    bundle: BundleHandle,
    context: String,
    now: u64,
}

impl Verifier {
    fn new(module: &Module, setup: &Setup, profile: &str) -> Result<Self, Error> {
        let mut instance = module.instantiate()?;
        Ok(Verifier {
            ring: instance.keyring(&setup.keyring)?,
            profile: instance.profile(profile)?,
            replay: instance.replay(1024)?,
            bundle: instance.bundle(&setup.bundle)?,
            context: setup.context.clone(),
            now: setup.now,
            instance,
        })
    }

    fn check(&mut self, received: &Received) -> Result<Decision, Error> {
        let mut headers = String::new();
        for (name, value) in &received.headers {
            for part in [name, ": ", value, "\r\n"] {
                headers.push_str(part);
            }
        }
        let request = Request {
            scheme: Scheme::Http,
            body: Body::Bytes(&received.body),
            ..Request::new(&received.method, &received.target, headers.as_bytes())
        };
        let authentic = self
            .instance
            .verify(&self.ring, &self.profile, self.now, &request)?;
        let verified = self.instance.spend(authentic, &self.replay, self.now)?;
        self.instance
            .authorize(verified, &self.bundle, &self.context)
    }
}

fn io(error: &std::io::Error) -> Failure {
    Failure::usage("origin_not_started", error.to_string())
}
