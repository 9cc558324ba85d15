//! An explanation, written.

use countersign_core::policy::Effect;
use countersign_policies::Source;
use countersign_policies::cases::{Answer, Outcome, Question};
use countersign_policies::explain::{Explanation, Finding, Missing, NearMiss, Spoken, Truth};
use serde_json::{Value, json};

/// The explanation for a person.
pub(super) fn text(
    policies: &Source,
    question: &Question,
    answer: &Answer,
    explanation: &Explanation,
) -> String {
    let mut text = format!(
        "{}\n  principal  {}\n  action     {}\n  resource   {}\n",
        answer.outcome, question.principal, question.action, question.resource
    );
    for (name, value) in &answer.obligations {
        text.push_str(&format!("  obliged to @{name}({value:?})\n"));
    }
    let said = |spoken: &&Spoken| spoken.truth == Truth::True;
    let of = |effect: Effect| {
        explanation
            .policies
            .iter()
            .filter(move |spoken| spoken.effect == effect)
    };
    for spoken in of(Effect::Forbid).filter(said) {
        text.push_str(&shown("forbidden by", policies, spoken));
    }
    for spoken in of(Effect::Permit).filter(said) {
        text.push_str(&shown("permitted by", policies, spoken));
    }
    for spoken in &explanation.policies {
        if matches!(spoken.truth, Truth::Error(_)) {
            text.push_str(&shown("skipped, for it erred:", policies, spoken));
        }
    }
    for spoken in of(Effect::Forbid).filter(|spoken| spoken.truth == Truth::False) {
        text.push_str(&shown("not forbidden by", policies, spoken));
    }
    if !explanation.closest.is_empty() {
        text.push_str("\nno permit is satisfied; closest came\n");
    }
    for near in &explanation.closest {
        text.push_str(&format!(
            "  {}{}\n",
            near.id,
            sentence(near.reason.as_deref())
        ));
        for missing in &near.missing {
            text.push_str(&format!("      {}\n", missing.sentence()));
        }
    }
    text
}

fn shown(word: &str, policies: &Source, spoken: &Spoken) -> String {
    let mut text = format!(
        "\n{word} {}{}\n",
        spoken.id,
        sentence(spoken.reason.as_deref())
    );
    for finding in &spoken.findings {
        let place = finding.place.map_or_else(String::new, |(line, column)| {
            format!("{}:{line}:{column}: ", policies.name())
        });
        text.push_str(&format!("    {place}{}\n", finding.sentence()));
    }
    if spoken.findings.is_empty() {
        text.push_str("    its scope is all that it asks\n");
    }
    text
}

fn sentence(reason: Option<&str>) -> String {
    reason.map_or_else(String::new, |reason| format!(": {reason}"))
}

/// The explanation for a program.
pub(super) fn json(question: &Question, answer: &Answer, explanation: &Explanation) -> Value {
    json!({
        "ok": answer.outcome == Outcome::Allow,
        "decision": answer.outcome.as_str(),
        "principal": question.principal.to_string(),
        "action": question.action.to_string(),
        "resource": question.resource.to_string(),
        "reasons": answer.reasons,
        "errors": answer.errors,
        "obligations": answer.obligations,
        "policies": explanation.policies.iter().map(spoken_to_json).collect::<Vec<_>>(),
        "closest": explanation.closest.iter().map(near_to_json).collect::<Vec<_>>(),
    })
}

fn spoken_to_json(spoken: &Spoken) -> Value {
    json!({
        "policy": spoken.id,
        "effect": match spoken.effect {
            Effect::Permit => "permit",
            Effect::Forbid => "forbid",
        },
        "reason": spoken.reason,
        "result": truth_to_json(&spoken.truth),
        "findings": spoken.findings.iter().map(finding_to_json).collect::<Vec<_>>(),
    })
}

fn finding_to_json(finding: &Finding) -> Value {
    let values: Vec<Value> = finding
        .values
        .iter()
        .map(|(text, value)| json!({"expression": text, "value": value}))
        .collect();
    json!({
        "condition": finding.text,
        "line": finding.place.map(|place| place.0),
        "column": finding.place.map(|place| place.1),
        "result": truth_to_json(&finding.truth),
        "values": values,
    })
}

fn near_to_json(near: &NearMiss) -> Value {
    let missing: Vec<String> = near.missing.iter().map(Missing::sentence).collect();
    json!({"policy": near.id, "reason": near.reason, "missing": missing})
}

/// True, false, or the message of the error.
fn truth_to_json(truth: &Truth) -> Value {
    match truth {
        Truth::True => true.into(),
        Truth::False => false.into(),
        Truth::Error(message) => json!({"error": message}),
    }
}
