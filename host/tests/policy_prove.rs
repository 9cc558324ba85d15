//! `countersign policy prove`: what it prints, and how it exits.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by them")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

const SCHEMA: &str = r#"
    entity User = { level: Long };
    entity Doc;
    action "read" appliesTo { principal: [User], resource: [Doc], context: { hour: Long } };
"#;
const MANIFEST: &str = r#"
    name = "small"
    version = "1.0.0"
    principal_type = "User"
    policy_ids = "place"
"#;

fn pack(folder: &Path, name: &str, policies: &str) {
    let folder = folder.join(name);
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("schema.cedarschema"), SCHEMA).unwrap();
    fs::write(folder.join("pack.toml"), MANIFEST).unwrap();
    fs::write(folder.join("policies.cedar"), policies).unwrap();
}

fn prove(folder: &Path, solver: Option<&Path>, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
    command.args(["policy", "prove"]).args(arguments);
    if let Some(solver) = solver {
        command.env("CVC5", solver);
    }
    command.current_dir(folder).output().unwrap()
}

fn json(folder: &Path, solver: Option<&Path>, arguments: &[&str]) -> (i32, Value) {
    let output = prove(folder, solver, &[arguments, &["--json"]].concat());
    let json = serde_json::from_slice(&output.stdout);
    let json = json.unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    (output.status.code().unwrap(), json)
}

/// Whether there is a solver. In CI there must be one.
fn has_solver() -> bool {
    let name = std::env::var_os("CVC5").unwrap_or_else(|| "cvc5".into());
    let found = Command::new(name).arg("--version").output().is_ok();
    if !found {
        let in_ci = std::env::var("CI").is_ok_and(|value| value == "true");
        assert!(!in_ci, "cvc5 is not installed");
        println!("skipped: cvc5 is not installed");
    }
    found
}

#[test]
fn it_exits_with_0_when_proved_and_1_with_a_counter_example() {
    if !has_solver() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    pack(
        folder,
        "a",
        "permit (principal, action, resource) when { principal.level > 3 };",
    );
    pack(
        folder,
        "b",
        "permit (principal, action, resource) unless { principal.level <= 3 };",
    );
    pack(
        folder,
        "c",
        "permit (principal, action, resource) when { principal.level > 4 };
         permit (principal, action, resource) when { principal.level > 7 };
         permit (principal, action, resource) when { context.hour + 1 == 0 };",
    );

    let (code, proved) = json(folder, None, &["equivalent", "a", "b"]);
    assert_eq!((code, &proved["code"]), (0, &"proved".into()));
    assert_eq!(proved["kinds_of_request"], 1);
    assert!(proved["solver"]["version"].is_string());

    let (code, refuted) = json(folder, None, &["equivalent", "a", "c"]);
    assert_eq!((code, &refuted["code"]), (1, &"not_equivalent".into()));
    let answers = &refuted["counter_example"]["answers"];
    assert_ne!(answers[0]["effect"], answers[1]["effect"]);

    let never = "(principal, action, resource) when { principal.level == 4 }";
    let (code, refuted) = json(folder, None, &["never-allows", "a", never]);
    assert_eq!((code, &refuted["code"]), (1, &"allows".into()));
    let (code, refuted) = json(folder, None, &["never-errs", "c"]);
    assert_eq!((code, &refuted["code"]), (1, &"errs".into()));
    assert_eq!(
        refuted["counter_example"]["answers"][0]["errors"][0],
        "policy2"
    );
    let (code, refuted) = json(folder, None, &["shadowed", "c"]);
    assert_eq!((code, &refuted["code"]), (1, &"shadowed".into()));
    assert_eq!(refuted["policies"][1]["code"], "implied_by");
    assert_eq!(refuted["policies"][0]["shadowed"], false);

    let output = prove(folder, None, &["never-allows", "a", never]);
    let text = String::from_utf8(output.stdout).unwrap();
    for part in [
        "refuted: a allows",
        "principal  User::",
        "a: allow, because of policy0",
        "cvc5 ",
    ] {
        assert!(text.contains(part), "{part} in\n{text}");
    }
}

#[test]
fn it_exits_with_2_when_it_could_not_be_tried() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    pack(folder, "a", "permit (principal, action, resource);");
    let absent = folder.join("absent");
    let (code, failed) = json(folder, Some(&absent), &["shadowed", "a"]);
    assert_eq!((code, &failed["code"]), (2, &"solver_unavailable".into()));
    let output = prove(folder, Some(&absent), &["shadowed", "a"]);
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("apt-get install cvc5"), "{text}");

    if has_solver() {
        let (code, failed) = json(folder, None, &["never-allows", "a", "(principal)"]);
        assert_eq!((code, &failed["code"]), (2, &"question_malformed".into()));
        let (code, failed) = json(folder, None, &["shadowed", "nowhere"]);
        assert_eq!((code, &failed["code"]), (2, &"file_unreadable".into()));
    }
}

#[cfg(unix)]
#[test]
fn a_solver_that_takes_too_long_is_stopped() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    pack(
        folder,
        "a",
        "permit (principal, action, resource) when { context.hour == 1 };",
    );
    let solver = folder.join("cvc5");
    let script =
        "#!/bin/sh\n[ \"$1\" = --version ] && exec echo cvc5 version 9.9\nexec sleep 600\n";
    fs::write(&solver, script).unwrap();
    fs::set_permissions(&solver, fs::Permissions::from_mode(0o755)).unwrap();
    let (code, failed) = json(
        folder,
        Some(&solver),
        &["shadowed", "a", "--timeout-seconds", "1"],
    );
    assert_eq!((code, &failed["code"]), (2, &"solver_timeout".into()));
}
