//! `countersign policy diff`

use std::path::{Path, PathBuf};

use clap::Args;
use countersign_core::policy::Bundle;
use countersign_policies::difference::{
    Answer, Change, ChangeKind, ChangedAnswer, RecordedRequest, difference, replay,
};
use countersign_policies::listing::{self, Listing};
use countersign_policies::{Source, compile};
use serde_json::{Value, json};

use super::{Done, Failure};
use crate::cli::message::{read, read_text};
use crate::cli::{pack, with};

#[derive(Debug, Args)]
pub(super) struct DiffArguments {
    /// The old bundle, or pack: a folder, or a shipped pack's name.
    old: PathBuf,
    /// The new bundle, or pack.
    new: PathBuf,
    /// Recorded requests, one JSON object a line: say which would be decided otherwise.
    #[arg(long, value_name = "LOG")]
    requests: Option<PathBuf>,
}

/// Whether anything differs is the answer: 0 no, 1 yes.
pub(super) fn run(arguments: &DiffArguments) -> Result<Done, Failure> {
    let old = Side::read(&arguments.old)?;
    let new = Side::read(&arguments.new)?;
    let changes = difference(&old.listing, &new.listing);
    let mut text: String = changes.iter().map(change_text).collect();
    let mut json = json!({ "changes": changes });
    let mut same = changes.is_empty();
    if let Some(log) = &arguments.requests {
        let replayed = Replayed::of(log, &old.bundle, &new.bundle)?;
        same &= replayed.changed.is_empty();
        text.push_str(&replayed.text());
        json = with(json, "requests", replayed.json());
    }
    if same {
        text.push_str("no difference\n");
    }
    Ok(Done {
        text,
        json: with(json, "ok", same),
        success: same,
    })
}

struct Side {
    listing: Listing,
    bundle: Bundle,
}

impl Side {
    fn read(path: &Path) -> Result<Self, Failure> {
        let is_pack = path.is_dir() || pack::shipped(path).is_some();
        let bytes = if is_pack {
            compile(&pack::sources(path)?)?.into_bytes()
        } else {
            read(path)?
        };
        let about = |code: &str, message: String| {
            Failure::usage(code, format!("{}: {message}", path.display()))
        };
        let bundle = Bundle::load_unsigned(bytes.as_slice())
            .map_err(|error| about(error.code(), error.to_string()))?;
        let listing =
            listing::read(&bytes).map_err(|error| about(error.code(), error.to_string()))?;
        Ok(Self { listing, bundle })
    }
}

/// The requests of a log, answered by both.
struct Replayed {
    requests: usize,
    changed: Vec<(usize, RecordedRequest, ChangedAnswer)>,
}

impl Replayed {
    fn of(log: &Path, old: &Bundle, new: &Bundle) -> Result<Self, Failure> {
        let source = Source::new(log.display().to_string(), read_text(log)?);
        let mut replayed = Self {
            requests: 0,
            changed: Vec::new(),
        };
        for (at, line) in source.text().lines().enumerate() {
            if line.trim().is_empty() {
                continue;
            }
            let malformed = |message: String| {
                let place = format!("{}:{}", source.name(), at + 1);
                Failure::usage("request_malformed", format!("{place}: {message}")).with_help(
                    "a line is {\"key\": {\"id\", \"groups\", \"attributes\"}, \"method\", \"path\", \"context\", \"entities\"}",
                )
            };
            let request: RecordedRequest =
                serde_json::from_str(line).map_err(|error| malformed(error.to_string()))?;
            replayed.requests += 1;
            let answer =
                replay(old, new, &request).map_err(|error| malformed(error.to_string()))?;
            if let Some(answer) = answer {
                replayed.changed.push((at + 1, request, answer));
            }
        }
        Ok(replayed)
    }

    fn text(&self) -> String {
        let mut text = format!(
            "{} of {} recorded requests would be answered otherwise\n",
            self.changed.len(),
            self.requests
        );
        for (line, request, changed) in &self.changed {
            text.push_str(&format!(
                "  line {line}: {} {} by {}\n    - {}\n    + {}\n",
                request.method,
                request.path,
                request.key.id,
                answer_text(&changed.old),
                answer_text(&changed.new)
            ));
        }
        text
    }

    fn json(&self) -> Value {
        let changed: Vec<Value> = self
            .changed
            .iter()
            .map(|(line, request, changed)| {
                json!({
                    "line": line,
                    "key": request.key.id,
                    "method": request.method,
                    "path": request.path,
                    "old": changed.old,
                    "new": changed.new,
                })
            })
            .collect();
        json!({ "total": self.requests, "changed": changed })
    }
}

fn answer_text(answer: &Answer) -> String {
    let list = |names: &std::collections::BTreeSet<String>| {
        names.iter().cloned().collect::<Vec<_>>().join(", ")
    };
    let mut text = answer.decision.to_owned();
    if !answer.routed {
        text.push_str(", no route");
    }
    if !answer.reasons.is_empty() {
        text.push_str(&format!(" because of {}", list(&answer.reasons)));
    }
    if !answer.errors.is_empty() {
        text.push_str(&format!(", skipped {}", list(&answer.errors)));
    }
    text
}

fn change_text(change: &Change) -> String {
    let mark = match change.kind {
        ChangeKind::Added => '+',
        ChangeKind::Removed => '-',
        ChangeKind::Changed => '~',
    };
    let mut text = format!("{mark} {} {}\n", change.what, change.name);
    for detail in &change.details {
        text.push_str(&format!("    {}\n", detail.field));
        for (mark, side) in [('-', &detail.old), ('+', &detail.new)] {
            for line in side.iter().flat_map(|side| side.lines()) {
                text.push_str(&format!("      {mark} {line}\n"));
            }
        }
    }
    text
}
