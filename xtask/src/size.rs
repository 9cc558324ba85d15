//! `cargo xtask size`: what the module weighs, plain and as it travels.

use std::io::Write as _;

use anyhow::{Result, ensure};
use countersign_wasm_build::Compiler;
use serde_json::json;

use crate::module;

/// What the whole module may weigh with gzip, in bytes.
const BUDGET: usize = 100 * 1024;

/// The same where a toolchain's own library is taken, which can't be built for size.
const BUDGET_PREBUILT: usize = 120 * 1024;

/// Prints a row for the module and one for its glue; fails when the module is over its budget.
pub(crate) fn size(json: bool) -> Result<()> {
    let artifact = module::artifact()?;
    let module = Row::weigh("countersign.wasm", &artifact.wasm)?;
    let rows = [
        &module,
        &Row::weigh("countersign.js", artifact.glue_js.as_bytes())?,
    ];
    if json {
        let rows = rows.map(|row| json!({ "artifact": row.artifact, "raw": row.raw, "gzip": row.gzip, "brotli": row.brotli }));
        println!("{}", serde_json::to_string_pretty(&rows)?);
    } else {
        println!(
            "{:<18} {:>8} {:>8} {:>8}",
            "artifact", "raw", "gzip", "brotli"
        );
        for Row {
            artifact,
            raw,
            gzip,
            brotli,
        } in rows
        {
            println!("{artifact:<18} {raw:>8} {gzip:>8} {brotli:>8}");
        }
    }
    let builds_library = Compiler::find()?.builds_library();
    let budget = if builds_library {
        BUDGET
    } else {
        BUDGET_PREBUILT
    };
    ensure!(
        module.gzip <= budget,
        "the module weighs {} bytes with gzip; its budget is {budget}",
        module.gzip
    );
    Ok(())
}

/// Sizes in bytes; compressed at the strongest setting.
struct Row {
    artifact: &'static str,
    raw: usize,
    gzip: usize,
    brotli: usize,
}

impl Row {
    fn weigh(artifact: &'static str, bytes: &[u8]) -> Result<Self> {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        gzip.write_all(bytes)?;
        let mut brotli = brotli::CompressorWriter::new(Vec::new(), 4096, 11, 22);
        brotli.write_all(bytes)?;
        Ok(Self {
            artifact,
            raw: bytes.len(),
            gzip: gzip.finish()?.len(),
            brotli: brotli.into_inner().len(),
        })
    }
}
