//! Asks core as native code.

use countersign_core::policy::{Bundle, Entities, EntityUid, Query, Record, ValueError};

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
    let evaluation = bundle.evaluate(&Query {
        principal: &entities.entity(&uid(&request.principal)),
        action: &uid(&request.action),
        resource: &entities.entity(&uid(&request.resource)),
        context: &Record::from_json(&request.context)?,
        entities: Some(entities),
    })?;
    Ok(Answer {
        allowed: evaluation.is_allowed(),
        reasons: evaluation.reason_ids().map(str::to_owned).collect(),
        errors: evaluation.error_ids().map(str::to_owned).collect(),
    })
}

fn uid((entity_type, id): &Uid) -> EntityUid {
    EntityUid::new(entity_type.as_str(), id.as_str())
}
