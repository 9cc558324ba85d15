//! What the module does with vendors' schemes: one function a verb.

use alloc::vec::Vec;
use core::time::Duration;

use countersign_core::scheme::{Credentials, Moment, Scheme};
use countersign_core::{Code, Refusal};

use crate::frame::Reply;
use crate::handles::Handles;
use crate::request::RequestParts;

/// Opens a scheme: a built-in one by its name, or the text of a row. Found: handle, name.
///
/// # Errors
/// `scheme_unknown`, `scheme_malformed` with the line.
pub fn scheme_open(handles: &mut Handles, reply: &mut Reply, text: &str) -> Result<(), Refusal> {
    // A row has several lines, a name is one word.
    let scheme = if text.contains(['\n', '=']) {
        Scheme::from_toml(text)?
    } else {
        Scheme::named(text)?
    };
    let name = scheme.name().as_bytes().to_vec();
    reply.number(handles.insert(scheme)?);
    reply.bytes(&name);
    Ok(())
}

/// Opens what a vendor gave to its customer. Options are `name=value`, one a line. Found: handle.
///
/// # Errors
/// `options_malformed` for an option without `=`.
pub fn credentials_open(
    handles: &mut Handles,
    reply: &mut Reply,
    keyid: &str,
    secret: &[u8],
    passphrase: &str,
    options: &str,
) -> Result<(), Refusal> {
    let mut credentials = Credentials::new(keyid, secret).passphrase(passphrase);
    for option in options.lines() {
        let (name, value) = option
            .split_once('=')
            .ok_or_else(|| Refusal::about(Code::OptionsMalformed, option))?;
        credentials = credentials.option(name, value);
    }
    reply.number(handles.insert(credentials)?);
    Ok(())
}

/// When, and with what nonce, a vendor's request is signed.
#[derive(Clone, Copy, Debug)]
pub struct MomentParts<'a> {
    /// Milliseconds since 1970.
    pub now_ms: u64,
    /// The nonce; empty: one that the scheme makes.
    pub nonce: &'a str,
    /// 16 bytes from a CSPRNG; none are needed where no nonce is to be made of them.
    pub entropy: &'a [u8],
}

impl<'a> MomentParts<'a> {
    fn read(&self, scheme: &Scheme) -> Result<Moment<'a>, Refusal> {
        let entropy = match self.entropy {
            [] if !self.nonce.is_empty() || !scheme.needs_entropy() => [0; 16],
            bytes => bytes.try_into().map_err(|_| Code::OptionsMalformed)?,
        };
        let moment = Moment::new(self.now_ms, entropy);
        Ok(if self.nonce.is_empty() {
            moment
        } else {
            moment.nonce(self.nonce)
        })
    }
}

/// Signs a request as a vendor wants it. Found: the header lines to set (`name: value`), the target to
/// send, the body to send; each of the last two with a number before it, 0 for as it was.
///
/// # Errors
/// Those of [`Scheme::sign`].
pub fn scheme_sign(
    handles: &mut Handles,
    reply: &mut Reply,
    scheme: u64,
    credentials: u64,
    request: &RequestParts<'_>,
    moment: &MomentParts<'_>,
) -> Result<(), Refusal> {
    let (scheme, credentials) = handles.pair::<Scheme, Credentials>(scheme, credentials)?;
    credentials.prepare(scheme, moment.now_ms);
    let signed = scheme.sign(&request.read()?, credentials, &moment.read(scheme)?)?;
    let mut lines = Vec::with_capacity(256);
    for (name, value) in &signed.headers {
        for part in [name, ": ", value, "\n"] {
            lines.extend_from_slice(part.as_bytes());
        }
    }
    reply.bytes(lines.strip_suffix(b"\n").unwrap_or(&lines));
    for part in [&signed.target, &signed.body] {
        reply.number(u64::from(part.is_some()));
        reply.text(part.as_deref().unwrap_or(""));
    }
    Ok(())
}

/// The string that [`scheme_sign`] would sign. Found: its bytes.
///
/// # Errors
/// Those of [`Scheme::base`].
pub fn scheme_base(
    handles: &mut Handles,
    reply: &mut Reply,
    scheme: u64,
    credentials: u64,
    request: &RequestParts<'_>,
    moment: &MomentParts<'_>,
) -> Result<(), Refusal> {
    let (scheme, credentials) = handles.pair::<Scheme, Credentials>(scheme, credentials)?;
    reply.bytes(&scheme.base(&request.read()?, credentials, &moment.read(scheme)?)?);
    Ok(())
}

/// The canonical request of AWS Signature Version 4. Found: its text; empty for another scheme.
///
/// # Errors
/// Those of [`Scheme::canonical_request`].
#[cfg(feature = "complete")]
pub fn scheme_canonical_request(
    handles: &mut Handles,
    reply: &mut Reply,
    scheme: u64,
    credentials: u64,
    request: &RequestParts<'_>,
    moment: &MomentParts<'_>,
) -> Result<(), Refusal> {
    let (scheme, credentials) = handles.pair::<Scheme, Credentials>(scheme, credentials)?;
    let canonical =
        scheme.canonical_request(&request.read()?, credentials, &moment.read(scheme)?)?;
    reply.text(canonical.as_deref().unwrap_or(""));
    Ok(())
}

/// Found: the keyid that a request presents; empty if it has none.
///
/// # Errors
/// Those of [`Scheme::presented_keyid`].
pub fn scheme_keyid(
    handles: &mut Handles,
    reply: &mut Reply,
    scheme: u64,
    request: &RequestParts<'_>,
) -> Result<(), Refusal> {
    let scheme = handles.get::<Scheme>(scheme)?;
    let keyid = scheme.presented_keyid(&request.read()?)?;
    reply.text(keyid.as_deref().unwrap_or(""));
    Ok(())
}

/// Verifies a vendor's request under any of the credentials, whose handles are 8 bytes each. Found: the
/// place of the one that signed, its keyid, the time that was signed in milliseconds (0: none), the
/// nonce or message id, whether the body is covered, and the replay token with its keep-until.
///
/// # Errors
/// Those of [`Scheme::verify`].
pub fn scheme_verify(
    handles: &mut Handles,
    reply: &mut Reply,
    scheme: u64,
    credentials: &[u8],
    request: &RequestParts<'_>,
    now_ms: u64,
    tolerance: &[u8],
) -> Result<(), Refusal> {
    let (numbers, rest) = credentials.as_chunks();
    if !rest.is_empty() {
        return Err(Code::FrameMalformed.into());
    }
    for number in numbers {
        let number = u64::from_le_bytes(*number);
        let (scheme, credentials) = handles.pair::<Scheme, Credentials>(scheme, number)?;
        credentials.prepare(scheme, now_ms);
    }
    let mut borrowed = Vec::with_capacity(numbers.len());
    for number in numbers {
        borrowed.push(handles.share::<Credentials>(u64::from_le_bytes(*number))?);
    }
    let tolerance = match tolerance {
        [] => None,
        bytes => {
            let bytes = bytes.try_into().map_err(|_| Code::FrameMalformed)?;
            Some(Duration::from_millis(u64::from_le_bytes(bytes)))
        }
    };
    let scheme = handles.share::<Scheme>(scheme)?;
    let authentic = scheme.verify(&request.read()?, &borrowed, now_ms, tolerance)?;
    let place = authentic.credential();
    reply.number(u64::try_from(place).unwrap_or(u64::MAX));
    reply.text(
        borrowed
            .get(place)
            .map_or("", |credentials| credentials.keyid()),
    );
    reply.number(authentic.timestamp_ms().unwrap_or(0));
    reply.text(authentic.nonce().unwrap_or(""));
    reply.number(u64::from(authentic.covers_body()));
    reply.bytes(authentic.replay_token().id());
    reply.number(authentic.replay_token().keep_until().get());
    Ok(())
}

/// What a scheme covers. Found: title, the page that describes it, algorithm; `yes`, `partly` or `no` for
/// method, host, path, query and body; the window in milliseconds (empty: none), whether the sender sets
/// the expiry, whether a nonce is signed, and notes, one a line.
///
/// # Errors
/// `handle_unknown`.
pub fn scheme_describe(
    handles: &mut Handles,
    reply: &mut Reply,
    scheme: u64,
) -> Result<(), Refusal> {
    let scheme = handles.get::<Scheme>(scheme)?;
    let coverage = scheme.coverage();
    for text in [
        scheme.title(),
        scheme.documentation(),
        scheme.algorithm().as_str(),
    ] {
        reply.text(text);
    }
    for covered in [
        coverage.method,
        coverage.host,
        coverage.path,
        coverage.query,
        coverage.body,
    ] {
        reply.text(covered.as_str());
    }
    match coverage.window_ms {
        Some(window) => reply.number(window),
        None => reply.bytes(b""),
    }
    reply.number(u64::from(coverage.sender_sets_expiry));
    reply.number(u64::from(coverage.nonce));
    reply.lines(coverage.notes.iter().map(alloc::string::String::as_str));
    Ok(())
}
