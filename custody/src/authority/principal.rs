//! Who asks, and for what.

use std::net::IpAddr;

use countersign_core::policy::{Bundle, EntityUid};
use countersign_core::{Environment, UnixSeconds};
use serde_json::{Map, Value, json};

use crate::audit::Question;
use crate::rfc_3339;

/// An administrator or a service, authenticated by the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// Its name: 1 to 64 visible ASCII characters without `"`, `\` and `/`.
    pub name: String,
    /// Its roles: `owner`, `operator`, `auditor`, `service`, `scheduler`.
    pub roles: Vec<String>,
    /// The environment that it works in.
    pub environment: Environment,
    /// When it last gave a second factor in this session.
    pub second_factor_at: Option<UnixSeconds>,
    /// Where it is.
    pub client_ip: Option<IpAddr>,
}

impl Principal {
    /// A principal with one role, of whom nothing else is known.
    #[must_use]
    pub fn new(name: &str, role: &str, environment: Environment) -> Self {
        Principal {
            name: name.to_owned(),
            roles: vec![role.to_owned()],
            environment,
            second_factor_at: None,
            client_ip: None,
        }
    }

    /// Whether the name may stand in records and ids.
    pub(crate) fn is_well_named(&self) -> bool {
        let good = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\' | b'/');
        (1..=64).contains(&self.name.len()) && self.name.bytes().all(good)
    }

    /// Its attributes, a record of Cedar values.
    pub(crate) fn attributes(&self) -> Map<String, Value> {
        let place = json!({"__entity": {"id": self.environment.as_str(), "type": "Environment"}});
        Map::from_iter([("environment".to_owned(), place)])
    }

    /// The question that is put to the policies.
    pub(super) fn question(
        &self,
        bundle: &Bundle,
        permission: Permission,
        environment: Environment,
        withdraw: bool,
        now: UnixSeconds,
    ) -> Question {
        let time = |at| json!({"__extn": {"fn": "datetime", "arg": rfc_3339::seconds(at)}});
        let mut context = Map::new();
        context.insert("now".to_owned(), time(now));
        if let Some(at) = self.second_factor_at {
            context.insert("second_factor_at".to_owned(), time(at));
        }
        if let Some(address) = self.client_ip {
            let ip = json!({"__extn": {"fn": "ip", "arg": address.to_string()}});
            context.insert("client_ip".to_owned(), ip);
        }
        if permission == Permission::IssueKey {
            context.insert("withdraw".to_owned(), withdraw.into());
        }
        let group = bundle.group_type().unwrap_or("Role");
        let roles = self.roles.iter();
        let roles: Vec<EntityUid> = roles
            .map(|role| EntityUid::new(group, role.as_str()))
            .collect();
        Question::new(
            &EntityUid::new(bundle.principal_type(), self.name.as_str()),
            &roles,
            self.attributes(),
            &EntityUid::new("Action", permission.as_str()),
            &EntityUid::new("Environment", environment.as_str()),
            context,
        )
    }
}

/// What may be permitted: the actions of the pack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Permission {
    /// To see which keys there are.
    ListKeys,
    /// To see one.
    ShowKey,
    /// To read the audit log.
    ReadLog,
    /// To make one.
    IssueKey,
    /// To take a pending one into use.
    ActivateKey,
    /// To give one a successor.
    RotateKey,
    /// To stop one for a while.
    SuspendKey,
    /// To let one go on.
    ResumeKey,
    /// To stop one for ever.
    RevokeKey,
    /// To note that one is over.
    ExpireKey,
    /// To do away with one.
    DestroyKey,
    /// To take a secret out of the vault.
    ExportKey,
    /// To change what the vault is sealed under.
    ChangeRoot,
    /// To give one's own key a successor.
    RotateOwnKey,
    /// To publish snapshots of the keyring to edges.
    PublishSnapshot,
}

impl Permission {
    /// Every permission.
    pub const ALL: &'static [Permission] = &[
        Permission::ListKeys,
        Permission::ShowKey,
        Permission::ReadLog,
        Permission::IssueKey,
        Permission::ActivateKey,
        Permission::RotateKey,
        Permission::SuspendKey,
        Permission::ResumeKey,
        Permission::RevokeKey,
        Permission::ExpireKey,
        Permission::DestroyKey,
        Permission::ExportKey,
        Permission::ChangeRoot,
        Permission::RotateOwnKey,
        Permission::PublishSnapshot,
    ];

    /// The id of the action.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Permission::ListKeys => "list-keys",
            Permission::ShowKey => "show-key",
            Permission::ReadLog => "read-log",
            Permission::IssueKey => "issue-key",
            Permission::ActivateKey => "activate-key",
            Permission::RotateKey => "rotate-key",
            Permission::SuspendKey => "suspend-key",
            Permission::ResumeKey => "resume-key",
            Permission::RevokeKey => "revoke-key",
            Permission::ExpireKey => "expire-key",
            Permission::DestroyKey => "destroy-key",
            Permission::ExportKey => "export-key",
            Permission::ChangeRoot => "change-root",
            Permission::RotateOwnKey => "rotate-own-key",
            Permission::PublishSnapshot => "publish-snapshot",
        }
    }
}

#[cfg(test)]
mod tests {
    use countersign_core::UnixSeconds;
    use countersign_core::policy::Datetime;

    use crate::rfc_3339;

    #[test]
    fn times_are_written_as_core_reads_them() {
        for seconds in (0..4_200_000_000).step_by(7_654_321) {
            let read = Datetime::parse(&rfc_3339::seconds(UnixSeconds::new(seconds)));
            let milliseconds = i64::try_from(seconds * 1000).ok();
            assert_eq!(read.map(|at| at.0), milliseconds);
        }
    }
}
