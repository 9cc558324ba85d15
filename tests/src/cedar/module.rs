//! Asks the module: on wasmtime, and in Node.

use anyhow::{Result, anyhow, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign::{Instance, Query};
use countersign_core::policy::Record;
use serde_json::json;

use super::data::{Answer, Case, Request};
use crate::runtime::{Run, script};

/// The answers on wasmtime.
pub(crate) fn on_wasmtime(instance: &mut Instance, case: &Case) -> Result<Vec<Answer>> {
    let bundle = instance.bundle(&case.bundle)?;
    let entities = instance.entities(&bundle, &case.entities)?;
    let mut answers = Vec::new();
    for request in &case.requests {
        let answer = instance.decide(&entities, &query(request)?)?;
        answers.push(Answer {
            allowed: answer.is_allowed,
            reasons: answer.reasons.into_iter().collect(),
            errors: answer.errors.into_iter().collect(),
        });
    }
    instance.close(entities)?;
    instance.close(bundle)?;
    Ok(answers)
}

/// The answers in Node, of every case.
pub(crate) fn in_node(cases: &[Case]) -> Result<Vec<Vec<Answer>>> {
    let mut questions = Vec::new();
    for case in cases {
        let queries: Result<Vec<String>> = case
            .requests
            .iter()
            .map(|request| Ok(STANDARD.encode(query(request)?.as_bytes())))
            .collect();
        questions.push(json!({
            "bundle": STANDARD.encode(&case.bundle),
            "entities": case.entities,
            "queries": queries?,
        }));
    }
    let outcome = match script::run("cedar", &questions)? {
        Run::Done(outcome) => outcome,
        Run::Skipped(why) => bail!("skipped: {why}"),
    };
    outcome
        .results
        .into_iter()
        .map(|result| {
            let answers = result.get("answers").cloned();
            let answers = answers.ok_or_else(|| anyhow!("an answer lacks `answers`"))?;
            Ok(serde_json::from_value(answers)?)
        })
        .collect()
}

fn query(request: &Request) -> Result<Query> {
    let context = Record::from_json(&request.context)?;
    Ok(Query::new(
        (&request.principal.0, &request.principal.1),
        (&request.action.0, &request.action.1),
        (&request.resource.0, &request.resource.1),
        &context,
    ))
}
