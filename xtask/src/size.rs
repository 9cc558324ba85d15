//! `cargo xtask size`: what the module weighs, plain and as it travels.

use std::{fs, io::Write as _};

use anyhow::{Context as _, Result, ensure};
use countersign_wasm_build::{Compiler, Variant};
use serde_json::json;

use crate::workspace::{generated, root};
use crate::{module, package};

/// What each module may weigh with gzip, in bytes.
const BUDGET: usize = 100 * 1024;

/// The same where a toolchain's own library is taken, which can't be built for size.
const BUDGET_PREBUILT: usize = 120 * 1024;

/// What the module that only signs may weigh together with its glue, which is what a client bundles.
const SIGNER_BUDGET: usize = 16 * 1024;

/// The same where the library is prebuilt.
const SIGNER_BUDGET_PREBUILT: usize = 22 * 1024;

/// The scripts that a browser loads beside it, as the package ships them: not minified.
const SIGNER_GLUE: [&str; 2] = [
    "wasm/js/dist/sign/signer.js",
    "wasm/js/dist/sign/adapter/browser.js",
];

/// Builds the package and weighs its modules.
pub(crate) fn size(json: bool) -> Result<()> {
    package::build()?;
    weigh(json)
}

/// Prints a row for each module that was built and one for the glue; fails when a module is over its budget.
pub(crate) fn weigh(json: bool) -> Result<()> {
    let built = |name: &str| {
        let path = generated().join(name);
        let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        Row::weigh(name.to_owned(), &bytes)
    };
    let (budget, signer_budget) = if Compiler::find()?.builds_library() {
        (BUDGET, SIGNER_BUDGET)
    } else {
        (BUDGET_PREBUILT, SIGNER_BUDGET_PREBUILT)
    };
    let mut rows = Vec::new();
    let mut over = Vec::new();
    for variant in Variant::ALL {
        let row = built(&format!("{}.wasm", variant.name()))?;
        // Who takes the complete one has chosen to pay.
        if variant != Variant::Complete && row.gzip > budget {
            over.push(format!(
                "{} weighs {} bytes with gzip; its budget is {budget}",
                row.artifact, row.gzip
            ));
        }
        rows.push(row);
        if variant == Variant::Full {
            rows.push(built("countersign.js")?);
        }
    }
    let signer = built(module::SIGNER)?;
    let mut glue = Vec::new();
    for file in SIGNER_GLUE {
        glue.extend(fs::read(root().join(file)).with_context(|| format!("cannot read {file}"))?);
    }
    let glue = Row::weigh("countersign-sign, glue".into(), &glue)?;
    let together = signer.gzip + glue.gzip;
    if together > signer_budget {
        over.push(format!(
            "{} and its glue weigh {together} bytes with gzip; their budget is {signer_budget}",
            module::SIGNER
        ));
    }
    rows.extend([signer, glue]);
    if json {
        let rows: Vec<_> = rows
            .iter()
            .map(|row| json!({ "artifact": row.artifact, "raw": row.raw, "gzip": row.gzip, "brotli": row.brotli }))
            .collect();
        println!("{}", serde_json::to_string_pretty(&rows)?);
    } else {
        println!(
            "{:<24} {:>8} {:>8} {:>8}",
            "artifact", "raw", "gzip", "brotli"
        );
        for Row {
            artifact,
            raw,
            gzip,
            brotli,
        } in rows
        {
            println!("{artifact:<24} {raw:>8} {gzip:>8} {brotli:>8}");
        }
    }
    ensure!(over.is_empty(), "{}", over.join("\n"));
    Ok(())
}

/// Sizes in bytes; compressed at the strongest setting.
struct Row {
    artifact: String,
    raw: usize,
    gzip: usize,
    brotli: usize,
}

impl Row {
    fn weigh(artifact: String, bytes: &[u8]) -> Result<Self> {
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
