//! What core is asked directly: all that it does beyond the questions that every runtime answers.

mod algorithms;
mod message;
mod rfc9421;
mod schemes;
mod sigv4;
mod structured_fields;

use anyhow::Result;
use serde_json::{Map, Value};

/// What is wrong with core's answer; none if it is as published.
type Fault = Option<String>;

/// Asks core about a case; none for a family of which the other questions say all.
///
/// # Errors
/// A case that is not in the format of its family.
pub(super) fn ask(
    family: &str,
    keys: &Map<String, Value>,
    case: &Map<String, Value>,
) -> Result<Option<Fault>> {
    let value = || Value::from(case.clone());
    Ok(Some(match family {
        "ecdsa-p256" | "ed25519" => {
            algorithms::signature(family, &serde_json::from_value(value())?)?
        }
        "exchanges" | "webhooks" => schemes::check(&value())?,
        "hmac" => return algorithms::mac(&serde_json::from_value(value())?),
        "rfc9421" => rfc9421::check(keys, value())?,
        "rfc9530" => return Ok(rfc9421::wanted(&value())),
        "sigv4" => sigv4::check(&value())?,
        "structured-fields" => structured_fields::check(&serde_json::from_value(value())?)?,
        _ => return Ok(None),
    }))
}

/// A member that is a text; empty if there is none.
fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value.get(name).and_then(Value::as_str).unwrap_or("")
}

#[expect(clippy::unnecessary_wraps, reason = "a fault is what the callers give")]
fn says(what: impl core::fmt::Display) -> Fault {
    Some(what.to_string())
}
