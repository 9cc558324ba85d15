//! What was alike in the contexts of requests, as conditions.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use cedar_policy_core::ast::{self, Expr, Var};
use cedar_policy_core::validator::types::{AttributeType, Type};
use countersign_core::policy::EntityUid;
use serde_json::Value;

use crate::reference::Reference;

/// The shortest prefix that several addresses are one range by: beyond it they are the internet.
const SHORTEST: (u32, u32) = (16, 48);

/// A value that a condition can name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Constant {
    Address(IpAddr),
    Flag(bool),
    Text(String),
}

/// The attributes that every request had, and their values.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen(Option<BTreeMap<String, BTreeSet<Constant>>>);

impl Seen {
    /// One request more.
    pub(super) fn add(&mut self, context: &Value) {
        let members = context.as_object().into_iter().flatten();
        let mut constants: BTreeMap<&str, Constant> = members
            .filter_map(|(name, value)| Some((name.as_str(), Constant::read(value)?)))
            .collect();
        match &mut self.0 {
            None => {
                let first = constants.into_iter();
                let first = first.map(|(name, value)| (name.to_owned(), BTreeSet::from([value])));
                self.0 = Some(first.collect());
            }
            Some(seen) => seen.retain(|name, values| {
                let value = constants.remove(name.as_str());
                value.map(|value| values.insert(value)).is_some()
            }),
        }
    }

    /// The conditions that hold of each request, with up to so many values of an attribute; of more addresses the
    /// range that they are in.
    pub(super) fn conditions(
        &self,
        reference: &Reference,
        action: &EntityUid,
        most_values: usize,
    ) -> BTreeSet<String> {
        let Ok(action) = action.to_string().parse::<ast::EntityUID>() else {
            return BTreeSet::new();
        };
        let context = reference.schema().as_ref().context_type(&action);
        let Some(Type::Record { attrs, .. }) = context else {
            return BTreeSet::new();
        };
        let seen = self.0.iter().flatten();
        seen.filter_map(|(name, values)| {
            condition(name, attrs.get_attr(name)?, values, most_values)
        })
        .collect()
    }
}

impl Constant {
    /// None for what isn't named: numbers and times are others each time, and entities, records and sets.
    fn read(value: &Value) -> Option<Self> {
        match value {
            Value::Bool(flag) => Some(Constant::Flag(*flag)),
            Value::String(text) => Some(Constant::Text(text.clone())),
            Value::Object(members) => {
                let call = members.get("__extn")?;
                let argument = call.get("arg")?.as_str()?;
                let address = (call.get("fn")? == "ip").then(|| argument.parse().ok());
                address.flatten().map(Constant::Address)
            }
            _ => None,
        }
    }

    fn is_of(&self, kind: &Type) -> bool {
        match (self, kind) {
            (Constant::Flag(_), Type::Bool(_)) | (Constant::Text(_), Type::String) => true,
            (Constant::Address(_), Type::ExtensionType { name }) => name.to_string() == "ipaddr",
            _ => false,
        }
    }

    fn expression(&self) -> Option<Expr> {
        Some(match self {
            Constant::Address(address) => call("ip", vec![Expr::val(address.to_string())])?,
            Constant::Flag(flag) => Expr::val(*flag),
            Constant::Text(text) => Expr::val(text.as_str()),
        })
    }
}

fn condition(
    name: &str,
    attribute: &AttributeType,
    values: &BTreeSet<Constant>,
    most_values: usize,
) -> Option<String> {
    let is_typed = |value: &Constant| value.is_of(&attribute.attr_type);
    // Both truth values are no condition.
    let is_any_flag = values.len() == 2 && values.first() == Some(&Constant::Flag(false));
    if !values.iter().all(is_typed) || is_any_flag {
        return None;
    }
    let attribute_of = || Expr::get_attr(Expr::var(Var::Context), name.into());
    let test = if values.len() > most_values {
        let range = range(values)?;
        call(
            "isInRange",
            vec![attribute_of(), call("ip", vec![Expr::val(range)])?],
        )?
    } else {
        let mut constants = values
            .iter()
            .map(Constant::expression)
            .collect::<Option<Vec<_>>>()?;
        match (constants.len(), constants.pop()) {
            (1, Some(only)) => Expr::is_eq(attribute_of(), only),
            (_, last) => {
                Expr::contains(Expr::set(constants.into_iter().chain(last)), attribute_of())
            }
        }
    };
    let whole = if attribute.is_required {
        test
    } else {
        Expr::and(Expr::has_attr(Expr::var(Var::Context), name.into()), test)
    };
    Some(whole.to_string())
}

fn call(function: &str, arguments: Vec<Expr>) -> Option<Expr> {
    let name = function.parse().ok()?;
    Some(Expr::call_extension_fn(name, arguments))
}

/// The smallest range of addresses that all of them are in, if it isn't too wide to say anything.
fn range(values: &BTreeSet<Constant>) -> Option<String> {
    let bits = |value: &Constant| match value {
        Constant::Address(IpAddr::V4(address)) => Some((32, u128::from(address.to_bits()))),
        Constant::Address(IpAddr::V6(address)) => Some((128, address.to_bits())),
        _ => None,
    };
    let all = values.iter().map(bits).collect::<Option<Vec<_>>>()?;
    let (width, first) = *all.first()?;
    if all.iter().any(|(other, _)| *other != width) {
        return None;
    }
    let differing = all
        .iter()
        .fold(0, |differing, (_, bits)| differing | (bits ^ first));
    let host = u128::BITS - differing.leading_zeros();
    let prefix = width - host;
    let network = first.checked_shr(host)?.checked_shl(host)?;
    if width == 32 {
        let network = std::net::Ipv4Addr::from_bits(u32::try_from(network).ok()?);
        (prefix >= SHORTEST.0).then(|| format!("{network}/{prefix}"))
    } else {
        let network = std::net::Ipv6Addr::from_bits(network);
        (prefix >= SHORTEST.1).then(|| format!("{network}/{prefix}"))
    }
}
