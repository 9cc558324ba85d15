//! Imports an OpenAPI document into a pack.
//!
//! - An operation becomes an action, called by its `operationId`, and a route.
//! - A security scope becomes a group, and a permit opens the action to it. Of several requirements
//!   any is enough; one with several scopes asks for all.
//! - The resource of an operation is what `x-countersign-resource` says: a type, or a map with `type`
//!   and `segment` or `id`. Without it, it is the last parameter of the path: `{orderId}` and
//!   `orders/{id}` are an `Order`. A path without parameters is about `Api::"main"`.
//! - The path of the first server comes before each path.
//!
//! An operation without an `operationId`, or that can be asked for without a scope, is a problem: it
//! would be a route that nobody thought of. What a pack has already stays as it is.

mod document;
mod json;
mod merge;
mod operation;

use crate::compile::compile;
use crate::diagnostics::{Diagnostics, Problem};
use crate::sources::{Source, Sources};
use merge::Merge;

/// A pack with what an OpenAPI document brought.
#[derive(Clone, Debug)]
pub struct Import {
    /// The whole pack. It compiles.
    pub sources: Sources,
    /// What is new in it.
    pub added: Added,
}

/// What an import added, as text in the syntax of the file that it is for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Added {
    /// For `pack.toml`.
    pub manifest: String,
    /// For `schema.cedarschema`.
    pub schema: String,
    /// For `policies.cedar`.
    pub policies: String,
}

impl Added {
    /// Whether nothing is new.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Imports `openapi`, in YAML or JSON, into `pack`, or into a new one.
///
/// # Errors
/// `openapi_malformed`, `openapi_unsupported`, `operation_unmapped`, `operation_duplicate`,
/// `operation_conflict`, each with its place; or those of [`compile`] for what came of it.
pub fn import(openapi: &Source, pack: Option<&Sources>) -> Result<Import, Diagnostics> {
    let openapi = &json::readable(openapi);
    let document = document::read(openapi)?;
    let version = document.get("openapi").and_then(document::Node::text);
    if !version.is_some_and(|version| version.starts_with("3.")) {
        let message = "this isn't an OpenAPI 3 document";
        let problem = Problem::new("openapi_unsupported", openapi, message);
        let span = document.get("openapi").map(|node| node.span);
        return Err(problem
            .at(span)
            .help("it begins with `openapi: 3.1.0`")
            .into());
    }
    let mut problems = Vec::new();
    let operations = operation::read(&document, openapi, &mut problems);
    duplicates(&operations, openapi, &mut problems);
    Diagnostics::unless(problems, ())?;
    let import = Merge::new(openapi, &document, pack)?.merge(&operations)?;
    compile(&import.sources)?;
    Ok(import)
}

/// Two operations of one name would be one action.
fn duplicates(operations: &[operation::Operation], source: &Source, problems: &mut Vec<Problem>) {
    for (at, operation) in operations.iter().enumerate() {
        let mut earlier = operations.iter().take(at);
        if let Some(other) = earlier.find(|other| other.action == operation.action) {
            let message = format!(
                "`{} {}` has the `operationId` of `{} {}`",
                operation.method, operation.path, other.method, other.path
            );
            let problem = Problem::new("operation_duplicate", source, message);
            problems.push(problem.at(Some(operation.span)));
        }
    }
}
