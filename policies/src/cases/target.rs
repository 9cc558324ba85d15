//! What cases are put to.

use super::{Answer, Case, CaseError, Question};
use crate::compile::{Compiled, Condition, compile_instrumented};
use crate::diagnostics::Diagnostics;
use crate::sources::Sources;
use countersign_core::policy::{Bundle, Entities, EntityUid, Query, Record, TraceStep, ValueError};
use serde_json::Value;

/// A pack, compiled so that a trace tells how each condition came out. It answers as the pack's bundle
/// does.
#[derive(Debug)]
pub struct Target {
    compiled: Compiled,
}

impl Target {
    /// Compiles a pack.
    ///
    /// # Errors
    /// Those of [`compile`](crate::compile).
    pub fn new(sources: &Sources) -> Result<Self, Diagnostics> {
        let compiled = compile_instrumented(sources)?;
        Ok(Self { compiled })
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
        // Principal and resource come before the bundle's own entities, so one of the pack's must be
        // given with all that the pack says of it.
        let known = |uid: &EntityUid| match entities.get(uid) {
            Some(given) => given.clone(),
            None => self.compiled.entities().entity(uid),
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
