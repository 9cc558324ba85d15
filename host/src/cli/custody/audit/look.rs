//! `countersign audit search`, `tail` and `export`

use std::io::{BufWriter, Write as _};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use countersign_core::{Environment, KeyId, UnixSeconds};
use countersign_custody::audit::{self, Entry, Filter, Format, Outcome, Tail};
use serde_json::{Value, json};

use super::reading::{instant, written};
use super::{Done, Failure, StoreArguments, done, environment};

/// How long one wait for records lasts.
const WAIT: Duration = Duration::from_secs(1);

/// What is looked for: all that is given must hold.
#[derive(Debug, Args)]
struct FilterArguments {
    /// Who did it.
    #[arg(long)]
    actor: Option<String>,
    /// What was done, such as `key.issued`, or `key.*`.
    #[arg(long)]
    act: Option<String>,
    /// The id of the key.
    #[arg(long)]
    keyid: Option<String>,
    /// The environment.
    #[arg(long = "env", value_name = "ENVIRONMENT", value_parser = environment)]
    environment: Option<Environment>,
    /// At that time or later.
    #[arg(long, value_name = "WHEN", value_parser = instant)]
    since: Option<UnixSeconds>,
    /// Before that time.
    #[arg(long, value_name = "WHEN", value_parser = instant)]
    before: Option<UnixSeconds>,
    /// `done`, or the code of the refusal.
    #[arg(long, value_name = "CODE")]
    outcome: Option<String>,
    /// Text that stands in the record.
    #[arg(long)]
    text: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct SearchArguments {
    #[command(flatten)]
    store: StoreArguments,
    #[command(flatten)]
    filter: FilterArguments,
    /// Begin with this record.
    #[arg(long, value_name = "RECORD", default_value = "1")]
    from: u64,
    /// At most so many.
    #[arg(long, value_name = "N", default_value = "1000")]
    limit: usize,
}

#[derive(Debug, Args)]
pub(super) struct TailArguments {
    #[command(flatten)]
    store: StoreArguments,
    #[command(flatten)]
    filter: FilterArguments,
    /// Begin so many records before the end.
    #[arg(short = 'n', long, value_name = "N", default_value = "10")]
    lines: u64,
    /// Go on with what comes. Of a file no other process can write meanwhile.
    #[arg(short, long)]
    follow: bool,
}

#[derive(Debug, Args)]
pub(super) struct ExportArguments {
    #[command(flatten)]
    store: StoreArguments,
    #[command(flatten)]
    filter: FilterArguments,
    /// The form.
    #[arg(long, default_value = "jsonl")]
    format: Form,
    /// The file, which must not exist yet; standard output unless given.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Form {
    /// JSON lines, from which the chain can be checked.
    Jsonl,
    /// Comma-separated values.
    Csv,
    /// Common Event Format.
    Cef,
    /// Open Cybersecurity Schema Framework.
    Ocsf,
}

impl FilterArguments {
    fn filter(&self) -> Result<Filter, Failure> {
        let ms = |at: UnixSeconds| at.get().saturating_mul(1000);
        Ok(Filter {
            actor: self.actor.clone(),
            act: self.act.clone(),
            keyid: self.keyid.as_deref().map(KeyId::new).transpose()?,
            environment: self.environment,
            from_ms: self.since.map(ms),
            before_ms: self.before.map(ms),
            outcome: self.outcome.clone().map(Outcome::from),
            text: self.text.clone(),
        })
    }
}

pub(super) fn search(arguments: &SearchArguments) -> Result<Done, Failure> {
    let filter = arguments.filter.filter()?;
    let store = arguments.store.open()?;
    let (mut found, mut from) = (Vec::new(), arguments.from);
    let next = loop {
        let wanted = arguments.limit.saturating_sub(found.len());
        let page = audit::search(&*store, &filter, from, wanted)?;
        found.extend(page.entries);
        if page.is_last || found.len() >= arguments.limit {
            break (!page.is_last).then_some(page.next);
        }
        from = page.next;
    };
    let text = found.iter().map(line).collect::<String>();
    let more = next.map_or_else(String::new, |next| format!("more from --from {next} on\n"));
    let records: Vec<Value> = found.iter().map(|entry| json!(entry.record())).collect();
    Ok(done(
        text + &more,
        json!({"ok": true, "records": records, "next": next}),
    ))
}

pub(super) fn tail(arguments: &TailArguments, as_json: bool) -> Result<Done, Failure> {
    let filter = arguments.filter.filter()?;
    let store = arguments.store.open()?;
    let last = audit::head(&*store)?.map_or(0, |head| head.sequence);
    let first = last.saturating_sub(arguments.lines).saturating_add(1);
    let mut tail = Tail::new(&*store, filter, first);
    let mut stdout = std::io::stdout().lock();
    loop {
        let wait = if arguments.follow {
            WAIT
        } else {
            Duration::ZERO
        };
        let entries = tail.next(wait)?;
        let is_end = entries.is_empty();
        for entry in &entries {
            let line = if as_json {
                Format::JsonLines.line(entry)
            } else {
                line(entry)
            };
            // A reader that went away, as `head` does, has read enough.
            if stdout.write_all(line.as_bytes()).is_err() {
                return Ok(Done::silent());
            }
        }
        if stdout.flush().is_err() || (is_end && !arguments.follow) {
            return Ok(Done::silent());
        }
    }
}

pub(super) fn export(arguments: &ExportArguments) -> Result<Done, Failure> {
    let filter = arguments.filter.filter()?;
    let store = arguments.store.open()?;
    let format = match arguments.format {
        Form::Jsonl => Format::JsonLines,
        Form::Csv => Format::Csv,
        Form::Cef => Format::Cef,
        Form::Ocsf => Format::Ocsf,
    };
    let Some(path) = &arguments.output else {
        let mut out = BufWriter::new(std::io::stdout().lock());
        audit::export(&*store, &filter, format, &mut out)?;
        return Ok(Done::silent());
    };
    let file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path);
    let file = file.map_err(|error| Failure::file(path, &error))?;
    let count = audit::export(&*store, &filter, format, &mut BufWriter::new(file))?;
    let text = format!("{}: {count} records\n", path.display());
    let json = json!({"ok": true, "file": path.display().to_string(), "records": count});
    Ok(done(text, json))
}

/// A record, for a person.
fn line(entry: &Entry) -> String {
    let record = entry.record();
    let name = |environment: Environment| environment.as_str();
    let place = match (record.environment.map(name), &record.keyid) {
        (Some(environment), Some(keyid)) => format!("{environment}/{}", keyid.as_str()),
        (Some(environment), None) => environment.to_owned(),
        _ => "-".to_owned(),
    };
    format!(
        "{:>6}  {}  {:<20} {:<24} {:<12} {:<10} {}\n",
        record.sequence,
        written(UnixSeconds::new(record.at_ms / 1000)),
        record.act,
        place,
        record.actor,
        record.outcome.as_str(),
        record.reason,
    )
}
