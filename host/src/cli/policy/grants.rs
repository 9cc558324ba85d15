//! Grants, as `who-can` and `what-can` print them.

use countersign_policies::reach::{Clause, Condition, Grant};
use serde_json::{Value, json};

use super::Done;

/// The grants under `title`, each named by `name`. It is a yes if there is one that no forbid always
/// refuses.
pub(super) fn done(mut title: String, grants: &[Grant], name: impl Fn(&Grant) -> String) -> Done {
    let (refused, granted): (Vec<&Grant>, Vec<&Grant>) = grants
        .iter()
        .partition(|grant| grant.refused_by().is_some());
    for grant in &granted {
        title.push_str(&format!("\n{}\n", name(grant)));
        for permit in &grant.permits {
            title.push_str(&clause("by", permit));
        }
        for forbid in &grant.forbids {
            title.push_str(&clause("but not by", forbid));
        }
    }
    for grant in refused {
        if let Some(forbid) = grant.refused_by() {
            title.push_str(&format!(
                "\n{}\n  never: {} forbids it\n",
                name(grant),
                forbid.id
            ));
        }
    }
    if granted.is_empty() {
        title.push_str("\nnobody, and nothing: no policy permits it\n");
    }
    let json = json!({
        "ok": !granted.is_empty(),
        "grants": grants.iter().map(grant_to_json).collect::<Vec<_>>(),
    });
    Done {
        text: title,
        json,
        success: !granted.is_empty(),
    }
}

fn clause(word: &str, clause: &Clause) -> String {
    let obligations: Vec<String> = clause
        .obligations
        .iter()
        .map(|(name, value)| format!(" @{name}({value:?})"))
        .collect();
    let mut text = format!("  {word} {}{}\n", clause.id, obligations.concat());
    for condition in &clause.conditions {
        text.push_str(&format!("      {condition}\n"));
    }
    text
}

fn grant_to_json(grant: &Grant) -> Value {
    let clauses =
        |clauses: &[Clause]| -> Vec<Value> { clauses.iter().map(clause_to_json).collect() };
    json!({
        "subject": grant.subject.to_string(),
        "action": grant.action.to_string(),
        "resource": grant.resource.to_string(),
        "refused_by": grant.refused_by().map(|clause| &clause.id),
        "permits": clauses(&grant.permits),
        "forbids": clauses(&grant.forbids),
    })
}

fn clause_to_json(clause: &Clause) -> Value {
    let conditions: Vec<Value> = clause
        .conditions
        .iter()
        .map(|condition| match condition {
            Condition::When(text) => json!({"when": text}),
            Condition::Unless(text) => json!({"unless": text}),
        })
        .collect();
    json!({
        "policy": clause.id,
        "obligations": clause.obligations,
        "conditions": conditions,
    })
}
