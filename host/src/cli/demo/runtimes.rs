//! The demo's requests once more, in Node and in an edge worker, by the drivers of `tests/runtimes`.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::super::failure::Failure;
use super::{CONTEXT, Shown};

const SKIPPED: i32 = 77;

/// What the origin received, as cases that the drivers take.
pub(super) fn cases(
    shown: &[Shown],
    ring: &Value,
    profile: &str,
    bundle: &[u8],
    now: u64,
) -> Value {
    let parsed = |text: &str| serde_json::from_str::<Value>(text).unwrap_or(Value::Null);
    let case = |shown: &Shown| {
        let received = &shown.seen.received;
        json!({
            "id": shown.title,
            "kind": "check",
            "request": {
                "method": received.method,
                "target": received.target,
                "scheme": "http",
                "headers": received.headers,
                "body": STANDARD.encode(&received.body),
            },
            "keyring": ring,
            "profile": parsed(profile),
            "bundle": STANDARD.encode(bundle),
            "context": parsed(CONTEXT),
            "now": now,
            "times": shown.times,
        })
    };
    shown.iter().map(case).collect()
}

/// Runs the cases in each runtime that can be had, and compares verdicts and audit records.
pub(super) fn run(
    folder: Option<&Path>,
    cases: &Value,
    shown: &[Shown],
    sha256_hex: &str,
) -> Result<Vec<String>, Failure> {
    let mut reports = vec![format!("wasmtime  {} verdicts, above", shown.len())];
    let Some(folder) = folder else {
        reports.push(
            "node, workerd  skipped: name the folder of their drivers with --runtimes".into(),
        );
        return Ok(reports);
    };
    let failed = |what: String| Failure::usage("runtime_failed", what);
    // The keys in it are of this demo alone, and the file is its owner's.
    let mut file = tempfile::NamedTempFile::new().map_err(|error| failed(error.to_string()))?;
    file.write_all(cases.to_string().as_bytes())
        .map_err(|error| failed(error.to_string()))?;
    for runtime in ["node", "workerd"] {
        let driver = folder.join(format!("{runtime}.mjs"));
        let output = Command::new("node")
            .arg(&driver)
            .arg(file.path())
            .stdin(Stdio::null())
            .output();
        let output = match output {
            Ok(output) => output,
            Err(error) => {
                reports.push(format!("{runtime:<8}  skipped: node: {error}"));
                continue;
            }
        };
        let stderr = String::from_utf8_lossy(&output.stderr);
        if output.status.code() == Some(SKIPPED) {
            reports.push(format!("{runtime:<8}  {}", stderr.trim()));
            continue;
        }
        if !output.status.success() {
            return Err(failed(format!("{runtime}: {}", stderr.trim())));
        }
        let report: Value =
            serde_json::from_slice(&output.stdout).map_err(|error| failed(error.to_string()))?;
        compare(runtime, &report, shown, sha256_hex).map_err(failed)?;
        let version = report.get("version").and_then(Value::as_str).unwrap_or("");
        reports.push(format!(
            "{runtime:<8}  {version}: {} verdicts and records, byte for byte the same",
            shown.len()
        ));
    }
    Ok(reports)
}

fn compare(runtime: &str, report: &Value, shown: &[Shown], sha256_hex: &str) -> Result<(), String> {
    let found = report
        .get("sha256")
        .and_then(Value::as_str)
        .unwrap_or("none");
    if found != sha256_hex {
        return Err(format!(
            "{runtime} ran another module: SHA-256 {found}; `cargo xtask build` makes this one"
        ));
    }
    let results = report
        .get("results")
        .and_then(Value::as_array)
        .ok_or("the driver gave no results")?;
    if results.len() != shown.len() {
        return Err(format!(
            "{runtime} gave {} results for {} requests",
            results.len(),
            shown.len()
        ));
    }
    for (result, shown) in results.iter().zip(shown) {
        let text = |name: &str| result.get(name).and_then(Value::as_str);
        let record = shown
            .seen
            .decision
            .as_ref()
            .map(|decision| decision.record.as_str());
        if text("verdict") != Some(&shown.seen.verdict) || text("record") != record {
            return Err(format!("{runtime} says of `{}`: {result}", shown.title));
        }
    }
    Ok(())
}
