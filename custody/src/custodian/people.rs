//! Who has which role in an environment, and who says so.

use countersign_core::Environment;
use serde::{Deserialize, Serialize};

use super::{Change, Custodian, CustodyError, Deed, Order, named};
use crate::audit::Public;
use crate::authority::{Permission, Plan, Principal};
use crate::{Batch, Space};

/// The roles that there are.
const ROLES: [&str; 5] = ["auditor", "operator", "owner", "scheduler", "service"];
const OWNER: &str = "owner";
/// Before the name of a person: no name has a slash.
const PLACE: &str = "roles/";

/// What is kept of a person's roles.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Roles {
    version: u32,
    /// Ascending, each once.
    roles: Vec<String>,
}

impl Custodian {
    /// The principal of this name, with its roles here. Who it is, the caller has checked.
    ///
    /// # Errors
    /// `person_unknown` if it has no role here; `name_malformed`, `entry_damaged`, and those of the store.
    pub fn principal(&self, name: &str) -> Result<Principal, CustodyError> {
        super::read::checked_name(name)?;
        let place = self.place(&format!("{PLACE}{name}"));
        let bytes = self.store.get(Space::People, &place)?;
        let bytes = bytes.ok_or_else(|| CustodyError::PersonUnknown(name.to_owned()))?;
        Ok(Principal {
            name: name.to_owned(),
            roles: read(name, &bytes)?,
            environment: self.environment,
            second_factor_at: None,
            client_ip: None,
        })
    }

    /// Who has which roles here, by name.
    ///
    /// # Errors
    /// `entry_damaged`, and those of the store.
    pub fn people(&self) -> Result<Vec<(String, Vec<String>)>, CustodyError> {
        self.named(Space::People, PLACE, read)
    }

    /// Gives a person these roles and no others; none, to dismiss it: `person.appointed`. It is for who may
    /// change the root of trust.
    ///
    /// # Errors
    /// `forbidden`, `second_factor_required` and its like, `reason_missing`; `name_malformed`, `role_unknown`,
    /// `owner_last`; those of the store and of the audit log.
    pub fn appoint(
        &self,
        order: &Order<'_>,
        name: &str,
        roles: &[String],
    ) -> Result<(), CustodyError> {
        let mut roles = roles.to_vec();
        roles.sort();
        roles.dedup();
        let plan = Plan::overall(Permission::ChangeRoot)
            .with("person", name)
            .with("roles", &roles.join(" "));
        let deed = Deed {
            plan: &plan,
            name: "person.appointed",
            withdraw: false,
        };
        self.enact(order, &deed, || {
            super::read::checked_name(name)?;
            if let Some(role) = roles.iter().find(|role| !ROLES.contains(&role.as_str())) {
                return Err(CustodyError::RoleUnknown(super::read::told(role)));
            }
            let is_owner = |roles: &[String]| roles.iter().any(|role| role == OWNER);
            let people = self.people()?;
            let another = |person: &(String, Vec<String>)| person.0 != name && is_owner(&person.1);
            if !is_owner(&roles) && !people.iter().any(another) {
                return Err(CustodyError::LastOwner(name.to_owned()));
            }
            let mut batch = Batch::new();
            let place = self.place(&format!("{PLACE}{name}"));
            let before = self.store.get(Space::People, &place)?;
            batch.expect(Space::People, &place, before.as_deref());
            if roles.is_empty() {
                batch.delete(Space::People, &place);
            } else {
                batch.put(Space::People, &place, written(name, &roles)?);
            }
            let draft = self
                .draft(order, &deed)
                .detail("person", Public::new(name)?)
                .detail("roles", Public::new(&roles.join(" "))?);
            Ok(Change {
                batch,
                drafts: vec![draft],
                output: (),
            })
        })
    }
}

/// The first owner of an environment, as an entry of the batch that founds it.
pub(crate) fn first_owner(
    batch: &mut Batch,
    environment: Environment,
    name: &str,
) -> Result<(), CustodyError> {
    super::read::checked_name(name)?;
    let place = super::place(environment, &format!("{PLACE}{name}"));
    batch.expect(Space::People, &place, None);
    batch.put(Space::People, &place, written(name, &[OWNER.to_owned()])?);
    Ok(())
}

fn read(name: &str, bytes: &[u8]) -> Result<Vec<String>, CustodyError> {
    let read: Roles = named::read(name, bytes)?;
    if read.version == 1 {
        Ok(read.roles)
    } else {
        Err(CustodyError::Damaged(name.to_owned()))
    }
}

fn written(name: &str, roles: &[String]) -> Result<Vec<u8>, CustodyError> {
    let roles = Roles {
        version: 1,
        roles: roles.to_vec(),
    };
    named::written(name, &roles)
}
