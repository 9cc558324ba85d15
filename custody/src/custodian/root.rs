//! A change of the root of trust, as any other act: allowed, recorded and done in one batch.

use super::{Change, Custodian, CustodyError, Deed, Order};
use crate::audit::Hash;
use crate::authority::{Permission, Plan};
use crate::founding::HEADER;
use crate::vault::UnlockedVault;
use crate::{Batch, Space};

impl Custodian {
    /// Stores the header of a vault whose root was changed, if the one that is stored is still `before`:
    /// `vault.root_changed`. Processes that have the vault open go on.
    ///
    /// # Errors
    /// `forbidden`, `second_factor_required` and its like, `reason_missing`; `busy` if somebody else changed
    /// the header; those of the store and of the audit log.
    pub fn change_root(
        &self,
        order: &Order<'_>,
        before: &[u8],
        after: &UnlockedVault,
    ) -> Result<(), CustodyError> {
        let plan = Plan::overall(Permission::ChangeRoot);
        let deed = Deed {
            plan: &plan,
            name: "vault.root_changed",
            withdraw: false,
        };
        self.enact(order, &deed, || {
            let mut batch = Batch::new();
            batch.expect(Space::Vault, HEADER, Some(before));
            batch.put(Space::Vault, HEADER, after.header().to_vec());
            let draft = self
                .draft(order, &deed)
                .detail("header", Hash::of(after.header()));
            Ok(Change {
                batch,
                drafts: vec![draft],
                output: (),
            })
        })
    }
}
