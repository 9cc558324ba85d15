//! `cargo xtask test`: everything that CI checks, in the order in which it fails fastest.

use anyhow::Result;
use countersign_wasm_build::{Compiler, Variant, check_no_std, lint_binder};

use crate::{
    conformance, dependencies, module, msrv, package, setup, size,
    steps::{Outcome, Steps},
    workspace::{cargo, module_target_dir, root, run},
};

/// Runs every step, stops at the first that fails, and prints a summary. When `strict`, a step that
/// can't run here fails.
pub(crate) fn test(strict: bool) -> Result<()> {
    let mut steps = Steps::new(strict);
    let result = all(&mut steps);
    steps.summarise();
    result
}

/// Where vectors that others published lie, beside the project.
const PUBLISHED: &str = "../shared/vectors/signing";

/// Runs what others published through every runtime that this machine has, on each module: of the complete one
/// all, of the others what they have verbs for.
fn published_signatures() -> Result<Outcome> {
    if !root().join(PUBLISHED).exists() {
        return Ok(Outcome::Absent(format!("{PUBLISHED} is not there")));
    }
    for module in Variant::ALL {
        let words = ["signing", PUBLISHED, "--module", module.name()];
        conformance(&words.map(str::to_owned))?;
    }
    Ok(Outcome::Passed)
}

/// Lints what `selection` names; a warning is an error.
fn clippy(selection: &[&str]) -> Result<()> {
    let denied = ["--locked", "--", "-D", "warnings"];
    run(cargo().arg("clippy").args(selection).args(denied))
}

fn all(steps: &mut Steps) -> Result<()> {
    let target = module_target_dir()?;
    steps.run("setup", setup::setup)?;
    steps.run("format", || run(cargo().args(["fmt", "--all", "--check"])))?;
    steps.run("licences and sources", dependencies::check)?;
    steps.run("module", module::build)?;
    steps.run("core without std", || {
        Ok(check_no_std(
            &Compiler::find()?,
            root(),
            &target,
            "countersign-core",
        )?)
    })?;
    steps.run("clippy", || {
        clippy(&["--workspace", "--all-targets"])?;
        // As the smallest module has it: what the others have besides is no part of it.
        clippy(&["--package", "countersign-core", "--no-default-features"])?;
        Ok(lint_binder(root(), &target)?)
    })?;
    steps.try_run("oldest compiler", msrv::check)?;
    steps.run("cargo test", || {
        run(cargo().args(["test", "--workspace", "--locked"]))
    })?;
    steps.try_run("npm test", package::test)?;
    steps.try_run("interoperation", package::interoperate)?;
    steps.run("size", || size::weigh(false))?;
    steps.run("every runtime", || conformance(&[]))?;
    steps.try_run("published signatures", published_signatures)
}
