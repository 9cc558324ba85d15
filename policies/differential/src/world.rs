//! A made-up world: policies, and the requests that are asked of them.

use core::fmt;

use serde_json::{Value as Json, json};

use crate::policy::{Link, Policy};
use crate::schema::Schema;
use crate::value::{Form, Uid, Value, record_json};

/// Policies with their schema, and requests over stores of entities.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) seed: u64,
    pub(crate) mode: Mode,
    pub(crate) schema: Schema,
    pub(crate) policies: Vec<Policy>,
    pub(crate) links: Vec<Link>,
    /// The entities of the bundle.
    pub(crate) fixed: Vec<Entity>,
    pub(crate) stores: Vec<Store>,
}

/// What the schema is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// It compiles the policies, and Cedar holds entities and requests to it.
    Typed,
    /// It compiles the policies; entities and requests needn't conform.
    Loose,
    /// Nothing: there is none.
    Bare,
}

/// Entities of a request, and the requests that come with them.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    pub(crate) entities: Vec<Entity>,
    pub(crate) requests: Vec<Request>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entity {
    pub(crate) uid: Uid,
    pub(crate) parents: Vec<Uid>,
    pub(crate) attributes: Vec<(String, Value)>,
    pub(crate) tags: Vec<(String, Value)>,
}

#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) principal: Uid,
    pub(crate) action: Uid,
    pub(crate) resource: Uid,
    pub(crate) context: Vec<(String, Value)>,
}

impl World {
    pub(crate) fn policies_text(&self) -> String {
        self.policies.iter().map(Policy::to_string).collect()
    }

    pub(crate) fn schema_text(&self) -> String {
        match self.mode {
            Mode::Bare => String::new(),
            Mode::Typed | Mode::Loose => self.schema.to_string(),
        }
    }
}

pub(crate) fn entities_json(entities: &[Entity], form: Form) -> Json {
    entities.iter().map(|entity| entity.json(form)).collect()
}

impl Entity {
    fn json(&self, form: Form) -> Json {
        let parents: Vec<Json> = self.parents.iter().map(Uid::json).collect();
        let mut json = json!({
            "uid": self.uid.json(),
            "attrs": record_json(&self.attributes, form),
            "parents": parents,
        });
        if !self.tags.is_empty()
            && let Some(members) = json.as_object_mut()
        {
            members.insert("tags".to_owned(), record_json(&self.tags, form));
        }
        json
    }
}

/// All that is needed to ask again.
impl fmt::Display for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "--- world {}, {:?}: schema", self.seed, self.mode)?;
        write!(f, "{}", self.schema_text())?;
        writeln!(f, "--- policies")?;
        for (place, policy) in self.policies.iter().enumerate() {
            write!(f, "// policy{place}\n{policy}")?;
        }
        for link in &self.links {
            write!(f, "// policy{} linked as {}", link.template, link.id)?;
            for (slot, uid) in [("principal", &link.principal), ("resource", &link.resource)] {
                if let Some(uid) = uid {
                    write!(f, ", ?{slot} = {uid}")?;
                }
            }
            writeln!(f)?;
        }
        if !self.fixed.is_empty() {
            writeln!(f, "--- entities of the bundle")?;
            writeln!(f, "{}", entities_json(&self.fixed, Form::Escaped))?;
        }
        for store in &self.stores {
            writeln!(f, "--- entities")?;
            writeln!(f, "{}", entities_json(&store.entities, Form::Escaped))?;
            for request in &store.requests {
                write!(f, "{request}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "--- request")?;
        writeln!(f, "principal {}", self.principal)?;
        writeln!(f, "action    {}", self.action)?;
        writeln!(f, "resource  {}", self.resource)?;
        writeln!(f, "context   {}", record_json(&self.context, Form::Escaped))
    }
}
