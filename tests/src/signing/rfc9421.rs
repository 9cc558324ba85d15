//! The family `rfc9421`: signatures, values of components, and fields.

mod component;
mod field;
mod identifier;
mod key;
mod signature;
mod verifier;
mod written;

use anyhow::{Result, bail};
use serde_json::{Map, Value};

use super::Checked;
use crate::door::{Door, Running};

/// Tells the three shapes of a case apart by what it has.
pub(super) fn plan(door: Door, keys: &Map<String, Value>, case: Value) -> Result<Running<Checked>> {
    let has = |name: &str| case.get(name).is_some();
    if has("signature_input") {
        let keys = key::read_all(keys)?;
        let case = serde_json::from_value(case)?;
        Ok(Box::pin(signature::check(door, keys, case)))
    } else if has("lines") {
        Ok(Box::pin(component::check(
            door,
            serde_json::from_value(case)?,
        )))
    } else if has("field") {
        Ok(Box::pin(field::check(door, serde_json::from_value(case)?)))
    } else {
        bail!("a case has `signature_input`, `lines` or `field`")
    }
}
