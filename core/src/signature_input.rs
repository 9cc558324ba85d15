//! `Signature-Input` and `Signature`: what is covered, by which parameters, and the value
//! (RFC 9421 sections 2.3, 4.1 and 4.2).

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use crate::components::Component;
use crate::headers::Headers;
use crate::instant::UnixSeconds;
use crate::refusal::{Code, Refusal};
use crate::signature_value::SignatureValue;
use crate::structured::{Cursor, Raw, push_member};

pub(crate) const MAX_COMPONENTS: usize = 64;
// These two keep the search for what occurs twice short.
const MAX_PARAMETERS: usize = 32;
pub(crate) const MAX_SIGNATURES: usize = 16;
const MAX_NONCE_BYTES: usize = 256;

/// The signature parameters (RFC 9421 section 2.3), escapes resolved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters<'a> {
    /// When the signature was made.
    pub created: Option<UnixSeconds>,
    /// After when it no longer counts.
    pub expires: Option<UnixSeconds>,
    /// A value that its key uses once.
    pub nonce: Option<Cow<'a, str>>,
    /// The algorithm. The key's own algorithm is what is used; this is only compared with it.
    pub alg: Option<Cow<'a, str>>,
    /// Which key made the signature.
    pub keyid: Option<Cow<'a, str>>,
    /// What application the signature is for.
    pub tag: Option<Cow<'a, str>>,
}

/// One member of `Signature-Input`.
#[derive(Clone, Debug)]
pub struct SignatureInput<'a>(Box<Parts<'a>>);

/// In one place while the member goes from hand to hand.
#[derive(Clone, Debug)]
struct Parts<'a> {
    label: &'a str,
    components: Cow<'a, [Component<'a>]>,
    parameters: Parameters<'a>,
    /// Inner list and parameters, as a serialiser writes them.
    text: Cow<'a, str>,
    /// Why what is covered isn't known.
    unknown: Option<Refusal>,
}

impl<'a> SignatureInput<'a> {
    /// The label that pairs it with a member of `Signature`.
    #[must_use]
    pub fn label(&self) -> &'a str {
        self.0.label
    }

    /// The names of the covered components, in order, such as `@method` or `content-digest`.
    pub fn covered(&self) -> impl Iterator<Item = &'a str> + '_ {
        self.0.components.iter().map(Component::name)
    }

    /// Whether the message's own component of this name is covered, and the whole of it: neither one
    /// with `req` nor one with `tr` counts, nor one with `key`.
    #[must_use]
    pub fn covers(&self, name: &str) -> bool {
        let mut whole = self.0.components.iter().filter(|one| one.is_whole());
        whole.any(|covered| covered.name() == name)
    }

    /// The signature parameters.
    #[must_use]
    pub fn parameters(&self) -> &Parameters<'a> {
        &self.0.parameters
    }

    /// The value of `@signature-params`: inner list and parameters (RFC 9421 section 2.3).
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0.text
    }

    pub(crate) fn components(&self) -> &[Component<'a>] {
        &self.0.components
    }

    /// Reads the inner list and parameters that follow `label=`. Components that aren't known are for whoever chooses
    /// the signature to [refuse](SignatureInput::known): another may be meant for another verifier.
    fn read(label: &'a str, cursor: &mut Cursor<'a>) -> Result<Self, Refusal> {
        cursor.mark_canonical();
        let start = cursor.position();
        let (components, unknown) = parse_components(cursor)?;
        let parameters = parse_parameters(cursor)?;
        let text = cursor.since(start);
        let text = if unknown.is_some() || cursor.was_canonical() {
            Cow::Borrowed(text)
        } else {
            Cow::Owned(canonical(text)?)
        };
        Ok(SignatureInput(Box::new(Parts {
            label,
            components,
            parameters,
            text,
            unknown,
        })))
    }

    /// The same, if all that is covered is known.
    pub(crate) fn known(mut self) -> Result<Self, Refusal> {
        match self.0.unknown.take() {
            None => Ok(self),
            Some(refusal) => Err(refusal),
        }
    }

    /// Reads it, and refuses what isn't known.
    pub(crate) fn parse(label: &'a str, cursor: &mut Cursor<'a>) -> Result<Self, Refusal> {
        Self::read(label, cursor)?.known()
    }
}

/// Every member of every `Signature-Input` line, in order.
///
/// # Errors
/// `signature_input_malformed` with the place, `label_duplicate`, `too_many_signatures`, and those of
/// the components and the parameters.
///
/// ```
/// use countersign_core::{Headers, signature_inputs};
/// let headers = Headers::parse(b"Signature-Input: s=(\"@method\");created=1618884473\r\n")?;
/// let inputs = signature_inputs(&headers)?;
/// assert_eq!(inputs[0].label(), "s");
/// assert!(inputs[0].covers("@method"));
/// # Ok::<(), countersign_core::Refusal>(())
/// ```
pub fn signature_inputs<'a>(headers: &Headers<'a>) -> Result<Vec<SignatureInput<'a>>, Refusal> {
    let mut inputs = presented_inputs(headers)?;
    match inputs.iter_mut().find_map(|input| input.0.unknown.take()) {
        None => Ok(inputs),
        Some(refusal) => Err(refusal),
    }
}

/// The same, where components that aren't known don't matter yet.
pub(crate) fn presented_inputs<'a>(
    headers: &Headers<'a>,
) -> Result<Vec<SignatureInput<'a>>, Refusal> {
    let mut inputs: Vec<SignatureInput<'a>> = Vec::new();
    for value in headers.all("signature-input") {
        let mut cursor = Cursor::new("signature-input", Code::SignatureInputMalformed, value);
        loop {
            let label = cursor.key()?;
            cursor.expect(b'=')?;
            if inputs.iter().any(|input| input.label() == label) {
                return Err(Refusal::named(Code::LabelDuplicate, label));
            }
            if inputs.len() == MAX_SIGNATURES {
                return Err(Code::TooManySignatures.into());
            }
            inputs.push(SignatureInput::read(label, &mut cursor)?);
            if !cursor.next_member()? {
                break;
            }
        }
    }
    Ok(inputs)
}

/// Writes an inner list with its parameters as a serialiser does, however it was written in `text`,
/// which was read before.
fn canonical(text: &str) -> Result<String, Refusal> {
    let mut cursor = Cursor::new("signature-input", Code::SignatureInputMalformed, text);
    let mut canonical = String::with_capacity(text.len());
    push_member(&mut cursor, &mut canonical)?;
    Ok(canonical)
}

/// The value of the signature labelled `label`.
pub(crate) fn signature_value(
    headers: &Headers<'_>,
    label: &str,
) -> Result<SignatureValue, Refusal> {
    let mut found = None;
    // On the stack: nearly every message has one signature.
    let mut seen = [""; MAX_SIGNATURES];
    let mut count = 0;
    for value in headers.all("signature") {
        let mut cursor = Cursor::new("signature", Code::SignatureMalformed, value);
        loop {
            let name = cursor.key()?;
            cursor.expect(b'=')?;
            let base64 = cursor.bytes()?;
            cursor.skip_parameters()?;
            if seen.iter().take(count).any(|one| *one == name) {
                return Err(Refusal::named(Code::LabelDuplicate, name));
            }
            *seen.get_mut(count).ok_or(Code::TooManySignatures)? = name;
            count += 1;
            if name == label {
                found = Some(base64);
            } else {
                cursor.check(Raw::Bytes(base64))?;
            }
            if !cursor.next_member()? {
                break;
            }
        }
    }
    let base64 = found.ok_or_else(|| Refusal::named(Code::LabelUnpaired, label))?;
    SignatureValue::from_base64(base64)
        .ok_or_else(|| Refusal::named(Code::SignatureMalformed, label))
}

/// What is covered; and if that isn't known, or not to be covered so, why.
fn parse_components<'a>(
    cursor: &mut Cursor<'a>,
) -> Result<(Cow<'a, [Component<'a>]>, Option<Refusal>), Refusal> {
    cursor.expect(b'(')?;
    let mut components = Cow::Borrowed(Component::usual_beginning(cursor));
    let mut unknown = None;
    let mut is_first = components.is_empty();
    while cursor.next_in_list(is_first)? {
        is_first = false;
        if unknown.is_none() {
            let start = cursor.position();
            match Component::parse(cursor).and_then(|one| fitting(one, &components)) {
                Ok(component) => {
                    components.to_mut().push(component);
                    continue;
                }
                Err(refusal) => unknown = Some(refusal),
            }
            cursor.go_back(start);
        }
        cursor.skip_item()?;
    }
    Ok((components, unknown))
}

/// A component that may follow these.
fn fitting<'a>(
    component: Component<'a>,
    components: &[Component<'a>],
) -> Result<Component<'a>, Refusal> {
    if components.iter().any(|one| component.is_same_as(one)) {
        return Err(Refusal::named(Code::ComponentDuplicate, component.name()));
    }
    if components.len() == MAX_COMPONENTS {
        return Err(Code::TooManyComponents.into());
    }
    Ok(component)
}

fn parse_parameters<'a>(cursor: &mut Cursor<'a>) -> Result<Parameters<'a>, Refusal> {
    let mut parameters = Parameters::default();
    let mut others: Vec<&str> = Vec::new();
    let mut count = 0;
    while let Some((name, value)) = cursor.parameter()? {
        let seen = match name {
            "created" => parameters.created.is_some(),
            "expires" => parameters.expires.is_some(),
            "nonce" => parameters.nonce.is_some(),
            "alg" => parameters.alg.is_some(),
            "keyid" => parameters.keyid.is_some(),
            "tag" => parameters.tag.is_some(),
            _ => others.contains(&name),
        };
        if seen {
            return Err(Refusal::named(Code::ParameterDuplicate, name));
        }
        if count == MAX_PARAMETERS {
            return Err(Code::TooManyParameters.into());
        }
        count += 1;
        match name {
            "created" => parameters.created = Some(instant(cursor, name, value)?),
            "expires" => parameters.expires = Some(instant(cursor, name, value)?),
            "nonce" => parameters.nonce = Some(nonce(name, value)?),
            "alg" => parameters.alg = Some(text(name, value)?),
            "keyid" => parameters.keyid = Some(text(name, value)?),
            "tag" => parameters.tag = Some(text(name, value)?),
            // Not ours to read, but covered all the same.
            _ => {
                cursor.check(value)?;
                others.push(name);
            }
        }
    }
    Ok(parameters)
}

fn instant(cursor: &Cursor<'_>, name: &str, value: Raw<'_>) -> Result<UnixSeconds, Refusal> {
    match value {
        Raw::Integer(seconds) => match u64::try_from(seconds) {
            Ok(seconds) => Ok(UnixSeconds::new(seconds)),
            Err(_) => Err(cursor.refuse(Code::CreatedNegative)),
        },
        Raw::IntegerTooLarge => Err(cursor.refuse(Code::CreatedOutOfRange)),
        Raw::Decimal(_) => Err(cursor.refuse(Code::CreatedNotInteger)),
        _ => Err(Refusal::named(Code::ParameterMalformed, name)),
    }
}

fn nonce<'a>(name: &str, value: Raw<'a>) -> Result<Cow<'a, str>, Refusal> {
    let nonce = text(name, value)?;
    if nonce.is_empty() || nonce.len() > MAX_NONCE_BYTES {
        return Err(Code::NonceTooLong.into());
    }
    Ok(nonce)
}

fn text<'a>(name: &str, value: Raw<'a>) -> Result<Cow<'a, str>, Refusal> {
    match value {
        Raw::String(quoted) => Ok(quoted.unescape()),
        _ => Err(Refusal::named(Code::ParameterMalformed, name)),
    }
}
