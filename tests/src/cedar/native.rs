//! Asks core as native code.

use countersign_core::policy::{Bundle, Entities, Entity, EntityUid, Query, Record, ValueError};

use super::data::{Answer, Case, Request, Uid};

/// The answers to the requests of a case.
pub(crate) fn answers(case: &Case) -> Result<Vec<Answer>, String> {
    let bundle = Bundle::load_unsigned(&case.bundle).map_err(|error| error.to_string())?;
    let entities = Entities::from_json(&case.entities).map_err(|error| error.to_string())?;
    let requests = case.requests.iter();
    requests
        .map(|request| ask(&bundle, &entities, request).map_err(|error| error.to_string()))
        .collect()
}

fn ask(bundle: &Bundle, entities: &Entities, request: &Request) -> Result<Answer, ValueError> {
    let known = |name: &Uid| {
        let uid = uid(name);
        let known = entities.get(&uid).cloned();
        known.unwrap_or_else(|| Entity::bare(uid))
    };
    let evaluation = bundle.evaluate(&Query {
        principal: &known(&request.principal),
        action: &uid(&request.action),
        resource: &known(&request.resource),
        context: &Record::from_json(&request.context)?,
        entities: Some(entities),
    })?;
    let reasons = evaluation.reasons().map(|policy| policy.id().to_owned());
    let errors = evaluation.errors();
    let errors = errors.map(|(policy, _)| policy.id().to_owned());
    Ok(Answer {
        allowed: evaluation.is_allowed(),
        reasons: reasons.collect(),
        errors: errors.collect(),
    })
}

fn uid((entity_type, id): &Uid) -> EntityUid {
    EntityUid::new(entity_type.as_str(), id.as_str())
}
