//! A service rotates its own key.

use countersign_core::{Body, Presented, Profile, ReplayCache, Request, UnixSeconds, VerifyingKey};
use serde::Deserialize;

use super::{Custodian, CustodyError, Deed, Issued, Order};
use crate::PublicText;
use crate::authority::{Permission, Plan, Principal};

/// What the audit log says of it.
const REASON: &str = "a service rotates its own key";

/// What the request may ask for, in its body.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// For how many seconds both verify.
    overlap: Option<u64>,
    /// The next public key of a service's own pair: `csp_...`.
    public: Option<String>,
}

impl Custodian {
    /// Gives a service the successor of the key by which it signed this request, and of no other: `key.rotated` and
    /// `key.issued`.
    ///
    /// The request is `POST /v1/environments/<environment>/keys/self/rotate`, signed by the key itself, not by one
    /// that is derived of it, with a body that is empty or `{"overlap": seconds, "public": "csp_.."}`. The principal
    /// is the key, its roles are its groups: the pack `zero-trust-admin` permits it to those in `service`.
    ///
    /// A request that is sent again rotates nothing: its key has a successor then, and never gets another.
    ///
    /// # Errors
    /// Those of a signature, such as `signature_mismatch`; `no_route` for a request for something else; `forbidden`;
    /// `body_malformed`; and those of [`Custodian::rotate`].
    pub fn rotate_own(
        &self,
        request: &Request<'_>,
        now: UnixSeconds,
    ) -> Result<Issued, CustodyError> {
        let profile = Profile::new(self.environment);
        let presented = Presented::parse(request, &profile)?;
        let signed_by = presented.input().parameters().keyid.as_deref();
        let signed_by = signed_by.unwrap_or_default().to_owned();
        let ring = self.keyring_of(&signed_by, now)?;
        // See above: to send it again is of no use.
        let mut replay = ReplayCache::new(1, 0);
        let verified = presented
            .find_key(&ring, now)
            .and_then(|candidate| candidate.authenticate(now))
            .and_then(|authentic| authentic.spend(&mut replay, now))?;
        let keyid = verified.keyid();
        let environment = self.environment.as_str();
        let path = format!("/v1/environments/{environment}/keys/self/rotate");
        if verified.method() != "POST" || verified.path() != path {
            return Err(CustodyError::Refused(
                countersign_core::Code::NoRoute.into(),
            ));
        }
        // An edge holds what is derived of a key: the key itself it must never get.
        if keyid != signed_by {
            return Err(CustodyError::DerivedKey(keyid.to_owned()));
        }
        let wanted = wanted(request)?;
        let public = match &wanted.public {
            Some(text) => Some(public(text)?),
            None => None,
        };
        let entry = self.of_signer(keyid)?;
        let service = Principal {
            name: keyid.to_owned(),
            roles: entry.groups().to_vec(),
            environment: self.environment,
            second_factor_at: None,
            client_ip: None,
        };
        let order = Order::new(&service, REASON, now);
        let plan = Plan::on(Permission::RotateOwnKey, keyid);
        let deed = Deed {
            plan: &plan,
            name: "key.rotated",
            withdraw: false,
        };
        self.give_successor(&order, &deed, keyid, wanted.overlap, public.as_ref())
    }
}

fn wanted(request: &Request<'_>) -> Result<Wanted, CustodyError> {
    let malformed = || CustodyError::Refused(countersign_core::Code::BodyMalformed.into());
    match &request.body {
        Body::Bytes([]) => Ok(Wanted::default()),
        Body::Bytes(bytes) => serde_json::from_slice(bytes).map_err(|_| malformed()),
        Body::Digest(_) => Err(malformed()),
    }
}

fn public(text: &str) -> Result<VerifyingKey, CustodyError> {
    let malformed = || CustodyError::Refused(countersign_core::Code::PublicKeyMalformed.into());
    let text = PublicText::parse(text).map_err(|_| malformed())?;
    Ok(text.key().clone())
}
