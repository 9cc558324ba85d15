//! The verbs of the module, as methods of an instance.

use countersign_core::{Body, DigestAlgorithm};
use countersign_wasm::dispatch::number;
use zeroize::Zeroizing;

use crate::error::Error;
use crate::frame::{Field, Reply};
use crate::instance::Instance;
use crate::query::Query;
use crate::request::{Inspection, Request, Signed, Signing};
use crate::states::{
    Authentic, BundleHandle, Closable, Decision, Digest, EntitiesHandle, Key, PolicyAnswer,
    Profile, ReplayCache, Ring, Verified,
};

impl Instance {
    /// Opens the key of a token.
    ///
    /// # Errors
    /// `token_malformed`, `token_checksum_mismatch`.
    pub fn key_from_token(&mut self, token: &str) -> Result<Key, Error> {
        self.open(number::key_from_token, &[token.into()]).map(Key)
    }

    /// Opens a key of a keyid and a secret of at least 16 bytes.
    ///
    /// # Errors
    /// `keyid_malformed`, `secret_too_short`.
    pub fn key_open(&mut self, keyid: &str, secret: &[u8]) -> Result<Key, Error> {
        self.open(number::key_open, &[keyid.into(), Field::Bytes(secret)])
            .map(Key)
    }

    /// The environment and the keyid of a token, if it is one.
    ///
    /// # Errors
    /// `token_malformed`, `token_checksum_mismatch`.
    pub fn token_check(&mut self, token: &str) -> Result<(String, String), Error> {
        self.call(number::token_check, &[token.into()], |reply| {
            Ok((reply.text()?.to_owned(), reply.text()?.to_owned()))
        })
    }

    /// Opens a keyring from JSON (see `countersign_core::KeyRing::from_json`).
    ///
    /// # Errors
    /// `keyring_malformed`, and those of a token or secret in it.
    pub fn keyring(&mut self, json: &str) -> Result<Ring, Error> {
        self.open(number::keyring_open, &[json.into()]).map(Ring)
    }

    /// Opens the keyring of an edge from the JSON of whom it trusts (see
    /// `countersign_core::snapshot::Trust::from_json`). Snapshots fill it.
    ///
    /// # Errors
    /// `trust_malformed`, `scope_malformed`, and those of a public key.
    pub fn edge(&mut self, trust: &str) -> Result<Ring, Error> {
        self.open(number::edge_open, &[trust.into()]).map(Ring)
    }

    /// Loads a snapshot, or a delta, into the keyring of an edge; gives its version, and how many keys there are
    /// now. After an error it has what it had.
    ///
    /// # Errors
    /// Those of `countersign_core::KeyRing::load`.
    pub fn load_snapshot(
        &mut self,
        ring: &Ring,
        now: u64,
        snapshot: &[u8],
    ) -> Result<(u64, u64), Error> {
        let numbers = [self.own(&ring.0)?, now].map(Field::Number);
        let fields = [&numbers[..], &[Field::Bytes(snapshot)]].concat();
        self.call(number::snapshot_load, &fields, |reply| {
            Ok((reply.number()?, reply.number()?))
        })
    }

    /// Opens what is derived of a key for one region and the day of a time (see
    /// `countersign_core::SigningKey::derive`).
    ///
    /// # Errors
    /// `scope_malformed`, `algorithm_mismatch`.
    pub fn derive_key(
        &mut self,
        key: &Key,
        environment: &str,
        region: &str,
        at: u64,
    ) -> Result<Key, Error> {
        let key = Field::Number(self.own(&key.0)?);
        let fields = [key, environment.into(), region.into(), Field::Number(at)];
        self.open(number::key_derive, &fields).map(Key)
    }

    /// Opens a profile from JSON (see `countersign_core::Profile::from_json`).
    ///
    /// # Errors
    /// `profile_malformed`.
    pub fn profile(&mut self, json: &str) -> Result<Profile, Error> {
        self.open(number::profile_open, &[json.into()]).map(Profile)
    }

    /// Opens a policy bundle.
    ///
    /// # Errors
    /// `bundle_not_a_bundle`, `bundle_truncated`, `bundle_format_unsupported`,
    /// `bundle_digest_mismatch`, `bundle_malformed`.
    pub fn bundle(&mut self, bytes: &[u8]) -> Result<BundleHandle, Error> {
        self.open(number::bundle_open, &[Field::Bytes(bytes)])
            .map(BundleHandle)
    }

    /// Takes from now on only bundles of these publishers, in JSON (see
    /// `countersign_core::Publishers::from_json`), and none older than was taken before. It can't be
    /// undone.
    ///
    /// # Errors
    /// `publishers_malformed`; those pinned before stay then.
    pub fn pin_publishers(&mut self, json: &str) -> Result<(), Error> {
        self.call(number::publishers_pin, &[json.into()], |_| Ok(()))
    }

    /// Links entities, a JSON list in Cedar's format, to a bundle, to be asked about by
    /// [`Instance::decide`].
    ///
    /// # Errors
    /// `entities_malformed`.
    pub fn entities(&mut self, bundle: &BundleHandle, json: &str) -> Result<EntitiesHandle, Error> {
        let bundle = Field::Number(self.own(&bundle.0)?);
        self.open(number::entities_open, &[bundle, json.into()])
            .map(EntitiesHandle)
    }

    /// Asks policy alone: for who has authenticated the request already.
    ///
    /// # Errors
    /// `context_malformed`. A denial is an answer, not an error.
    pub fn decide(
        &mut self,
        entities: &EntitiesHandle,
        query: &Query,
    ) -> Result<PolicyAnswer, Error> {
        let entities = Field::Number(self.own(&entities.0)?);
        let fields = [entities, Field::Bytes(query.as_bytes())];
        self.call(number::decide, &fields, |reply| {
            Ok(PolicyAnswer {
                is_allowed: reply.text()? == "allow",
                reasons: reply.lines()?,
                errors: reply.lines()?,
            })
        })
    }

    /// Opens a replay cache for `capacity` live tokens, seeded by the system's CSPRNG.
    ///
    /// # Errors
    /// [`Error::NoEntropy`]; `options_malformed` for a capacity of 0 or over 16 million;
    /// [`Error::Trapped`] if it doesn't fit into [`Limits::memory`](crate::Limits::memory).
    pub fn replay(&mut self, capacity: usize) -> Result<ReplayCache, Error> {
        let seed = getrandom::u64().map_err(|error| Error::NoEntropy(error.to_string()))?;
        let capacity = u64::try_from(capacity).unwrap_or(u64::MAX);
        self.open(
            number::replay_open,
            &[Field::Number(capacity), Field::Number(seed)],
        )
        .map(ReplayCache)
    }

    /// Signs a request.
    ///
    /// # Errors
    /// `options_malformed`, `component_missing`, and others that a request can cause.
    pub fn sign(
        &mut self,
        key: &Key,
        request: &Request<'_>,
        signing: &Signing<'_>,
    ) -> Result<Signed, Error> {
        let key = Field::Number(self.own(&key.0)?);
        // Who signs has no peer.
        let request = Request {
            peer: None,
            ..*request
        };
        let components = signing.components.join("\n");
        let options = signing_fields(signing, &components);
        let fields = [&[key][..], &request_fields(&request), &options].concat();
        self.call(number::sign, &fields, signed)
    }

    /// Verifies a request at `now` (seconds since 1970), up to its replay token.
    ///
    /// # Errors
    /// Every refusal of a signature.
    pub fn verify(
        &mut self,
        ring: &Ring,
        profile: &Profile,
        now: u64,
        request: &Request<'_>,
    ) -> Result<Authentic, Error> {
        let against = [self.own(&ring.0)?, self.own(&profile.0)?, now].map(Field::Number);
        let fields = [&against[..], &request_fields(request)].concat();
        let (number, keyid, token, keep_until) = self.call(number::verify, &fields, |reply| {
            let number = reply.number()?;
            let keyid = reply.text()?.to_owned();
            let token = reply
                .bytes()?
                .try_into()
                .map_err(|_| Error::Trapped("its token is not 16 bytes".into()))?;
            Ok((number, keyid, token, reply.number()?))
        })?;
        Ok(Authentic {
            handle: self.handle(number),
            keyid,
            token,
            keep_until,
        })
    }

    /// Spends the replay token in a cache of this instance.
    ///
    /// # Errors
    /// `replayed`, `replay_cache_full`.
    pub fn spend(
        &mut self,
        authentic: Authentic,
        replay: &ReplayCache,
        now: u64,
    ) -> Result<Verified, Error> {
        let fields = [self.own(&authentic.handle)?, self.own(&replay.0)?, now].map(Field::Number);
        let handle = self.open(number::spend, &fields)?;
        Ok(Verified {
            handle,
            keyid: authentic.keyid,
        })
    }

    /// Goes on with the answer of another replay store: whether it had room and the token was new.
    ///
    /// # Errors
    /// `replayed`, `replay_cache_full`, `replay_store_unavailable`.
    pub fn spent(
        &mut self,
        authentic: Authentic,
        answer: countersign_core::Spend,
    ) -> Result<Verified, Error> {
        use countersign_core::Spend;
        let answer = match answer {
            Spend::Fresh => 0,
            Spend::Replayed => 1,
            Spend::Full => 2,
            Spend::Unavailable => 3,
        };
        let fields = [self.own(&authentic.handle)?, answer].map(Field::Number);
        let handle = self.open(number::spent, &fields)?;
        Ok(Verified {
            handle,
            keyid: authentic.keyid,
        })
    }

    /// Asks policy. `context` is a JSON object of Cedar values, or empty.
    ///
    /// # Errors
    /// `context_malformed`. A denial is a [`Decision`], not an error.
    pub fn authorize(
        &mut self,
        verified: Verified,
        bundle: &BundleHandle,
        context: &str,
    ) -> Result<Decision, Error> {
        let Verified { handle, .. } = verified;
        let fields = [
            Field::Number(self.own(&handle)?),
            Field::Number(self.own(&bundle.0)?),
            context.into(),
        ];
        self.call(number::authorize, &fields, |reply| {
            Ok(Decision {
                effect: reply.text()?.to_owned(),
                code: reply.text()?.to_owned(),
                action: reply.text()?.to_owned(),
                resource_type: reply.text()?.to_owned(),
                resource_id: reply.text()?.to_owned(),
                reasons: reply.lines()?,
                errors: reply.lines()?,
                explanations: reply.lines()?,
                record: reply.text()?.to_owned(),
                problem: filled(reply.text()?),
            })
        })
    }

    /// Shows what a message's signature covers; `status` makes it a response.
    ///
    /// # Errors
    /// `signature_missing`, `signature_ambiguous`, and those of a malformed signature.
    pub fn inspect(
        &mut self,
        request: &Request<'_>,
        status: Option<u16>,
        label: &str,
    ) -> Result<Inspection, Error> {
        let options = [Field::Number(status.unwrap_or(0).into()), label.into()];
        let fields = [&request_fields(request)[..], &options].concat();
        self.call(number::inspect, &fields, |reply| {
            Ok(Inspection {
                label: reply.text()?.to_owned(),
                parameters: reply.text()?.to_owned(),
                covered: reply.lines()?,
                base: reply.text()?.to_owned(),
            })
        })
    }

    /// Starts the digest of a body that arrives in pieces.
    ///
    /// # Errors
    /// Those of a stopped instance.
    pub fn digest_open(&mut self, algorithm: DigestAlgorithm) -> Result<Digest, Error> {
        self.open(number::digest_open, &[algorithm.as_str().into()])
            .map(Digest)
    }

    /// Adds a piece of the body.
    ///
    /// # Errors
    /// `handle_unknown` for a digest of another instance.
    pub fn digest_update(&mut self, digest: &Digest, piece: &[u8]) -> Result<(), Error> {
        let fields = [Field::Number(self.own(&digest.0)?), Field::Bytes(piece)];
        self.call(number::digest_update, &fields, |_| Ok(()))
    }

    /// Ends the digest: its bytes, and the value of `Content-Digest`.
    ///
    /// # Errors
    /// `handle_unknown` for a digest of another instance.
    pub fn digest_finish(&mut self, digest: Digest) -> Result<(Vec<u8>, String), Error> {
        let Digest(handle) = digest;
        let fields = [Field::Number(self.own(&handle)?)];
        self.call(number::digest_finish, &fields, |reply| {
            Ok((reply.bytes()?.to_vec(), reply.text()?.to_owned()))
        })
    }

    /// Checks `content-digest` or `repr-digest` among `headers` against a body: whether there is one.
    ///
    /// # Errors
    /// `digest_malformed`, `digest_algorithm_unsupported`, `digest_mismatch`.
    pub fn digest_check(
        &mut self,
        field: &str,
        headers: &[u8],
        body: &[u8],
    ) -> Result<bool, Error> {
        let fields = [field.into(), Field::Bytes(headers), Field::Bytes(body)];
        self.call(number::digest_check, &fields, |reply| {
            Ok(reply.number()? == 1)
        })
    }

    /// The HMAC-SHA-256 of a message under a raw key, for published vectors.
    ///
    /// # Errors
    /// Those of a stopped instance.
    pub fn mac(&mut self, key: &[u8], message: &[u8]) -> Result<Vec<u8>, Error> {
        self.call(
            number::mac,
            &[Field::Bytes(key), Field::Bytes(message)],
            |reply| Ok(reply.bytes()?.to_vec()),
        )
    }

    /// Drops what a handle stands for, before the instance is dropped.
    ///
    /// # Errors
    /// `handle_unknown` for a handle of another instance.
    pub fn close(&mut self, handle: impl Closable) -> Result<(), Error> {
        let fields = [Field::Number(self.own(&handle.into_handle())?)];
        self.call(number::close, &fields, |_| Ok(()))
    }
}

/// Makes a token from the system's CSPRNG, for `dev`, `test` or `live`. It is wiped when dropped, and
/// the module forgets it at once.
///
/// # Errors
/// [`Error::NoEntropy`]; `token_malformed` for another environment, or a keyid that is not 1 to 32
/// lower-case letters and digits.
pub fn generate_token(
    instance: &mut Instance,
    environment: &str,
    keyid: &str,
) -> Result<Zeroizing<String>, Error> {
    let mut entropy = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *entropy).map_err(|error| Error::NoEntropy(error.to_string()))?;
    let fields = [environment.into(), keyid.into(), Field::Bytes(&*entropy)];
    let token = instance.call(number::token_generate, &fields, |reply| {
        Ok(Zeroizing::new(reply.text()?.to_owned()))
    })?;
    instance.forget()?;
    Ok(token)
}

/// Label, components, created, expires, nonce, tag, and whether to state the algorithm.
pub(crate) fn signing_fields<'f>(signing: &Signing<'f>, components: &'f str) -> [Field<'f>; 7] {
    [
        signing.label.into(),
        components.into(),
        Field::Number(signing.created),
        Field::Number(signing.expires.unwrap_or(0)),
        signing.nonce.into(),
        signing.tag.into(),
        Field::Number(signing.with_algorithm.into()),
    ]
}

/// The fields to add to a message.
pub(crate) fn signed(reply: &mut Reply<'_>) -> Result<Signed, Error> {
    Ok(Signed {
        signature_input: reply.text()?.to_owned(),
        signature: reply.text()?.to_owned(),
        content_digest: filled(reply.text()?),
    })
}

/// A text, if it is not empty.
pub(crate) fn filled(text: &str) -> Option<String> {
    Some(text)
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
}

/// Scheme, method, target, headers, kind of body, body and peer, as every verb takes a request.
pub(crate) fn request_fields<'r>(request: &'r Request<'r>) -> [Field<'r>; 7] {
    let [kind, body] = body_fields(&request.body);
    [
        request.scheme.as_str().into(),
        request.method.into(),
        request.target.into(),
        Field::Bytes(request.headers),
        kind,
        body,
        request.peer.unwrap_or("").into(),
    ]
}

/// Kind of body, and body.
pub(crate) fn body_fields<'b>(body: &'b Body<'b>) -> [Field<'b>; 2] {
    let (kind, body) = match body {
        Body::Bytes(bytes) => (0, *bytes),
        Body::Digest(digest) => match digest.algorithm() {
            DigestAlgorithm::Sha256 => (1, digest.as_bytes()),
            DigestAlgorithm::Sha512 => (2, digest.as_bytes()),
        },
    };
    [Field::Number(kind), Field::Bytes(body)]
}
