//! Snapshots of a keyring, for edges.

use countersign_core::SharedSecret;
use countersign_core::UnixSeconds;
use countersign_core::snapshot::{Material, Publication, Snapshot, SnapshotKey, Writer};

use super::{Custodian, CustodyError, KeyEntry};

impl Custodian {
    /// The snapshot of the keys that verify in a region for `lasts` seconds from now on, or that a reader may still
    /// know although they were revoked or suspended. Its version is the sequence number of the last audit record
    /// that it knows of: it grows with every change, and no two changes have the same.
    ///
    /// With the snapshot before it as `base`, what changed can be sent alone (see [`Snapshot::delta`]). What
    /// readers get is sealed for each of them: [`Snapshot::seal`].
    ///
    /// # Errors
    /// `scope_malformed` for what is no region, `snapshot_stale` for more than five days, `entry_damaged`, and
    /// those of the store and of the vault.
    pub fn snapshot(
        &self,
        region: &str,
        now: UnixSeconds,
        lasts: std::time::Duration,
        base: Option<&Snapshot>,
    ) -> Result<Snapshot, CustodyError> {
        // The head first: what comes between is known of, and told again.
        let head = crate::audit::head(&*self.store)?;
        let version = head.map_or(0, |head| head.sequence);
        let publication =
            Publication::new(self.environment, region, version, now, now.after(lasts))?;
        let mut writer = Writer::new(&publication, base)?;
        let stopped = self.stopped_keys();
        for (entry, now) in self.entries(now, |entry| now < entry.life().not_after())? {
            let keyid = entry.life().keyid();
            let is_stopped = stopped.contains(keyid);
            if !entry.life().is_for_ring(now) || is_stopped {
                if now < entry.life().not_after() {
                    writer.push(&SnapshotKey::new(keyid, Material::Revoked)?)?;
                }
            } else if let Some(public) = entry.public()? {
                writer.push(&entry.for_snapshot(Material::Public(&public))?)?;
            } else if let Some(secret) = entry.open(&self.vault, self.environment)? {
                let secret = SharedSecret::new(secret.reveal().to_vec())?;
                writer.push(&entry.for_snapshot(Material::Secret(&secret))?)?;
            }
        }
        Ok(writer.finish()?)
    }
}

impl KeyEntry {
    fn for_snapshot<'a>(&self, material: Material<'a>) -> Result<SnapshotKey<'a>, CustodyError> {
        Ok(SnapshotKey::new(self.life.keyid(), material)?
            .groups(self.groups.iter().cloned())
            .attributes(&self.attributes_json())
            .active(self.life.not_before(), self.life.ends_at()))
    }
}
