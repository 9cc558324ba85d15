//! What cases are put to.

use super::{Answer, Case, CaseError, Question};
use crate::compile::{Compiled, Condition, compile_instrumented, static_entities};
use crate::diagnostics::{Diagnostics, Problem};
use crate::manifest::Manifest;
use crate::sources::Sources;
use cedar_policy::Schema;
use countersign_core::policy::{
    Bundle, Entities, Entity, EntityUid, Query, Record, TraceStep, ValueError,
};
use serde_json::Value;

/// A pack, compiled so that a trace tells how each condition came out. It answers as the pack's bundle
/// does.
#[derive(Debug)]
pub struct Target {
    compiled: Compiled,
    /// What the bundle has too: a question's principal and resource come before the bundle's own, so
    /// one of the pack's must be given with all that the pack says of it.
    entities: Entities,
}

impl Target {
    /// Compiles a pack.
    ///
    /// # Errors
    /// Those of [`compile`](crate::compile).
    pub fn new(sources: &Sources) -> Result<Self, Diagnostics> {
        let compiled = compile_instrumented(sources)?;
        let manifest = Manifest::parse(&sources.manifest)?;
        let (schema, _) = Schema::from_cedarschema_str(sources.schema.text())
            .map_err(|error| Problem::cedar("schema_malformed", &sources.schema, &error))?;
        Ok(Self {
            compiled,
            entities: static_entities(&manifest, sources, &schema)?,
        })
    }

    /// The bundle.
    #[must_use]
    pub fn bundle(&self) -> &Bundle {
        self.compiled.bundle()
    }

    /// The conditions that a trace speaks of.
    #[must_use]
    pub fn conditions(&self) -> &[Condition] {
        self.compiled.conditions()
    }

    /// The question of a case; `None` if the pack has no route for its request.
    #[must_use]
    pub fn question(&self, case: &Case) -> Option<Question> {
        Question::new(
            self.bundle(),
            &case.who,
            &case.what,
            &case.context,
            &case.entities,
        )
    }

    /// Puts a question to the bundle.
    ///
    /// # Errors
    /// The code and the message of [`ValueError`] if the context or the entities can't be read.
    pub fn ask(&self, question: &Question) -> Result<Answer, CaseError> {
        self.trace(question).map(|(answer, _)| answer)
    }

    /// The same, and how the conditions came out.
    ///
    /// # Errors
    /// Those of [`Target::ask`].
    pub fn trace(&self, question: &Question) -> Result<(Answer, Vec<TraceStep>), CaseError> {
        let fault = |what: &'static str| {
            move |error: ValueError| CaseError::new(error.code(), format!("{what}: {error}"))
        };
        let text = Value::from(question.entities.as_slice()).to_string();
        let entities = Entities::from_json(&text).map_err(fault("the entities"))?;
        let context =
            Record::from_json(&question.context.to_string()).map_err(fault("the context"))?;
        let known = |uid: &EntityUid| {
            let found = entities.get(uid).or_else(|| self.entities.get(uid));
            found.cloned().unwrap_or_else(|| Entity::bare(uid.clone()))
        };
        let query = Query {
            principal: &known(&question.principal),
            action: &question.action,
            resource: &known(&question.resource),
            context: &context,
            entities: Some(&entities),
        };
        let (evaluation, trace) = self.bundle().trace(&query).map_err(fault("the question"))?;
        Ok((Answer::from(&evaluation), trace))
    }
}
