//! The starter packs that come with the compiler.

use crate::sources::{Source, Sources};

macro_rules! pack {
    ($folder:literal) => {
        Sources {
            policies: Source::new(
                concat!($folder, "/policies.cedar"),
                include_str!(concat!("../packs/", $folder, "/policies.cedar")),
            ),
            schema: Source::new(
                concat!($folder, "/schema.cedarschema"),
                include_str!(concat!("../packs/", $folder, "/schema.cedarschema")),
            ),
            manifest: Source::new(
                concat!($folder, "/pack.toml"),
                include_str!(concat!("../packs/", $folder, "/pack.toml")),
            ),
            entities: None,
        }
    };
}

/// Keys of an exchange: market data, accounts, orders and withdrawals.
#[must_use]
pub fn trading_api() -> Sources {
    pack!("trading-api")
}
