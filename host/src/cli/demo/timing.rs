//! The median times that the demo ends with; `cargo xtask bench` measures with more care.

use std::net::SocketAddr;
use std::time::Instant;

use countersign::{Body, Error, Module, Request, Scheme, Signing, Spend};

use super::{CONTEXT, ORDER};

const RUNS: usize = 2001;

pub(super) struct Times {
    pub(super) verify_us: f64,
    pub(super) decide_us: f64,
}

pub(super) fn measure(
    module: &Module,
    (keyring, profile, bundle): (&str, &str, &[u8]),
    token: &str,
    address: SocketAddr,
    now: u64,
) -> Result<Times, Error> {
    let mut instance = module.instantiate()?;
    let (ring, profile) = (instance.keyring(keyring)?, instance.profile(profile)?);
    let bundle = instance.bundle(bundle)?;
    let key = instance.key_from_token(token)?;
    let host = format!("Host: {address}\r\n");
    let unsigned = Request {
        scheme: Scheme::Http,
        body: Body::Bytes(ORDER.as_bytes()),
        ..Request::new("POST", "/v1/orders", host.as_bytes())
    };
    let signed = instance.sign(
        &key,
        &unsigned,
        &Signing {
            nonce: "n",
            ..Signing::at(now)
        },
    )?;
    let headers = format!("{host}{}", signed.header_lines());
    let request = Request {
        headers: headers.as_bytes(),
        ..unsigned
    };

    let (mut verify, mut decide) = (Vec::with_capacity(RUNS), Vec::with_capacity(RUNS));
    for _ in 0..RUNS {
        let start = Instant::now();
        let authentic = instance.verify(&ring, &profile, now, &request)?;
        verify.push(start.elapsed().as_secs_f64());
        let verified = instance.spent(authentic, Spend::Fresh)?;
        let start = Instant::now();
        let decision = instance.authorize(verified, &bundle, CONTEXT)?;
        decide.push(start.elapsed().as_secs_f64());
        debug_assert!(decision.is_allowed());
    }
    Ok(Times {
        verify_us: median_us(verify),
        decide_us: median_us(decide),
    })
}

fn median_us(mut seconds: Vec<f64>) -> f64 {
    seconds.sort_by(f64::total_cmp);
    seconds.get(seconds.len() / 2).copied().unwrap_or(0.0) * 1e6
}
