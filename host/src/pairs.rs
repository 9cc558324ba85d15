//! Verbs for pairs of keys: signing by the private half, responses, and evidence.

use countersign_wasm::dispatch::number;

use crate::error::Error;
use crate::frame::Field;
use crate::instance::Instance;
use crate::request::{Request, Response, Signed, Signing};
use crate::states::{Authentic, AuthenticResponse, Key, Profile, Ring};
use crate::verbs::{body_fields, filled, request_fields, signed, signing_fields};

impl Instance {
    /// Opens an Ed25519 key of its id and its private key: 32 random bytes.
    ///
    /// # Errors
    /// `keyid_malformed`, `private_key_malformed`.
    pub fn ed25519(&mut self, keyid: &str, private: &[u8]) -> Result<Key, Error> {
        let fields = [keyid.into(), "ed25519".into(), Field::Bytes(private)];
        self.open(number::private_key_open, &fields).map(Key)
    }

    /// Opens the key of an unencrypted PKCS#8 structure in DER: Ed25519 (RFC 8410).
    ///
    /// # Errors
    /// `keyid_malformed`, `private_key_malformed`.
    pub fn pkcs8(&mut self, keyid: &str, der: &[u8]) -> Result<Key, Error> {
        let fields = [keyid.into(), "".into(), Field::Bytes(der)];
        self.open(number::private_key_open, &fields).map(Key)
    }

    /// Signs a response to a request. Without components it covers `@status`, of the request `@method
    /// @authority @path @query`, and `content-digest` where there is a body.
    ///
    /// # Errors
    /// As [`Instance::sign`].
    pub fn sign_response(
        &mut self,
        key: &Key,
        request: &Request<'_>,
        response: &Response<'_>,
        signing: &Signing<'_>,
    ) -> Result<Signed, Error> {
        let key = Field::Number(self.own(&key.0)?);
        let components = signing.components.join("\n");
        let fields = [
            &[key][..],
            &request_fields(request),
            &response_fields(response),
            &signing_fields(signing, &components),
        ];
        self.call(number::sign_response, &fields.concat(), signed)
    }

    /// Verifies at `now` (seconds since 1970) what was answered to a request, as that was sent. The
    /// profile is one for responses: it requires such as `"@method";req`, and no nonce.
    ///
    /// # Errors
    /// Every refusal of a signature.
    ///
    /// ```
    /// use countersign::{Module, Request, Response, Signing};
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mut instance = Module::embedded()?.instantiate()?;
    /// let now = 1_800_000_000;
    /// let request = Request::new("GET", "/v1/markets", b"Host: api.example.com\r\n");
    /// let plain = Response::new(200, b"", b"[]");
    /// let key = instance.ed25519("server-1", &[7; 32])?;
    /// let lines = instance.sign_response(&key, &request, &plain, &Signing::at(now))?.header_lines();
    ///
    /// // The client has only the public half.
    /// let ring = r#"{"keys": [{"keyid": "server-1", "environment": "live", "algorithm": "ed25519",
    ///     "public_key": "6kpsY+KcUgq+9VB7Ey7F+ZVHdq6+vnuSQh7qaRRG0iw="}]}"#;
    /// let profile = r#"{"environment": "live", "nonce_required": false,
    ///     "required": ["@status", "\"@method\";req", "\"@path\";req"]}"#;
    /// let (ring, profile) = (instance.keyring(ring)?, instance.profile(profile)?);
    /// let received = Response { headers: lines.as_bytes(), ..plain };
    /// let authentic = instance.verify_response(&ring, &profile, now, &request, &received)?;
    /// assert_eq!(authentic.keyid, "server-1");
    /// assert!(authentic.evidence.is_some());
    /// # Ok(())
    /// # }
    /// ```
    pub fn verify_response(
        &mut self,
        ring: &Ring,
        profile: &Profile,
        now: u64,
        request: &Request<'_>,
        response: &Response<'_>,
    ) -> Result<AuthenticResponse, Error> {
        let against = [self.own(&ring.0)?, self.own(&profile.0)?, now].map(Field::Number);
        let fields = [
            &against[..],
            &request_fields(request),
            &response_fields(response),
        ];
        self.call(number::verify_response, &fields.concat(), |reply| {
            Ok(AuthenticResponse {
                keyid: reply.text()?.to_owned(),
                evidence: filled(reply.text()?),
            })
        })
    }

    /// What proves to anybody who signed a request, as JSON (see `countersign_core::Evidence`); none where
    /// the key is a shared secret, by which the verifier could have signed itself.
    ///
    /// # Errors
    /// `handle_unknown` for a request of another instance.
    pub fn evidence(&mut self, authentic: &Authentic) -> Result<Option<String>, Error> {
        let fields = [Field::Number(self.own(&authentic.handle)?)];
        self.call(number::evidence, &fields, |reply| Ok(filled(reply.text()?)))
    }
}

/// Status, headers, kind of body and body.
fn response_fields<'r>(response: &'r Response<'r>) -> [Field<'r>; 4] {
    let [kind, body] = body_fields(&response.body);
    [
        Field::Number(response.status.into()),
        Field::Bytes(response.headers),
        kind,
        body,
    ]
}
