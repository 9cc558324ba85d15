//! The oldest compiler: `rust-version` of the workspace is a promise, so it is compiled with.

use std::fs;

use anyhow::{Context, Result};

use crate::{
    steps::Outcome,
    workspace::{answer, cargo, program, root, run},
};

/// Checks the workspace with the compiler that `rust-version` names: the active one, when it is that
/// one, since the steps around this one use it; else an installed toolchain.
pub(crate) fn check() -> Result<Outcome> {
    let promised = promised()?;
    let active = answer(program("rustc").arg("--version"))?;
    if active.starts_with(&format!("rustc {promised}.")) {
        println!("{active} is the oldest that Cargo.toml promises: every other step proves it");
        return Ok(Outcome::Passed);
    }
    let toolchain = format!("{promised}.0");
    if answer(program("rustup").args(["run", &toolchain, "rustc", "--version"])).is_err() {
        return Ok(Outcome::Skipped(format!(
            "Cargo.toml promises {promised}, and its toolchain is not installed"
        )));
    }
    let target = root().join("target/oldest-compiler");
    let checking = [
        "check",
        "--workspace",
        "--all-targets",
        "--locked",
        "--target-dir",
    ];
    run(cargo_of(&toolchain).args(checking).arg(target)).map(|()| Outcome::Passed)
}

fn promised() -> Result<String> {
    let manifest: toml::Table = fs::read_to_string(root().join("Cargo.toml"))?.parse()?;
    let version = manifest
        .get("workspace")
        .and_then(|table| table.get("package")?.get("rust-version")?.as_str());
    Ok(version
        .context("Cargo.toml names no rust-version")?
        .to_owned())
}

fn cargo_of(toolchain: &str) -> std::process::Command {
    let mut command = program("rustup");
    command
        .args(["run", toolchain, "cargo"])
        .env_remove("RUSTUP_TOOLCHAIN");
    for (name, _) in cargo().get_envs() {
        command.env_remove(name);
    }
    command
}
