//! A pack as Cedar reads it: what compiling it, and whatever else looks at its policies, begins with.

use crate::diagnostics::{Diagnostics, Problem};
use crate::links;
use crate::manifest::Manifest;
use crate::sources::{Source, Sources};
use cedar_policy::{Policy, PolicySet, Schema};
use cedar_policy_core::ast;
use miette::SourceSpan;

/// How long the text of a policy may be, in bytes: what bounds how deep its expressions nest.
const MAX_POLICY_LEN: usize = 64 << 10;

/// Stack for what goes down a policy's expressions, Cedar's own parser and validator among it; enough
/// for the deepest that [`MAX_POLICY_LEN`] allows.
pub(crate) const STACK: usize = 512 << 20;

/// Manifest, schema and policies of a pack; nothing is validated.
#[derive(Debug)]
pub(crate) struct Pack {
    pub(crate) manifest: Manifest,
    pub(crate) schema: Schema,
    /// The policies, those that the manifest makes of templates among them, and the templates.
    pub(crate) set: PolicySet,
}

impl Pack {
    /// Reads a pack. What is wrong with its links goes to `problems`: the rest can be looked at all
    /// the same.
    pub(crate) fn read(
        sources: &Sources,
        problems: &mut Vec<Problem>,
    ) -> Result<Self, Diagnostics> {
        let manifest = Manifest::parse(&sources.manifest)?;
        let schema = read_schema(&sources.schema)?;
        let mut set = read_policies(&sources.policies)?;
        links::make(&mut set, &manifest, &sources.manifest, problems);
        Ok(Self {
            manifest,
            schema,
            set,
        })
    }

    /// The policies in the order of the bundle: by their place in the source; those made of one
    /// template, by their id.
    pub(crate) fn policies(&self) -> Vec<&Policy> {
        let mut policies: Vec<&Policy> = self.set.policies().collect();
        policies.sort_by_cached_key(|policy| {
            let place = AsRef::<ast::Policy>::as_ref(*policy).loc();
            (place.map(|loc| loc.span.offset()), policy.id().clone())
        });
        policies
    }
}

/// Reads a schema in Cedar's syntax.
pub(crate) fn read_schema(source: &Source) -> Result<Schema, Problem> {
    Schema::from_cedarschema_str(source.text())
        .map(|(schema, _)| schema)
        .map_err(|error| Problem::cedar("schema_malformed", source, &error))
}

/// Reads policies and templates.
pub(crate) fn read_policies(source: &Source) -> Result<PolicySet, Diagnostics> {
    let mut start = 0;
    for policy in source.text().split_inclusive(';') {
        if policy.len() > MAX_POLICY_LEN {
            let message = "the policy is longer than 64 KiB";
            let span = SourceSpan::from(start..start + policy.len());
            return Err(Problem::new("policy_too_long", source, message)
                .at(Some(span))
                .into());
        }
        start += policy.len();
    }
    source
        .text()
        .parse()
        .map_err(|errors: cedar_policy::ParseErrors| {
            let problems = errors
                .iter()
                .map(|error| Problem::cedar("policy_syntax", source, error))
                .collect();
            match Diagnostics::unless(problems, ()) {
                Err(diagnostics) => diagnostics,
                Ok(()) => Problem::new("policy_syntax", source, errors.to_string()).into(),
            }
        })
}
