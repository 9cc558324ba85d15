//! What the command line takes, and how it ends: 0 done, 1 refused or denied, 2 could not try.

mod custody;
mod debug;
mod decide;
mod demo;
mod evidence;
mod failure;
mod inspect;
mod message;
mod pack;
mod policy;
mod schemes;
mod shell;
mod sign;
mod vendor;
mod verify;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use countersign::Scheme;
use serde_json::Value;

use failure::Failure;

/// Signs HTTP requests, verifies them, and decides by Cedar policy what the key may do.
#[derive(Debug, Parser)]
#[command(name = "countersign", version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Print one JSON object instead of text.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show the whole way of a request on a small origin of our own.
    Demo(demo::DemoArguments),
    /// Sign a request: print it with its new fields, or as a curl command.
    Sign(sign::SignArguments),
    /// Verify the signature of a request.
    Verify(verify::VerifyArguments),
    /// Verify a request and ask a policy bundle about it.
    Decide(decide::DecideArguments),
    /// Print the signature base of a message, and what its signature covers.
    Inspect(inspect::InspectArguments),
    /// Say why a request does not verify.
    Debug(debug::DebugArguments),
    /// List vendors' signing schemes, what each covers and what it doesn't.
    Schemes(schemes::SchemesArguments),
    /// Evidence that a key signed, for a third party.
    Evidence(evidence::EvidenceArguments),
    /// Policies as code: check, build and compare packs and bundles.
    Policy(policy::PolicyArguments),
    /// The vault that seals the keys: make it, check it, change its root.
    Vault(custody::vault::VaultArguments),
    /// The life of keys: issue, rotate, suspend, revoke, destroy.
    Keys(custody::keys::KeysArguments),
    /// Who may: roles and authenticators.
    People(custody::people::PeopleArguments),
    /// Who is told what happens to keys.
    Webhooks(custody::webhooks::WebhooksArguments),
    /// The keyring for edges: who reads it, and what is published to them.
    Snapshot(custody::snapshot::SnapshotArguments),
    /// A second person's yes to a critical act.
    Approval(custody::approval::ApprovalArguments),
    /// What was done, by whom and why, and the proof that nobody changed it.
    Audit(custody::audit::AuditArguments),
    /// Who holds what, who used it, and the least that would do.
    Access(custody::access::AccessArguments),
    /// Bulk acts after a leak.
    Incident(custody::incident::IncidentArguments),
    /// The store of all this: back it up, move it.
    Store(custody::store::StoreCommandArguments),
    /// Print a script that completes commands in a shell.
    Completions(shell::CompletionsArguments),
    /// Print the manual page.
    Man(shell::ManArguments),
}

/// Where the message is.
#[derive(Debug, Args)]
struct MessageArguments {
    /// An HTTP/1.1 message, or what `curl -v` printed; `-` for standard input.
    #[arg(default_value = "-")]
    message: PathBuf,
    /// A file with the body, in place of the one in the message.
    #[arg(long, value_name = "FILE")]
    body: Option<PathBuf>,
    /// The scheme that the request came by.
    #[arg(long, default_value = "https", value_parser = scheme)]
    scheme: Scheme,
}

fn scheme(name: &str) -> Result<Scheme, String> {
    Scheme::parse(name).ok_or_else(|| "it is `http` or `https`".into())
}

/// An object with a member more.
fn with(mut object: Value, member: &str, value: impl Into<Value>) -> Value {
    if let Value::Object(members) = &mut object {
        members.insert(member.to_owned(), value.into());
    }
    object
}

/// What a command did.
struct Done {
    /// For a person.
    text: String,
    /// For a program.
    json: Value,
    /// Whether it is a yes.
    success: bool,
}

impl Done {
    /// All was said already.
    fn silent() -> Self {
        Done {
            text: String::new(),
            json: Value::Null,
            success: true,
        }
    }
}

/// Runs a command and prints what came of it.
pub(crate) fn run(cli: &Cli) -> ExitCode {
    let outcome = match &cli.command {
        Command::Demo(arguments) => demo::run(arguments),
        Command::Sign(arguments) => sign::run(arguments),
        Command::Verify(arguments) => verify::run(arguments),
        Command::Decide(arguments) => decide::run(arguments),
        Command::Inspect(arguments) => inspect::run(arguments),
        Command::Debug(arguments) => debug::run(arguments),
        Command::Schemes(arguments) => schemes::run(arguments),
        Command::Evidence(arguments) => evidence::run(arguments),
        Command::Policy(arguments) => policy::run(arguments, cli.json),
        Command::Vault(arguments) => custody::vault::run(arguments, cli.json),
        Command::Keys(arguments) => custody::keys::run(arguments, cli.json),
        Command::People(arguments) => custody::people::run(arguments, cli.json),
        Command::Webhooks(arguments) => custody::webhooks::run(arguments),
        Command::Snapshot(arguments) => custody::snapshot::run(arguments, cli.json),
        Command::Approval(arguments) => custody::approval::run(arguments),
        Command::Audit(arguments) => custody::audit::run(arguments, cli.json),
        Command::Access(arguments) => custody::access::run(arguments),
        Command::Incident(arguments) => custody::incident::run(arguments),
        Command::Store(arguments) => custody::store::run(arguments),
        Command::Completions(arguments) => Ok(shell::completions(arguments)),
        Command::Man(arguments) => shell::man(arguments),
    };
    match outcome {
        Ok(done) => {
            let text = if done.json.is_null() {
                String::new()
            } else if cli.json {
                format!("{}\n", done.json)
            } else {
                done.text
            };
            // A reader that went away, as `head` does, has read enough.
            let _ = std::io::stdout().write_all(text.as_bytes());
            if done.success {
                ExitCode::SUCCESS
            } else {
                ExitCode::from(1)
            }
        }
        Err(failure) => {
            if cli.json {
                println!("{}", failure.to_json());
            } else {
                eprintln!("{}", failure.shown());
            }
            ExitCode::from(failure.exit_code())
        }
    }
}

/// Seconds since 1970 by the system's clock.
fn now() -> Result<u64, Failure> {
    Ok(now_ms()? / 1000)
}

/// Milliseconds since 1970 by the system's clock.
fn now_ms() -> Result<u64, Failure> {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map(|since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
        .map_err(|_| Failure::usage("clock_wrong", "the system's clock is before 1970"))
}
