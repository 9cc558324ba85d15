//! Signing alone, in as few bytes as a client can bundle: RFC 9421 by `hmac-sha256`, and every scheme of vendors that
//! signs with an HMAC. What `countersign-sign.wasm` is made of.
//!
//! Rows aren't read here: [`Scheme::program`](crate::scheme::Scheme::program) makes a program of one, ahead of time.
//!
//! This is a second signer beside [`Scheme::sign`](crate::scheme::Scheme::sign) and [`sign`](crate::sign()), for one can't
//! be both. What verifies shares its parts with what signs there, on texts, maps and results that carry what was wrong;
//! so written the same signers weigh half as much again (`core/tests/signer.rs` tells how they are held together: any
//! request, every row, the same bytes or both refuse). Here one buffer takes everything, nothing is allocated, a refusal is
//! remembered while the rest runs on to no effect, and one loop does all of SHA-2.
//!
//! It is stricter than [`sign`](crate::sign()): a request that has a signature already is refused (`label_duplicate`), and
//! so are the component parameters `sf`, `key`, `tr` and `req`, `CONNECT` and `*`, and a `Content-Digest` that isn't just
//! what would be written.

mod aws;
pub(crate) mod code;
mod fields;
mod json;
mod mac;
mod machine;
mod message;
mod tape;
mod token;

pub use mac::Key;

use self::code::flag;
use self::mac::Sha;
use self::tape::Span;
use crate::refusal::Code;

/// What is signed, by whom, and how far that is done. What is used most comes first: its places take a byte less.
#[repr(C)]
struct Signer<'t> {
    /// The tape: frames, and what is written behind them.
    bytes: &'t mut [u8],
    /// How much of it is written.
    here: usize,
    /// How many names and values lie at its end.
    pairs: usize,
    /// What isn't read of a JSON text.
    json: Span,
    /// What isn't read of the frame: at last the header fields.
    frame: Span,
    query: Span,
    body: Span,
    path: Span,
    target: Span,
    method: Span,
    /// Empty if the request doesn't say.
    authority: Span,
    /// What stands before the path of an absolute target.
    prefix: Span,
    is_https: bool,
    /// Whether the body's digest stands in its place.
    has_digest: bool,
    is_changed: bool,
    /// Whether the next item of a list is its first.
    is_first: bool,
    /// Of the signature.
    encoding: u8,
    fault: Option<Code>,
    /// Where the reply goes: behind the sender.
    first: usize,
    key: &'t Key,
    now_ms: u64,
    subject: Span,
    /// Header fields to set: `name: value`, and a line feed.
    lines: Span,
    /// The target to send instead.
    sent: Span,
    keyid: Span,
    passphrase: Span,
    /// `name=value`, one a line.
    options: Span,
    created: Span,
    expires: Span,
    nonce: Span,
    entropy: Span,
    label: Span,
    components: Span,
    alg: Span,
    tag: Span,
    values: [Span; 32],
}

const MIN_SECRET_BYTES: usize = 16;
const MAX_KEYID_BYTES: usize = 128;

impl<'t> Signer<'t> {
    #[inline(never)]
    fn new(bytes: &'t mut [u8], first: usize, frame: usize, key: &'t Key) -> Self {
        let frame = first + frame;
        Signer {
            bytes,
            first,
            here: frame,
            pairs: 0,
            fault: None,
            subject: Span::NONE,
            key,
            frame: Span::new(0, frame),
            keyid: Span::NONE,
            passphrase: Span::NONE,
            options: Span::NONE,
            is_https: false,
            method: Span::NONE,
            target: Span::NONE,
            has_digest: false,
            body: Span::NONE,
            created: Span::NONE,
            expires: Span::NONE,
            nonce: Span::NONE,
            entropy: Span::NONE,
            label: Span::NONE,
            components: Span::NONE,
            alg: Span::NONE,
            tag: Span::NONE,
            now_ms: 0,
            authority: Span::NONE,
            prefix: Span::NONE,
            path: Span::NONE,
            query: Span::NONE,
            is_changed: false,
            lines: Span::NONE,
            sent: Span::NONE,
            json: Span::NONE,
            values: [Span::NONE; 32],
            is_first: false,
            encoding: 0,
        }
    }

    #[inline(never)]
    fn sender(&mut self) {
        self.keyid = self.next();
        self.passphrase = self.next();
        self.options = self.next();
    }

    /// An option: the last that is set, and to something.
    #[inline(never)]
    fn option(&mut self, name: &[u8], default: &[u8]) -> Span {
        let mut rest = self.options;
        let mut found = Span::NONE;
        while rest.is_some() {
            let mut value = self.take(&mut rest, b'\n');
            if self.is(self.take(&mut value, b'='), name) {
                found = value;
            }
        }
        if found.is_empty() {
            self.written(default)
        } else {
            found
        }
    }

    /// Ends with a reply where the frame was: the number of its fields, and these; of a refusal the one that tells what
    /// it is about.
    #[inline(never)]
    fn end(&mut self) -> Option<Code> {
        let start = self.here;
        if self.fault.is_some() {
            self.put(&[1, 0, 0, 0]);
            self.push_field_of_reply(self.subject);
        } else {
            self.put(&[2 + u8::from(self.is_changed), 0, 0, 0]);
            self.push_field_of_reply(self.lines);
            self.push_field_of_reply(self.sent);
            if self.is_changed {
                self.push_field_of_reply(self.body);
            }
        }
        self.settle(self.first, start);
        let end = self.here;
        self.bytes.get_mut(end..).unwrap_or_default().fill(0);
        // A reply may not have found room.
        self.fault
    }

    #[inline(never)]
    fn push_field_of_reply(&mut self, field: Span) {
        let length = u32::try_from(field.len()).unwrap_or(0);
        self.put(&length.to_le_bytes());
        self.copy(field);
    }

    #[inline(never)]
    fn open(&mut self, program: &[u8], mut secret: Span) -> Option<Key> {
        self.sender();
        let Some(flags) = program.first().copied() else {
            if self.get(secret).starts_with(token::PREFIX) {
                secret = self.token(secret);
            }
            let length = self.keyid.len();
            if length == 0 || length > MAX_KEYID_BYTES || !self.all(self.keyid, b'!', b'~', b"\"\\")
            {
                self.refuse(Code::KeyidMalformed, Span::NONE);
            }
            if secret.len() < MIN_SECRET_BYTES {
                self.refuse(Code::SecretTooShort, Span::NONE);
            }
            return Some(Key::new(Sha::Sha256, self.get(secret)));
        };
        // What would end a header line and begin another, or a quoted text within one.
        let wrong: &[u8] = if flags & flag::QUOTED == 0 {
            b"\x7f"
        } else {
            b"\x7f\"\\"
        };
        if !self.all(self.keyid, b' ', 0xff, wrong) {
            self.refuse_named(Code::OptionsMalformed, b"keyid");
        }
        if !self.all(self.passphrase, b' ', 0xff, wrong) {
            self.refuse_named(Code::OptionsMalformed, b"passphrase");
        }
        let mut rest = self.options;
        while rest.is_some() {
            let mut option = self.take(&mut rest, b'\n');
            if !self.all(option, b' ', 0xff, wrong) {
                let name = self.take(&mut option, b'=');
                self.refuse(Code::OptionsMalformed, name);
            }
        }
        let key = self.decode(flags, secret);
        if key.is_none() {
            self.refuse(Code::SecretMalformed, Span::NONE);
        }
        key
    }

    #[inline(never)]
    fn run_verb(&mut self, program: &'t [u8], is_chunk: bool) {
        self.sender();
        let scheme = self.next();
        self.is_https = self.is(scheme, b"https");
        self.method = self.next();
        self.target = self.next();
        let kind = self.next();
        self.has_digest = !self.is(kind, b"0");
        self.body = self.next();
        if is_chunk {
            return self.sign_chunk();
        }
        if self.has_digest && !matches!(self.body.len(), 32 | 64) {
            self.refuse(Code::DigestMalformed, Span::NONE);
        }
        self.created = self.next();
        self.expires = self.next();
        self.nonce = self.next();
        self.entropy = self.next();
        self.label = self.next();
        self.components = self.next();
        self.alg = self.next();
        self.tag = self.next();
        self.now_ms = self.read_number(self.created);
        self.read(!program.is_empty());
        match program.split_first() {
            None => self.sign_fields(),
            Some((flags, _)) if flags & flag::AWS != 0 => {
                self.sign_aws(flags & flag::AWS_QUERY != 0);
            }
            Some((flags, code)) => self.sign_scheme(code, *flags),
        }
    }

    #[inline(never)]
    fn decode(&mut self, flags: u8, secret: Span) -> Option<Key> {
        let start = self.here;
        if flags & flag::AWS != 0 {
            self.put(b"AWS4");
        }
        let from = self.here;
        match (flags & flag::SECRET) >> 2 {
            0 => {
                // What was pasted with its line end would only ever give wrong signatures.
                if flags & flag::AWS == 0 && self.trim(secret) != secret {
                    return None;
                }
                self.copy(secret);
            }
            form => {
                let is_whsec = form == 3 && self.get(secret).starts_with(b"whsec_");
                if !self.unbase64(secret.after(if is_whsec { 6 } else { 0 })) {
                    return None;
                }
            }
        }
        if self.here == from {
            return None;
        }
        let sha = match flags & flag::HASH {
            0 => Sha::Sha256,
            1 => Sha::Sha384,
            _ => Sha::Sha512,
        };
        Some(Key::new(sha, self.get(self.since(start))))
    }
}

/// How many bytes of memory a frame needs, itself among them.
#[must_use]
pub const fn memory_for(frame: usize) -> usize {
    frame * 8 + (96 << 10)
}

/// Takes in the secret of a frame: scheme (empty: RFC 9421), secret, keyid, passphrase and options. What is left at the
/// start of the memory, and how long it is, is the sender for [`sign`]; or the reply. For RFC 9421 a secret that begins
/// with `csk_` is a [`Token`](crate::Token), which has its keyid in it: none is given beside it.
///
/// # Errors
/// `frame_malformed`, `scheme_unknown`, `keyid_malformed`, `secret_too_short`, `secret_malformed`, `options_malformed`,
/// `token_malformed`, `token_checksum_mismatch`.
pub fn open<'p>(
    memory: &mut [u8],
    frame: usize,
    find: impl Fn(&[u8]) -> Option<&'p [u8]>,
) -> Result<(Key, &'p [u8], usize), Code> {
    let nobody = Key::new(Sha::Sha256, b"");
    let mut signer = Signer::new(memory, 0, frame, &nobody);
    let (scheme, secret) = (signer.next(), signer.next());
    let mut program: &[u8] = b"";
    if !scheme.is_empty() {
        match find(signer.get(scheme)) {
            Some(found) => program = found,
            None => signer.refuse(Code::SchemeUnknown, scheme),
        }
    }
    let key = signer.open(program, secret);
    let start = signer.here;
    for field in [signer.keyid, signer.passphrase, signer.options] {
        signer.push_field_of_reply(field);
    }
    match (key, signer.fault) {
        (Some(key), None) => {
            signer.settle(0, start);
            let end = signer.here;
            signer.bytes.get_mut(end..).unwrap_or_default().fill(0);
            Ok((key, program, end))
        }
        _ => Err(signer.end().unwrap_or(Code::SecretMalformed)),
    }
}

/// Signs the request of a frame, or a chunk. The reply is where the frame was, behind the `sender` bytes that [`open`]
/// left: the number of its fields in four bytes; and header lines to set, the target to send instead (empty: the same),
/// and the body to send instead, if any.
///
/// # Errors
/// Those of [`sign`](crate::sign()) and of [`Scheme::sign`](crate::scheme::Scheme::sign); the one field of the reply says
/// what it is about.
pub fn sign(
    memory: &mut [u8],
    sender: usize,
    frame: usize,
    key: &Key,
    program: &[u8],
    is_chunk: bool,
) -> Result<(), Code> {
    let mut signer = Signer::new(memory, sender, frame, key);
    signer.run_verb(program, is_chunk);
    match signer.end() {
        Some(code) => Err(code),
        None => Ok(()),
    }
}
