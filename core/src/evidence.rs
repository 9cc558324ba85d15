//! Evidence: what a third party needs to check a signature, and nothing else.

use alloc::string::String;
use alloc::vec::Vec;

use crate::base64;
use crate::json::push_json_string;
use crate::key::{Algorithm, KeyId};
use crate::members::Members;
use crate::refusal::{Code, Refusal};
use crate::signature_input::SignatureInput;
use crate::structured::Cursor;
use crate::verifying_key::VerifyingKey;

/// A signature base, the signature of it, and the public key that verifies it.
///
/// The verifier holds only the public half, so it can't have made the signature: the evidence stands
/// against the owner of the key. That the public key is the owner's must be known from elsewhere. Of
/// the body it says what the base says: its digest, where `content-digest` is covered.
///
/// ```
/// use countersign_core::Evidence;
/// # let text = concat!(
/// #     r#"{"keyid":"test-key-ed25519","algorithm":"ed25519","#,
/// #     r#""public_key":"JrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=","#,
/// #     r#""base":"\"@method\": GET\n\"@path\": /demo\n\"@authority\": example.org\n"#,
/// #     r#"\"accept\": application/json, */*\n\"@signature-params\": (\"@method\" \"@path\" "#,
/// #     r#"\"@authority\" \"accept\");created=1618884473;keyid=\"test-key-ed25519\"","#,
/// #     r#""signature":"ZT1kooQsEHpZ0I1IjCqtQppOmIqlJPeo7DHR3SoMn0s5JZ1eRGS0A+vyYP9t/LXlh5QMFFQ6cpLt2m0pmj3NDA=="}"#,
/// # );
/// let evidence = Evidence::from_json(text)?;
/// evidence.verify()?;
/// assert_eq!(evidence.keyid(), "test-key-ed25519");
/// # Ok::<(), countersign_core::Refusal>(())
/// ```
#[derive(Clone, Debug)]
pub struct Evidence {
    keyid: KeyId,
    key: VerifyingKey,
    base: String,
    signature: Vec<u8>,
}

impl Evidence {
    pub(crate) fn new(keyid: &KeyId, key: VerifyingKey, base: &str, signature: &[u8]) -> Self {
        Evidence {
            keyid: keyid.clone(),
            key,
            base: base.into(),
            signature: signature.into(),
        }
    }

    /// Reads what [`Evidence::to_json`] writes.
    ///
    /// # Errors
    /// `evidence_malformed` with the place or the member, and those of [`VerifyingKey::from_bytes`].
    pub fn from_json(text: &str) -> Result<Self, Refusal> {
        let wrong = |name| Refusal::named(Code::EvidenceMalformed, name);
        let mut members = Members::read(text, Code::EvidenceMalformed)?;
        let mut text = |name| members.text(name)?.ok_or_else(|| wrong(name));
        let (keyid, algorithm, base) = (text("keyid")?, text("algorithm")?, text("base")?);
        let mut bytes = |name| base64::decode_vec(&text(name)?).ok_or_else(|| wrong(name));
        let (key, signature) = (bytes("public_key")?, bytes("signature")?);
        members.end()?;
        let algorithm = Algorithm::parse(&algorithm).map_err(|_| wrong("algorithm"))?;
        Ok(Evidence {
            keyid: KeyId::new(&keyid).map_err(|_| wrong("keyid"))?,
            key: VerifyingKey::from_bytes(algorithm, &key)?,
            base: base.into_string(),
            signature,
        })
    }

    /// One JSON object without line breaks: `keyid`, `algorithm`, `public_key` (in base64, raw as
    /// [`VerifyingKey::to_bytes`] gives it), `base`, and `signature` in base64.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut out = String::with_capacity(self.base.len() + 512);
        let (mut public_key, mut signature) = (String::new(), String::new());
        base64::push(&mut public_key, &self.key.to_bytes());
        base64::push(&mut signature, &self.signature);
        let members = [
            ("{\"keyid\":", self.keyid.as_str()),
            (",\"algorithm\":", self.key.algorithm().as_str()),
            (",\"public_key\":", &public_key),
            (",\"base\":", &self.base),
            (",\"signature\":", &signature),
        ];
        for (name, value) in members {
            out.push_str(name);
            push_json_string(&mut out, value);
        }
        out.push('}');
        out
    }

    /// Checks that the signature is the key's of the base, and that the base is one: a line for each
    /// component that its last line names, by a key with this id and algorithm.
    ///
    /// # Errors
    /// `signature_mismatch`, `evidence_malformed`.
    pub fn verify(&self) -> Result<(), Refusal> {
        if !self.key.verifies(self.base.as_bytes(), &self.signature) {
            return Err(Code::SignatureMismatch.into());
        }
        let mut lines: Vec<&str> = self.base.split('\n').collect();
        let contradicts = || Refusal::from(Code::EvidenceMalformed);
        let last = lines.pop().unwrap_or("");
        let parameters = last.strip_prefix("\"@signature-params\": ");
        let text = parameters.ok_or_else(contradicts)?;
        let mut cursor = Cursor::new("signature-params", Code::EvidenceMalformed, text);
        let input = SignatureInput::parse("", &mut cursor)?;
        let components = input.components();
        let stated = input.parameters();
        if !cursor.is_at_end()
            || stated.keyid.as_deref() != Some(self.keyid.as_str())
            || stated
                .alg
                .as_deref()
                .is_some_and(|alg| alg != self.algorithm().as_str())
            || lines.len() != components.len()
        {
            return Err(contradicts());
        }
        for (line, component) in lines.iter().zip(components) {
            let mut start = String::new();
            component.push_identifier(&mut start)?;
            start.push_str(": ");
            if !line.starts_with(&start) {
                return Err(contradicts());
            }
        }
        Ok(())
    }

    /// The id of the key.
    #[must_use]
    pub fn keyid(&self) -> &str {
        self.keyid.as_str()
    }

    /// The algorithm of the key.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.key.algorithm()
    }

    /// The key.
    #[must_use]
    pub fn public_key(&self) -> &VerifyingKey {
        &self.key
    }

    /// The bytes that were signed: what was asked for, line by line.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The signature.
    #[must_use]
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }
}
