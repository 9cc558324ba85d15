//! httpsig. It knows no messages and no digests: the caller hands it the value of each component, and makes and
//! compares `Content-Digest`. No header line is parsed for it; ours parses them.

use core::hint::black_box;

use anyhow::{Context as _, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_core::Algorithm;
use countersign_httpsig::{Key, SECRET};
use httpsig::prelude::message_component::{HttpMessageComponent, HttpMessageComponentId};
use httpsig::prelude::{HttpSignatureBase, HttpSignatureHeaders, HttpSignatureParams};
use sha2::{Digest as _, Sha256};

use crate::order::{AUTHORITY, Fields, ID, NONCE, NOW, Order, PATH, QUERY};

const COMPONENTS: [&str; 5] = ["@method", "@authority", "@path", "@query", "content-digest"];

pub(crate) struct Theirs {
    key: Key,
    with_body: Vec<HttpMessageComponentId>,
    without: Vec<HttpMessageComponentId>,
}

impl Theirs {
    pub(crate) fn new() -> Result<Self> {
        let ids = COMPONENTS
            .iter()
            .map(|name| HttpMessageComponentId::try_from(*name))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Theirs {
            key: Key::theirs(Algorithm::HmacSha256, SECRET)?,
            without: ids.iter().take(4).cloned().collect(),
            with_body: ids,
        })
    }

    pub(crate) fn sign(&self, order: &Order) -> Result<Fields> {
        let digest = digest(black_box(&order.body));
        let ids = if digest.is_some() {
            &self.with_body
        } else {
            &self.without
        };
        let mut parameters = HttpSignatureParams::try_new(ids)?;
        parameters.set_created(NOW).set_nonce(NONCE).set_keyid(ID);
        let base = base(&parameters, digest.as_deref())?;
        let headers = base.build_signature_headers(&self.key, Some("sig1"))?;
        Ok(Fields::new(
            headers.signature_input_header_value(),
            headers.signature_header_value(),
            digest,
        ))
    }

    pub(crate) fn verify(&self, order: &Order, fields: &Fields) -> Result<()> {
        let all = HttpSignatureHeaders::try_parse(
            black_box(&fields.signature),
            black_box(&fields.signature_input),
        )?;
        let headers = all.get("sig1").context("no such label")?;
        let parameters = headers.signature_params();
        ensure!(parameters.keyid.as_deref() == Some(ID), "an unknown key");
        ensure!(
            parameters
                .created
                .is_some_and(|created| created.abs_diff(NOW) <= 300),
            "too old"
        );
        let digest = digest(black_box(&order.body));
        ensure!(digest == fields.content_digest, "another body");
        let base = base(parameters, digest.as_deref())?;
        Ok(base.verify_signature_headers(&self.key, headers)?)
    }
}

fn base(parameters: &HttpSignatureParams, digest: Option<&str>) -> Result<HttpSignatureBase> {
    let values = ["POST", AUTHORITY, PATH, QUERY].into_iter().chain(digest);
    let components = parameters
        .covered_components
        .iter()
        .zip(values)
        .map(|(id, value)| HttpMessageComponent::try_from((id, &[value.to_owned()][..])))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(HttpSignatureBase::try_new(&components, parameters)?)
}

fn digest(body: &[u8]) -> Option<String> {
    let digest = || format!("sha-256=:{}:", STANDARD.encode(Sha256::digest(body)));
    (!body.is_empty()).then(digest)
}
