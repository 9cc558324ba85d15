//! httpsig and ours over HTTP on loopback, both ways: each verifies what the other signed, and refuses it with a
//! byte of the body changed, or by another key.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use countersign_core::{
    Algorithm, Body, Environment, Headers, Presented, Profile, ReplayCache, Request, Scheme,
    SignOptions, UnixSeconds, sign,
};
use countersign_httpsig::{Key, SECRET};
use futures::executor::block_on;
use http_body_util::Full;
use httpsig::prelude::HttpSignatureParams;
use httpsig::prelude::message_component::HttpMessageComponentId;
use httpsig_hyper::{ContentDigestType, MessageSignatureReqSync as _, RequestContentDigest as _};

const ID: &str = "partner-1";
const HOST: &str = "api.example.com";
const TARGET: &str = "/v1/orders?dry=1";
const ORDER: &[u8] = br#"{"side": "buy", "size": "0.5"}"#;
const COMPONENTS: [&str; 5] = ["@method", "@authority", "@path", "@query", "content-digest"];
const ALGORITHMS: [Algorithm; 3] = [
    Algorithm::HmacSha256,
    Algorithm::Ed25519,
    Algorithm::EcdsaP256Sha256,
];

/// A request as a server has read it.
struct Received {
    method: String,
    target: String,
    lines: String,
    body: Vec<u8>,
}

#[test]
fn they_sign_and_we_verify() -> Result<()> {
    for algorithm in ALGORITHMS {
        let ring = Key::ring(algorithm, ID, SECRET)?;
        let other = Key::ring(algorithm, ID, [8; 32])?;
        let wire = wire(&signed_by_them(algorithm)?, ORDER);
        ensure!(post(&wire, |it| we_accept(it, &ring))?, "{algorithm:?}");
        ensure!(
            !post(&changed(&wire), |it| we_accept(it, &ring))?,
            "{algorithm:?}, another body"
        );
        ensure!(
            !post(&wire, |it| we_accept(it, &other))?,
            "{algorithm:?}, another key"
        );
    }
    Ok(())
}

#[test]
fn we_sign_and_they_verify() -> Result<()> {
    for algorithm in ALGORITHMS {
        let key = Key::theirs(algorithm, SECRET)?;
        let other = Key::theirs(algorithm, [8; 32])?;
        let wire = wire(&signed_by_us(algorithm)?, ORDER);
        ensure!(post(&wire, |it| they_accept(it, &key))?, "{algorithm:?}");
        ensure!(
            !post(&changed(&wire), |it| they_accept(it, &key))?,
            "{algorithm:?}, another body"
        );
        ensure!(
            !post(&wire, |it| they_accept(it, &other))?,
            "{algorithm:?}, another key"
        );
    }
    Ok(())
}

#[test]
fn what_they_signed_counts_once() -> Result<()> {
    let ring = Key::ring(Algorithm::HmacSha256, ID, SECRET)?;
    let wire = wire(&signed_by_them(Algorithm::HmacSha256)?, ORDER);
    let mut replay = ReplayCache::new(16, 1);
    let mut accepted = || post(&wire, |it| we_accept_once(it, &ring, &mut replay));
    ensure!(accepted()? && !accepted()?, "the same nonce twice");
    Ok(())
}

/// The header lines of a request that httpsig signed, its digest included.
fn signed_by_them(algorithm: Algorithm) -> Result<String> {
    let key = Key::theirs(algorithm, SECRET)?;
    let components = COMPONENTS
        .iter()
        .map(|name| HttpMessageComponentId::try_from(*name))
        .collect::<Result<Vec<_>, _>>()?;
    let mut parameters = HttpSignatureParams::try_new(&components)?;
    parameters
        .set_key_info(&key)
        .set_keyid(ID)
        .set_random_nonce();
    let mut request =
        block_on(their_request(ORDER)?.set_content_digest(&ContentDigestType::Sha256))?;
    request.set_message_signature_sync(&parameters, &key, Some("sig1"))?;
    let mut lines = String::new();
    for (name, value) in request.headers() {
        lines.extend([name.as_str(), ": ", value.to_str()?, "\r\n"]);
    }
    Ok(lines)
}

fn they_accept(received: &Received, key: &Key) -> Result<bool> {
    let mut request = their_request(&received.body)?;
    *request.method_mut() = received.method.parse()?;
    *request.uri_mut() = format!("http://{HOST}{}", received.target).parse()?;
    for line in received.lines.lines() {
        let (name, value) = line.split_once(": ").context("no field line")?;
        request
            .headers_mut()
            .append(http::HeaderName::try_from(name)?, value.parse()?);
    }
    let Ok(request) = block_on(request.verify_content_digest()) else {
        return Ok(false);
    };
    Ok(request.verify_message_signature_sync(key, Some(ID)).is_ok())
}

fn their_request(body: &[u8]) -> Result<http::Request<Full<Bytes>>> {
    Ok(http::Request::post(format!("http://{HOST}{TARGET}"))
        .body(Full::new(Bytes::copy_from_slice(body)))?)
}

fn signed_by_us(algorithm: Algorithm) -> Result<String> {
    let key = Key::ours(algorithm, ID, SECRET)?;
    let lines = format!("Host: {HOST}\r\n");
    let request = our_request("POST", TARGET, &lines, ORDER)?;
    let options = SignOptions::new(now()?).nonce("n-1").with_algorithm(true);
    Ok(sign(&request, &key, &options)?.header_lines())
}

fn we_accept(received: &Received, ring: &countersign_core::KeyRing) -> Result<bool> {
    we_accept_once(received, ring, &mut ReplayCache::new(16, 1))
}

fn we_accept_once(
    received: &Received,
    ring: &countersign_core::KeyRing,
    replay: &mut ReplayCache,
) -> Result<bool> {
    let now = now()?;
    let request = our_request(
        &received.method,
        &received.target,
        &received.lines,
        &received.body,
    )?;
    let verified = Presented::parse(&request, &Profile::new(Environment::Live))?
        .find_key(ring, now)?
        .authenticate(now)
        .and_then(|authentic| authentic.spend(replay, now));
    Ok(verified.is_ok_and(|verified| verified.keyid() == ID))
}

fn our_request<'a>(
    method: &'a str,
    target: &'a str,
    lines: &'a str,
    body: &'a [u8],
) -> Result<Request<'a>> {
    Ok(Request {
        method,
        target,
        scheme: Scheme::Http,
        headers: Headers::parse(lines.as_bytes())?,
        body: Body::Bytes(body),
        peer: None,
    })
}

fn now() -> Result<UnixSeconds> {
    Ok(UnixSeconds::new(
        SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs(),
    ))
}

/// The bytes of a request with these signed lines.
fn wire(lines: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "POST {TARGET} HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: {length}\r\n{lines}\r\n"
    );
    [head.as_bytes(), body].concat()
}

/// The same with the last byte of the body turned.
fn changed(wire: &[u8]) -> Vec<u8> {
    let mut wire = wire.to_vec();
    if let Some(last) = wire.last_mut() {
        *last ^= 1;
    }
    wire
}

/// Sends a request to a server that verifies it; whether it is let through.
fn post(wire: &[u8], accept: impl FnOnce(&Received) -> Result<bool> + Send) -> Result<bool> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let mut client = TcpStream::connect(listener.local_addr()?)?;
    thread::scope(|scope| {
        let server = scope.spawn(move || serve(&listener, accept));
        client.write_all(wire)?;
        let mut answer = String::new();
        client.read_to_string(&mut answer)?;
        server.join().ok().context("the server panicked")??;
        Ok(answer.starts_with("HTTP/1.1 204 "))
    })
}

/// Serves one request.
fn serve(listener: &TcpListener, accept: impl FnOnce(&Received) -> Result<bool>) -> Result<()> {
    let mut stream = BufReader::new(listener.accept()?.0);
    let mut start = String::new();
    stream.read_line(&mut start)?;
    let mut words = start.split(' ').map(str::to_owned);
    let (method, target) = words.next().zip(words.next()).context("no request line")?;
    let (mut lines, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        stream.read_line(&mut line)?;
        if line.trim_end().is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("Content-Length: ") {
            length = value.trim_end().parse()?;
        }
        lines.push_str(&line);
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    let accepted = accept(&Received {
        method,
        target,
        lines,
        body,
    })?;
    let status = if accepted {
        "204 No Content"
    } else {
        "401 Unauthorized"
    };
    write!(
        stream.get_mut(),
        "HTTP/1.1 {status}\r\nConnection: close\r\n\r\n"
    )?;
    Ok(())
}
