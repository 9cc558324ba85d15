//! Decisions by the module, as this program runs it: those of today, and those of the log again.

use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};

use countersign::{BundleHandle, Instance, Module, Query};
use countersign_core::policy::{Bundle, Record};
use countersign_custody::audit::{Answer, Decider, Hash, Question, Replayer};
use serde_json::Value;

use super::Failure;

/// Decides by one bundle, in the embedded module. It is started when it is first asked.
pub(super) struct Deciding {
    bundle: Arc<Bundle>,
    bytes: Vec<u8>,
    /// Of the module, and of the bundle's file: each decision names them.
    hashes: (Hash, Hash),
    running: Mutex<Option<Running>>,
}

impl Deciding {
    /// Decides by the bundle in these bytes.
    pub(super) fn by(bytes: Vec<u8>) -> Result<Self, Failure> {
        let bundle = Bundle::load_unsigned(&bytes)
            .map_err(|error| Failure::usage(error.code(), error.to_string()))?;
        Ok(Deciding {
            bundle: Arc::new(bundle),
            hashes: (Hash::of(Module::embedded_bytes()), Hash::of(&bytes)),
            bytes,
            running: Mutex::default(),
        })
    }
}

impl Decider for Deciding {
    fn module(&self) -> Hash {
        self.hashes.0
    }

    fn bundle(&self) -> &Arc<Bundle> {
        &self.bundle
    }

    fn bundle_hash(&self) -> Hash {
        self.hashes.1
    }

    fn decide(&self, question: &Question) -> Result<Answer, Box<dyn Error + Send + Sync>> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let running = match &mut *running {
            Some(running) => running,
            none => none.insert(Running::start(&Module::embedded()?, &self.bytes)?),
        };
        running.ask(question)
    }
}

/// A module with a bundle loaded.
struct Running {
    instance: Instance,
    bundle: BundleHandle,
}

impl Running {
    fn start(module: &Module, bundle: &[u8]) -> Result<Self, countersign::Error> {
        let mut instance = module.instantiate()?;
        let bundle = instance.bundle(bundle)?;
        Ok(Running { instance, bundle })
    }

    fn ask(&mut self, question: &Question) -> Result<Answer, Box<dyn Error + Send + Sync>> {
        let context = Record::from_json(&question.context().to_string());
        let context = context.map_err(|error| error.to_string())?;
        let entities = Value::from(question.entities()).to_string();
        let entities = self.instance.entities(&self.bundle, &entities)?;
        let [principal, action, resource] =
            [question.principal(), question.action(), question.resource()];
        let query = Query::new(
            (principal.entity_type(), principal.id()),
            (action.entity_type(), action.id()),
            (resource.entity_type(), resource.id()),
            &context,
        );
        let answer = self.instance.decide(&entities, &query)?;
        self.instance.close(entities)?;
        Ok(Answer {
            is_allowed: answer.is_allowed,
            errors: answer.errors,
            reasons: answer.reasons,
        })
    }
}

/// Runs archived modules. The last one is kept running, with its bundle: the next decision is by the same
/// two for the most.
#[derive(Default)]
pub(super) struct Archived {
    last: Option<((Hash, Hash), Running, Bundle)>,
}

impl Replayer for Archived {
    fn decide(
        &mut self,
        module: &[u8],
        bundle: &[u8],
        query: &[u8],
    ) -> Result<Vec<u8>, Box<dyn Error + Send + Sync>> {
        let question = Question::from_bytes(query)?;
        let hashes = (Hash::of(module), Hash::of(bundle));
        let kept = self.last.take().filter(|(of, ..)| *of == hashes);
        let last = if let Some(last) = kept {
            last
        } else {
            let running = Running::start(&Module::from_bytes(module)?, bundle)?;
            let bundle = Bundle::load_unsigned(bundle).map_err(|error| error.to_string())?;
            (hashes, running, bundle)
        };
        let (_, running, bundle) = self.last.insert(last);
        let answer = running.ask(&question)?;
        Ok(answer.to_bytes(bundle))
    }
}
