//! Core's fuzz target starts from bundles of made-up worlds: they must be of the format of today.

use std::path::Path;

use anyhow::{Result, ensure};
use countersign_differential::bundle;

/// Small worlds that have templates, tags and extension types between them.
const WORLDS: [u64; 4] = [1, 2, 3, 4];

/// `COUNTERSIGN_BLESS=1` writes them anew.
#[test]
fn seeds_of_the_fuzz_target_are_up_to_date() -> Result<()> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../core/fuzz/corpus/bundle");
    for world in WORLDS {
        let path = corpus.join(format!("world-{world}"));
        let bytes = bundle(world)?;
        if std::env::var_os("COUNTERSIGN_BLESS").is_some() {
            std::fs::write(&path, &bytes)?;
        }
        let recorded = std::fs::read(&path)?;
        ensure!(
            recorded == bytes,
            "world-{world} differs: see COUNTERSIGN_BLESS"
        );
    }
    Ok(())
}
