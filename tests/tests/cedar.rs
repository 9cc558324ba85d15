//! Cedar's own conformance data: core, and the module on wasmtime, must give the decision, the
//! reasons and the errors that the data expect.
#![allow(clippy::expect_used, reason = "in a test, to panic is to fail")]

use std::path::Path;

use countersign_conformance::cedar;
use countersign_conformance::runtime::Runtime;

#[test]
fn cedar_data_is_answered_as_expected() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    let vectors = workspace
        .expect("the workspace")
        .join("../shared/vectors/cedar");
    if !vectors.is_dir() {
        println!("skipped: Cedar's conformance data are absent");
        return;
    }
    for runtime in [Runtime::Native, Runtime::Wasmtime] {
        let tally = cedar::run(&vectors, runtime).expect("answers");
        println!("{runtime}: {tally}");
        assert!(tally.is_good(), "see the failures above:\n{tally}");
    }
}
