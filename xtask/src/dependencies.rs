//! Licences and sources of what we depend on. `deny.toml` is the rule; cargo-deny applies it where it
//! is installed, and what lies here applies its two parts that must never fail everywhere else.

use std::fs;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use spdx::{Expression, ParseMode};

use crate::httpsig;
use crate::workspace::{answer, cargo, root, run};

/// Fails when a dependency has a licence that `deny.toml` does not allow, or comes from elsewhere
/// than the one registry. Known vulnerabilities change without us: they are not a matter of a test,
/// but of `cargo deny check advisories`, by schedule.
pub(crate) fn check() -> Result<()> {
    for manifest in ["Cargo.toml", httpsig::MANIFEST] {
        check_workspace(manifest)?;
    }
    Ok(())
}

fn check_workspace(manifest: &str) -> Result<()> {
    if answer(cargo().args(["deny", "--version"])).is_ok() {
        return run(cargo()
            .args(["deny", "--offline", "--manifest-path", manifest])
            .args([
                "check",
                "--config",
                "deny.toml",
                "bans",
                "licenses",
                "sources",
            ]));
    }
    let allowed = allowed()?;
    let metadata = answer(
        cargo()
            .args(["metadata", "--format-version", "1", "--locked"])
            .args(["--manifest-path", manifest]),
    )?;
    let metadata: Value = serde_json::from_str(&metadata)?;
    let packages = metadata
        .get("packages")
        .and_then(Value::as_array)
        .context("cargo metadata lists no packages")?;
    let mut faults = Vec::new();
    for package in packages {
        let text = |key| package.get(key).and_then(Value::as_str).unwrap_or_default();
        let expression = Expression::parse_mode(text("license"), ParseMode::LAX);
        if !expression
            .is_ok_and(|licence| licence.evaluate(|one| allowed.contains(&one.to_string())))
        {
            faults.push(format!("{}: licence `{}`", text("name"), text("license")));
        }
        // A package of the workspace has no source.
        if !text("source").is_empty() && !text("source").starts_with("registry+") {
            faults.push(format!("{}: source `{}`", text("name"), text("source")));
        }
    }
    if !faults.is_empty() {
        bail!("deny.toml does not allow {}", faults.join("; "));
    }
    println!(
        "{manifest}: {} packages, all allowed by deny.toml",
        packages.len()
    );
    Ok(())
}

fn allowed() -> Result<Vec<String>> {
    let rules: toml::Table = fs::read_to_string(root().join("deny.toml"))?.parse()?;
    let list = rules
        .get("licenses")
        .and_then(|table| table.get("allow")?.as_array());
    let names = list
        .context("deny.toml allows no licence")?
        .iter()
        .filter_map(toml::Value::as_str);
    Ok(names.map(str::to_owned).collect())
}
