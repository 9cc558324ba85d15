//! What an environment keeps by name, as JSON: roles of people, webhooks, readers.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Change, Custodian, CustodyError, Deed, Order, checked_name};
use crate::audit::Public;
use crate::authority::{Permission, Plan};
use crate::{Batch, Space};

/// The bytes that are kept of it.
pub(crate) fn written<T: Serialize>(name: &str, value: &T) -> Result<Vec<u8>, CustodyError> {
    serde_json::to_vec(value).map_err(|_| CustodyError::Damaged(name.to_owned()))
}

/// What these bytes are.
pub(crate) fn read<T: DeserializeOwned>(name: &str, bytes: &[u8]) -> Result<T, CustodyError> {
    serde_json::from_slice(bytes).map_err(|_| CustodyError::Damaged(name.to_owned()))
}

/// A kind of settings: what is before their names, with a slash, and what records call them.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    /// The act of taking one away.
    pub(crate) removed: &'static str,
    pub(crate) unknown: fn(String) -> CustodyError,
}

impl Custodian {
    /// All that is kept with this before its name, which is none with a slash.
    pub(crate) fn named<T>(
        &self,
        space: Space,
        before: &str,
        read: impl Fn(&str, &[u8]) -> Result<T, CustodyError>,
    ) -> Result<Vec<(String, T)>, CustodyError> {
        let mut all = Vec::new();
        self.each(space, before, |place, bytes| {
            let Some(name) = place.strip_prefix(before) else {
                return Ok(false);
            };
            all.push((name.to_owned(), read(name, bytes)?));
            Ok(true)
        })?;
        Ok(all)
    }

    /// Takes a setting away, for who may issue keys.
    pub(crate) fn remove_setting(
        &self,
        order: &Order<'_>,
        kind: &Kind,
        name: &str,
    ) -> Result<(), CustodyError> {
        let plan = Plan::overall(Permission::IssueKey).with(kind.name, name);
        let deed = Deed {
            plan: &plan,
            name: kind.removed,
            withdraw: false,
        };
        self.enact(order, &deed, || {
            checked_name(name)?;
            let place = self.place(&format!("{}/{name}", kind.name));
            let before = self.store.get(Space::Settings, &place)?;
            let before = before.ok_or_else(|| (kind.unknown)(name.to_owned()))?;
            let mut batch = Batch::new();
            batch.expect(Space::Settings, &place, Some(&before));
            batch.delete(Space::Settings, &place);
            let draft = self
                .draft(order, &deed)
                .detail(kind.name, Public::new(name)?);
            Ok(Change {
                batch,
                drafts: vec![draft],
                output: (),
            })
        })
    }
}
