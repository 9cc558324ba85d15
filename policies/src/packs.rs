//! The starter packs that come with the compiler.

use crate::sources::{Source, Sources};

/// A starter pack: its sources and the cases that test it.
#[derive(Clone, Debug)]
pub struct Pack {
    /// The name, which is that of its folder.
    pub name: &'static str,
    /// What it is compiled from.
    pub sources: Sources,
    /// The files of its cases, for [`Case::read`](crate::cases::Case::read).
    pub cases: Vec<Source>,
}

macro_rules! file {
    ($folder:literal, $file:literal) => {
        Source::new(
            concat!($folder, "/", $file),
            include_str!(concat!("../packs/", $folder, "/", $file)),
        )
    };
}

macro_rules! pack {
    ($folder:literal) => {
        pack!($folder, None)
    };
    ($folder:literal with entities) => {
        pack!($folder, Some(file!($folder, "entities.json")))
    };
    ($folder:literal, $entities:expr) => {
        Sources {
            policies: file!($folder, "policies.cedar"),
            schema: file!($folder, "schema.cedarschema"),
            manifest: file!($folder, "pack.toml"),
            entities: $entities,
        }
    };
}

macro_rules! cases {
    ($folder:literal: $($file:literal)+) => {
        vec![$(file!($folder, $file)),+]
    };
}

/// A service for many tenants: roles, and the limits of plans.
#[must_use]
pub fn saas_api() -> Sources {
    pack!("saas-api" with entities)
}

/// Keys of an exchange: market data, accounts and sub-accounts, orders and withdrawals.
#[must_use]
pub fn trading_api() -> Sources {
    pack!("trading-api" with entities)
}

/// A receiver of webhooks: who may deliver which event, and who may see what came in.
#[must_use]
pub fn webhook_receiver() -> Sources {
    pack!("webhook-receiver")
}

/// A service that keeps keys: who may issue, change, export and destroy them, and after what proof.
#[must_use]
pub fn zero_trust_admin() -> Sources {
    pack!("zero-trust-admin")
}

/// All starter packs with their cases, by name.
#[must_use]
pub fn all() -> Vec<Pack> {
    vec![
        Pack {
            name: "saas-api",
            sources: saas_api(),
            cases: cases!("saas-api": "tests/plans.json" "tests/roles.json" "tests/tenants.json"),
        },
        Pack {
            name: "trading-api",
            sources: trading_api(),
            cases: cases!(
                "trading-api":
                "tests/orders.json" "tests/reads.json" "tests/sub-accounts.json"
                "tests/withdrawals.json"
            ),
        },
        Pack {
            name: "webhook-receiver",
            sources: webhook_receiver(),
            cases: cases!(
                "webhook-receiver":
                "tests/deliveries.json" "tests/environments.json" "tests/operators.json"
                "tests/payments.json"
            ),
        },
        Pack {
            name: "zero-trust-admin",
            sources: zero_trust_admin(),
            cases: cases!(
                "zero-trust-admin":
                "tests/changes.json" "tests/exports.json" "tests/life.json" "tests/reading.json"
                "tests/separation.json" "tests/services.json"
            ),
        },
    ]
}

/// The starter pack of this name.
#[must_use]
pub fn find(name: &str) -> Option<Pack> {
    all().into_iter().find(|pack| pack.name == name)
}
