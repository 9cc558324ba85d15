//! `countersign policy`: what it prints, writes and leaves alone, and how it exits.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::sync::{Arc, mpsc};
use std::time::{Duration, SystemTime};

use countersign::{Reload, WatchedBundle};
use countersign_core::Publishers;
use countersign_policies::{Publisher, Sources, packs};
use serde_json::Value;

/// A folder with the trading API's pack in `pack`.
struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let desk = Desk { folder };
        fs::create_dir(desk.path("pack")).unwrap();
        let Sources {
            policies,
            schema,
            manifest,
            entities,
        } = packs::trading_api();
        fs::write(desk.path("pack/policies.cedar"), policies.text()).unwrap();
        fs::write(desk.path("pack/schema.cedarschema"), schema.text()).unwrap();
        fs::write(desk.path("pack/pack.toml"), manifest.text()).unwrap();
        if let Some(entities) = entities {
            fs::write(desk.path("pack/entities.json"), entities.text()).unwrap();
        }
        desk
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    /// Replaces text in a file of the pack.
    fn edit(&self, file: &str, from: &str, to: &str) {
        let path = self.path(file);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{from}");
        fs::write(path, text.replace(from, to)).unwrap();
    }

    fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
        command
            .arg("policy")
            .args(arguments.split(' '))
            .current_dir(self.folder.path());
        command
    }

    fn run(&self, arguments: &str) -> Output {
        self.command(arguments).output().unwrap()
    }

    fn ok(&self, arguments: &str) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// The JSON that a command prints, and its exit status.
    fn json(&self, arguments: &str) -> (Value, Option<i32>) {
        let output = self.run(&format!("{arguments} --json"));
        let json = serde_json::from_slice(&output.stdout).unwrap();
        (json, output.status.code())
    }
}

fn codes(json: &Value) -> Vec<&str> {
    let findings = json["findings"].as_array().unwrap();
    findings
        .iter()
        .map(|finding| finding["code"].as_str().unwrap())
        .collect()
}

#[test]
fn check_finds_and_fixes() {
    let desk = Desk::new();
    desk.edit("pack/policies.cedar", "permit (", "permit(");
    let (json, status) = desk.json("check pack");
    assert_eq!(status, Some(0));
    assert!(codes(&json).contains(&"policies_unformatted"), "{json}");
    assert_eq!(
        desk.run("check pack --deny-warnings").status.code(),
        Some(1)
    );

    let (json, _) = desk.json("check pack --fix");
    assert_eq!(json["fixed"], true);
    assert!(!codes(&json).contains(&"policies_unformatted"), "{json}");

    let policies = desk.path("pack/policies.cedar");
    let mut text = fs::read_to_string(&policies).unwrap();
    text.push_str("@id(\"all\")\n@reason(\"r\")\npermit (principal, action, resource);\n");
    fs::write(&policies, text).unwrap();
    let (json, status) = desk.json("check pack");
    assert_eq!(status, Some(1));
    let all = json["findings"].as_array().unwrap();
    let finding = all
        .iter()
        .find(|finding| finding["code"] == "permit_without_limit")
        .unwrap();
    assert_eq!(finding["severity"], "error");
    assert!(finding["place"]["offset"].as_u64().unwrap() > 0);
}

#[test]
fn check_shows_what_cedar_says_and_where() {
    let desk = Desk::new();
    desk.edit(
        "pack/policies.cedar",
        "principal.environment ==",
        "principal.environmint ==",
    );
    let output = desk.run("check pack");
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("policy_not_valid"), "{text}");
    assert!(text.contains("environmint"), "{text}");
    assert!(text.contains("pack/policies.cedar:"), "{text}");
    assert_eq!(desk.run("check trading-api --fix").status.code(), Some(2));
    assert_eq!(desk.run("check nowhere").status.code(), Some(2));
}

#[test]
fn build_is_atomic_and_deterministic() {
    let desk = Desk::new();
    let (json, status) = desk.json("build pack -o a.bundle");
    assert_eq!(status, Some(0));
    assert_eq!(json["name"], "trading-api");
    desk.ok("build pack --output b.bundle");
    let bytes = fs::read(desk.path("a.bundle")).unwrap();
    assert_eq!(bytes, fs::read(desk.path("b.bundle")).unwrap());
    assert_eq!(json["bytes"], bytes.len());

    desk.edit("pack/policies.cedar", "permit (", "permit [");
    let output = desk.run("build pack -o a.bundle");
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(
        text.contains("policy_syntax") && text.contains("unexpected token"),
        "{text}"
    );
    assert_eq!(fs::read(desk.path("a.bundle")).unwrap(), bytes);
    let (json, _) = desk.json("build pack -o a.bundle");
    assert_eq!(json["problems"][0]["code"], "policy_syntax");
    // No file is left beside it.
    assert_eq!(fs::read_dir(desk.folder.path()).unwrap().count(), 3);
    assert_eq!(
        desk.run("build trading-api -o no/such/folder")
            .status
            .code(),
        Some(2)
    );
}

#[test]
fn show_takes_a_bundle_apart() {
    let desk = Desk::new();
    desk.ok("build pack -o a.bundle");
    let text = desk.ok("show a.bundle");
    assert!(text.starts_with("bundle trading-api "), "{text}");
    assert!(text.contains("forbid \"withdraw-only-live\""), "{text}");
    let (json, _) = desk.json("show a.bundle");
    assert_eq!(json["bundle"]["name"], "trading-api");
    fs::write(desk.path("bad"), "not a bundle").unwrap();
    let (json, status) = desk.json("show bad");
    assert_eq!(
        (json["code"].as_str(), status),
        (Some("bundle_not_a_bundle"), Some(1))
    );
}

#[test]
fn diff_says_what_differs_and_what_would_be_decided() {
    let desk = Desk::new();
    desk.ok("build pack -o old.bundle");
    let row = |environment: &str| {
        format!(
            "{{\"key\": {{\"id\": \"k7\", \"groups\": [\"withdrawer\"], \"attributes\": \
             {{\"environment\": \"{environment}\"}}}}, \"method\": \"POST\", \
             \"path\": \"/v1/withdrawals\", \"context\": {{}}}}\n"
        )
    };
    fs::write(desk.path("log"), row("live") + "\n" + &row("test")).unwrap();
    assert_eq!(desk.ok("diff old.bundle pack"), "no difference\n");
    assert_eq!(
        desk.run("diff old.bundle pack --requests log")
            .status
            .code(),
        Some(0)
    );

    desk.edit(
        "pack/policies.cedar",
        "principal.environment == \"live\"",
        "principal.environment == \"test\"",
    );
    let output = desk.run("diff old.bundle pack");
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.starts_with("~ policy withdraw-only-live\n    conditions\n"),
        "{text}"
    );
    let (json, status) = desk.json("diff old.bundle pack --requests log");
    assert_eq!(status, Some(1));
    assert_eq!(json["requests"]["total"], 2);
    let changed = json["requests"]["changed"].as_array().unwrap();
    let lines: Vec<&Value> = changed.iter().map(|changed| &changed["line"]).collect();
    assert_eq!(lines, [1, 3]);

    fs::write(desk.path("log"), "{}\n").unwrap();
    let (json, status) = desk.json("diff old.bundle pack --requests log");
    assert_eq!(
        (json["code"].as_str(), status),
        (Some("request_malformed"), Some(2))
    );
    assert_eq!(desk.run("diff old.bundle log").status.code(), Some(2));
}

#[test]
fn routes_come_from_openapi_and_nothing_is_written_unasked() {
    let desk = Desk::new();
    let openapi =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../policies/tests/openapi/warehouse.yaml");
    fs::copy(openapi, desk.path("api.yaml")).unwrap();
    let text = desk.ok("routes import api.yaml --pack new");
    assert!(text.contains("action \"placeOrder\""), "{text}");
    assert!(!desk.path("new").exists());
    desk.ok("routes import api.yaml --pack new --write");
    desk.ok("build new -o new.bundle");
    assert_eq!(
        desk.ok("routes import api.yaml --pack new --write"),
        "nothing is new\n"
    );

    desk.edit("api.yaml", "      operationId: readItem\n", "");
    let (json, status) = desk.json("routes import api.yaml --pack new --write");
    assert_eq!(status, Some(1));
    assert_eq!(json["problems"][0]["code"], "operation_unmapped");
    assert!(
        json["problems"][0]["message"]
            .as_str()
            .unwrap()
            .contains("GET /items/{itemId}")
    );
}

/// A command that goes on until it is killed.
struct Running {
    child: Child,
    lines: std::io::Lines<BufReader<ChildStdout>>,
}

impl Running {
    fn new(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Running { child, lines }
    }

    fn next(&mut self) -> Value {
        serde_json::from_str(&self.lines.next().unwrap().unwrap()).unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

#[test]
fn watch_tells_of_each_reload() {
    let desk = Desk::new();
    desk.ok("build pack -o a.bundle");
    let mut watch = Running::new(desk.command("watch a.bundle --interval 20 --json"));
    let loaded = watch.next();
    assert_eq!(loaded["event"], "loaded");

    fs::write(desk.path("a.bundle"), "damaged").unwrap();
    let kept = watch.next();
    assert_eq!(
        (&kept["event"], &kept["code"]),
        (&"kept".into(), &"bundle_not_a_bundle".into())
    );
    assert_eq!(kept["sha256"], loaded["sha256"]);

    desk.edit(
        "pack/policies.cedar",
        "Keys for market data may",
        "Keys may",
    );
    desk.ok("build pack -o a.bundle");
    let reloaded = watch.next();
    assert_eq!(reloaded["event"], "reloaded");
    assert_ne!(reloaded["sha256"], loaded["sha256"]);
}

#[test]
fn build_goes_on_and_keeps_the_old_bundle() {
    let desk = Desk::new();
    let mut build =
        Running::new(desk.command("build pack -o a.bundle --watch --interval 20 --json"));
    let first = build.next();
    assert_eq!(first["ok"], true);
    let bytes = fs::read(desk.path("a.bundle")).unwrap();

    desk.edit("pack/policies.cedar", "permit (", "permit [");
    let refused = build.next();
    assert_eq!(refused["problems"][0]["code"], "policy_syntax");
    assert_eq!(fs::read(desk.path("a.bundle")).unwrap(), bytes);

    desk.edit("pack/policies.cedar", "permit [", "permit (");
    assert_eq!(build.next()["sha256"], first["sha256"]);
}

#[test]
fn a_watched_bundle_of_pinned_publishers_takes_only_theirs() {
    let desk = Desk::new();
    let [acme, other] = [1, 2].map(|seed| Publisher::new("acme", &[seed; 32]).unwrap());
    let trusting = |publisher: &Publisher| {
        let mut publishers = Publishers::new();
        assert!(publishers.trust("acme", &publisher.public_key()));
        publishers
    };
    let path = desk.path("a.bundle");
    let build = |version: &str| {
        let manifest = fs::read_to_string(desk.path("pack/pack.toml")).unwrap();
        let line = manifest.lines().find(|line| line.starts_with("version"));
        desk.edit(
            "pack/pack.toml",
            line.unwrap(),
            &format!("version = \"{version}\""),
        );
        desk.ok("build pack -o built.bundle");
        fs::read(desk.path("built.bundle")).unwrap()
    };
    let (first, second) = (build("3.0.0"), build("3.1.0"));

    fs::write(&path, &first).unwrap();
    let unsigned = WatchedBundle::signed(&path, trusting(&acme)).unwrap_err();
    assert_eq!(unsigned.code(), "bundle_unsigned");

    fs::write(&path, acme.sign(&first).unwrap()).unwrap();
    let watched = WatchedBundle::signed(&path, trusting(&acme)).unwrap();
    let refused = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        assert!(matches!(watched.poll(), Reload::Kept(_)));
        watched.last_error().unwrap().code()
    };
    assert_eq!(refused(&second), "bundle_unsigned");
    assert_eq!(
        refused(&other.sign(&second).unwrap()),
        "bundle_signature_mismatch"
    );

    // Keys change without a restart, and an older bundle stays refused.
    watched.replace_publishers(trusting(&other)).unwrap();
    fs::write(&path, other.sign(&second).unwrap()).unwrap();
    assert!(matches!(watched.poll(), Reload::Replaced(_)));
    assert_eq!(refused(&other.sign(&first).unwrap()), "bundle_older");
    assert_eq!(watched.current().bundle().version_text(), "3.1.0");
}

#[test]
fn a_watched_bundle_changes_for_those_who_ask_anew() {
    let desk = Desk::new();
    desk.ok("build pack -o a.bundle");
    let path = desk.path("a.bundle");
    let watched = WatchedBundle::open(&path).unwrap();
    let old = watched.current();
    assert!(matches!(watched.poll(), Reload::Unchanged));

    fs::write(&path, "damaged").unwrap();
    assert!(matches!(watched.poll(), Reload::Kept(_)));
    assert!(matches!(watched.poll(), Reload::Unchanged));
    assert_eq!(watched.last_error().unwrap().code(), "bundle_not_a_bundle");
    fs::remove_file(&path).unwrap();
    assert!(matches!(watched.poll(), Reload::Kept(_)));
    assert_eq!(watched.last_error().unwrap().code(), "file_unreadable");
    assert!(matches!(watched.poll(), Reload::Unchanged));
    assert_eq!(watched.current().bytes(), old.bytes());

    desk.edit(
        "pack/policies.cedar",
        "Keys for market data may",
        "Keys may",
    );
    desk.ok("build pack -o a.bundle");
    assert!(matches!(watched.poll(), Reload::Replaced(_)));
    assert!(watched.last_error().is_none());
    assert_ne!(watched.current().bytes(), old.bytes());

    // The same bundle again, under an old date: nothing to reload.
    let file = fs::File::options().write(true).open(&path).unwrap();
    file.set_modified(SystemTime::now() - Duration::from_mins(1))
        .unwrap();
    assert!(matches!(watched.poll(), Reload::Unchanged));
    assert!(WatchedBundle::open(desk.path("none")).is_err());
}

#[test]
fn a_thread_watches_until_it_is_dropped() {
    let desk = Desk::new();
    desk.ok("build pack -o a.bundle");
    let watched = Arc::new(WatchedBundle::open(desk.path("a.bundle")).unwrap());
    let (report, reports) = mpsc::channel();
    let watching = watched
        .watch(Duration::from_millis(10), move |reload| {
            report.send(matches!(reload, Reload::Replaced(_))).unwrap();
        })
        .unwrap();
    desk.edit(
        "pack/policies.cedar",
        "Keys for market data may",
        "Keys may",
    );
    desk.ok("build pack -o a.bundle");
    assert!(reports.recv_timeout(Duration::from_secs(20)).unwrap());
    drop(watching);
    // The thread is gone, and its end of the channel with it.
    assert!(reports.recv().is_err());
}

/// Runs each command that `docs/policy-cli.md` shows, but for one that goes on for ever, and
/// compares what it prints with the page; `COUNTERSIGN_BLESS=1` writes the page.
#[test]
fn the_page_shows_what_is_printed() {
    let desk = Desk::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for folder in ["notes", "draft"] {
        fs::create_dir(desk.path(folder)).unwrap();
        for file in ["pack.toml", "schema.cedarschema", "policies.cedar"] {
            let from = root.join("tests/notes").join(file);
            fs::copy(from, desk.path(folder).join(file)).unwrap();
        }
    }
    let draft = fs::read_to_string(root.join("tests/notes/draft.cedar")).unwrap();
    let policies = desk.path("draft/policies.cedar");
    let text = fs::read_to_string(&policies).unwrap() + &draft;
    fs::write(policies, text).unwrap();
    fs::copy(
        root.join("tests/notes/requests.jsonl"),
        desk.path("requests.jsonl"),
    )
    .unwrap();
    let openapi = fs::read_to_string(root.join("../policies/tests/openapi/warehouse.yaml"));
    let openapi = openapi
        .unwrap()
        .replace("      operationId: readItem\n", "");
    fs::write(desk.path("warehouse.yaml"), openapi).unwrap();

    let page = root.join("../docs/policy-cli.md");
    let written = fs::read_to_string(&page).unwrap();
    let mut shown = String::new();
    let mut commands = 0;
    for (at, block) in written.split("```").enumerate() {
        let command = block.strip_prefix("text\n$ countersign policy ");
        match command.and_then(|block| block.split_once('\n')) {
            Some((command, _)) if !command.starts_with("watch") => {
                let output = desk.run(command);
                let printed = [output.stdout, output.stderr].concat();
                let printed = String::from_utf8(printed).unwrap();
                let lines: Vec<&str> = printed.trim_end().lines().map(str::trim_end).collect();
                let lines = lines.join("\n");
                shown.push_str(&format!(
                    "```text\n$ countersign policy {command}\n{lines}\n"
                ));
                commands += 1;
            }
            _ if at == 0 => shown.push_str(block),
            _ => shown.push_str(&format!("```{block}")),
        }
    }
    assert!(commands >= 5, "the page shows commands");
    if std::env::var_os("COUNTERSIGN_BLESS").is_some() {
        fs::write(&page, &shown).unwrap();
    } else {
        assert!(shown == written, "bless the page by COUNTERSIGN_BLESS=1");
    }
}

#[test]
fn a_publisher_signs_with_a_key_that_only_its_owner_reads() {
    let desk = Desk::new();
    let (trusted, status) = desk.json("keygen --publisher acme -o acme.key");
    assert_eq!(status, Some(0));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(desk.path("acme.key"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    // A key is never written over.
    let again = desk.run("keygen --publisher acme -o acme.key");
    assert_eq!(again.status.code(), Some(2));

    desk.ok("build pack -o a.bundle");
    let sums = |text: String| text.lines().nth(1).map(str::to_owned);
    let unsigned = sums(desk.ok("show a.bundle"));
    desk.ok("sign a.bundle --key acme.key --publisher acme");
    desk.ok("build pack -o b.bundle --sign acme.key --publisher acme");
    let signed = fs::read(desk.path("a.bundle")).unwrap();
    assert_eq!(signed, fs::read(desk.path("b.bundle")).unwrap());
    let shown = desk.ok("show a.bundle");
    assert!(shown.contains("signed by  acme\n"), "{shown}");
    assert_eq!(sums(shown), unsigned);

    let publishers = serde_json::json!({ "publishers": [trusted] }).to_string();
    let mut publishers = countersign_core::Publishers::from_json(&publishers).unwrap();
    assert_eq!(publishers.load(&signed).unwrap().name(), "trading-api");

    let (json, status) = desk.json("sign a.bundle --key a.bundle --publisher acme");
    assert_eq!(status, Some(2), "{json}");
    let (json, status) = desk.json("sign acme.key --key acme.key --publisher acme");
    assert_eq!(
        (json["code"].as_str(), status),
        (Some("bundle_not_a_bundle"), Some(1))
    );
}
