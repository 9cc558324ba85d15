//! `countersign policy prove`

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use countersign_policies::prove::{
    Answer, CounterExample, Effectiveness, PolicyVerdict, ProveError, Prover, Shadow, Solver,
    Verdict,
};
use serde_json::{Value, json};

use super::{Done, Failure};
use crate::cli::pack;

#[derive(Debug, Args)]
pub(super) struct ProveArguments {
    #[command(subcommand)]
    question: Question,
    /// How long the solver may take for the whole question.
    #[arg(long, global = true, value_name = "SECONDS", default_value_t = 60)]
    timeout_seconds: u64,
}

#[derive(Debug, Subcommand)]
enum Question {
    /// Two packs allow exactly the same requests.
    Equivalent {
        /// A folder, or the name of a shipped pack (`trading-api`).
        left: PathBuf,
        /// The other one, with the same schema and static entities.
        right: PathBuf,
    },
    /// A pack never allows the requests that are described.
    NeverAllows {
        /// A folder, or the name of a shipped pack (`trading-api`).
        pack: PathBuf,
        /// The scope and conditions of a policy: `(principal, action == Action::"withdraw",
        /// resource) when { ... }`.
        requests: String,
    },
    /// No policy of a pack ever errs, and so is skipped.
    NeverErrs {
        /// A folder, or the name of a shipped pack (`trading-api`).
        pack: PathBuf,
    },
    /// Which policies of a pack change no answer: there should be none.
    Shadowed {
        /// A folder, or the name of a shipped pack (`trading-api`).
        pack: PathBuf,
    },
}

pub(super) fn run(arguments: &ProveArguments) -> Result<Done, Failure> {
    let limit = Duration::from_secs(arguments.timeout_seconds);
    let prover = Prover::new(Solver::find()?, limit);
    match &arguments.question {
        Question::Equivalent { left, right } => {
            let verdict = prover.equivalent(&pack::sources(left)?, &pack::sources(right)?)?;
            let [left, right] = [left, right].map(|pack| pack.display().to_string());
            let claim = Claim {
                proved: format!("{left} and {right} allow exactly the same requests"),
                refuted: format!("{left} and {right} do not allow the same requests"),
                code: "not_equivalent",
                packs: vec![left, right],
            };
            Ok(claim.done(&verdict, &prover))
        }
        Question::NeverAllows { pack, requests } => {
            let verdict = prover.never_allows(&pack::sources(pack)?, requests)?;
            let pack = pack.display().to_string();
            let claim = Claim {
                proved: format!("{pack} never allows {requests}"),
                refuted: format!("{pack} allows {requests}"),
                code: "allows",
                packs: vec![pack],
            };
            Ok(claim.done(&verdict, &prover))
        }
        Question::NeverErrs { pack } => {
            let verdict = prover.never_errs(&pack::sources(pack)?)?;
            let pack = pack.display().to_string();
            let claim = Claim {
                proved: format!("no policy of {pack} ever errs"),
                refuted: format!("a policy of {pack} errs"),
                code: "errs",
                packs: vec![pack],
            };
            Ok(claim.done(&verdict, &prover))
        }
        Question::Shadowed { pack } => {
            let found = prover.effectiveness(&pack::sources(pack)?)?;
            Ok(shadowed(&found, &prover))
        }
    }
}

/// What a question claims, in words.
struct Claim {
    proved: String,
    refuted: String,
    code: &'static str,
    /// What gives the answers of a counter-example.
    packs: Vec<String>,
}

impl Claim {
    fn done(&self, verdict: &Verdict, prover: &Prover) -> Done {
        let kinds = verdict.environments;
        let mut text = match &verdict.counter_example {
            None => format!("proved: {}\n", self.proved),
            Some(example) => {
                let shown = show(example, &self.packs);
                format!("refuted: {}\n{shown}", self.refuted)
            }
        };
        text.push_str(&format!("  kinds of request  {kinds}\n{}", by(prover)));
        let holds = verdict.is_proved();
        Done {
            text,
            json: json!({
                "ok": holds,
                "code": if holds { "proved" } else { self.code },
                "kinds_of_request": kinds,
                "counter_example": verdict.counter_example.as_deref().map(to_json),
                "solver": solver(prover),
            }),
            success: holds,
        }
    }
}

fn shadowed(found: &[Effectiveness], prover: &Prover) -> Done {
    let shadows = found
        .iter()
        .filter(|one| matches!(one.verdict, PolicyVerdict::Shadowed(_)))
        .count();
    let mut text = if shadows == 0 {
        format!("each of {} policies changes an answer\n", found.len())
    } else {
        format!("{shadows} of {} policies change no answer\n", found.len())
    };
    let mut policies = Vec::new();
    for Effectiveness { policy, verdict } in found {
        let (line, json) = match verdict {
            PolicyVerdict::Matters(example) => {
                let line = format!("matters: {}", request(example));
                let json =
                    json!({"policy": policy, "shadowed": false, "example": to_json(example)});
                (line, json)
            }
            PolicyVerdict::Shadowed(shadow) => {
                let (code, why) = reason(shadow);
                let line = format!("shadowed: {why}");
                (
                    line,
                    json!({"policy": policy, "shadowed": true, "code": code, "why": why}),
                )
            }
        };
        text.push_str(&format!("  {policy}\n    {line}\n"));
        policies.push(json);
    }
    text.push_str(&by(prover));
    Done {
        text,
        json: json!({
            "ok": shadows == 0,
            "code": if shadows == 0 { "proved" } else { "shadowed" },
            "policies": policies,
            "solver": solver(prover),
        }),
        success: shadows == 0,
    }
}

fn reason(shadow: &Shadow) -> (&'static str, String) {
    match shadow {
        Shadow::NeverApplies => ("never_applies", "no request satisfies it".into()),
        Shadow::AlwaysForbidden => (
            "always_forbidden",
            "whatever it permits is forbidden".into(),
        ),
        Shadow::NothingPermitted => (
            "nothing_permitted",
            "whatever it forbids is permitted by no policy".into(),
        ),
        Shadow::ImpliedBy(other) => ("implied_by", format!("`{other}` covers all that it does")),
        Shadow::ImpliedTogether => (
            "implied_together",
            "others together cover all that it does".into(),
        ),
        Shadow::DecidedByOthers => (
            "decided_by_others",
            "others decide each request that it applies to".into(),
        ),
    }
}

/// A counter-example for a person.
fn show(example: &CounterExample, packs: &[String]) -> String {
    let mut text = format!(
        "  principal  {}\n  action     {}\n  resource   {}\n  context    {}\n",
        example.principal, example.action, example.resource, example.context
    );
    let mut title = "entities";
    for entity in example.entities.as_array().into_iter().flatten() {
        text.push_str(&format!("  {title:<9}  {entity}\n"));
        title = "";
    }
    for (pack, answer) in packs.iter().zip(&example.answers) {
        let Answer {
            allowed,
            reasons,
            errors,
        } = answer;
        let effect = if *allowed { "allow" } else { "deny" };
        text.push_str(&format!("  {pack}: {effect}"));
        for (what, policies) in [("because of", reasons), ("skipped, for it erred:", errors)] {
            if !policies.is_empty() {
                text.push_str(&format!(", {what} {}", policies.join(", ")));
            }
        }
        text.push('\n');
    }
    text
}

/// The request alone, in a line.
fn request(example: &CounterExample) -> String {
    let CounterExample {
        principal,
        action,
        resource,
        context,
        ..
    } = example;
    format!("{principal} {action} {resource} {context}")
}

fn to_json(example: &CounterExample) -> Value {
    let answers = example.answers.iter().map(|answer| {
        json!({
            "effect": if answer.allowed { "allow" } else { "deny" },
            "reasons": answer.reasons,
            "errors": answer.errors,
        })
    });
    json!({
        "principal": example.principal.to_string(),
        "action": example.action.to_string(),
        "resource": example.resource.to_string(),
        "context": example.context,
        "entities": example.entities,
        "answers": answers.collect::<Vec<_>>(),
    })
}

fn by(prover: &Prover) -> String {
    format!("  solver            cvc5 {}\n", prover.solver().version())
}

fn solver(prover: &Prover) -> Value {
    json!({"name": "cvc5", "version": prover.solver().version()})
}

impl From<ProveError> for Failure {
    fn from(error: ProveError) -> Self {
        let code = error.code();
        let help = error.help();
        let message = match error {
            ProveError::Pack(diagnostics) => return diagnostics.into(),
            ProveError::Question(diagnostics) => {
                let problems = diagnostics.problems().iter();
                let problems: Vec<_> = problems.map(ToString::to_string).collect();
                format!(
                    "the requests are not well described: {}",
                    problems.join("; ")
                )
            }
            other => other.to_string(),
        };
        let failure = Failure::usage(code, message);
        match help {
            Some(help) => failure.with_help(help),
            None => failure,
        }
    }
}
