//! The operations of an OpenAPI document: method, path, action, resource, and who may.

use super::document::{Key, Node};
use crate::diagnostics::Problem;
use crate::sources::Source;
use miette::SourceSpan;
use std::collections::BTreeSet;

const METHODS: [&str; 8] = [
    "get", "put", "post", "delete", "options", "head", "patch", "trace",
];
/// The extension that says what an operation is about: a type, or a type with its segment or id.
const RESOURCE: &str = "x-countersign-resource";

/// An operation that has all that a route needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Operation {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) action: String,
    pub(super) resource: Resource,
    /// Scopes: of one of these sets, all.
    pub(super) alternatives: BTreeSet<BTreeSet<String>>,
    pub(super) span: SourceSpan,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Resource {
    pub(super) entity_type: String,
    pub(super) id: Id,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Id {
    Fixed(String),
    Segment(String),
}

/// Reads all operations, by path and method. What can't be mapped is a problem.
pub(super) fn read(
    document: &Node,
    source: &Source,
    problems: &mut Vec<Problem>,
) -> Vec<Operation> {
    let mut operations: Vec<Operation> = Vec::new();
    let prefix = match server_path(document) {
        Ok(prefix) => prefix,
        Err(span) => {
            let message = "the first server's URL has a variable, so its path isn't known";
            problems.push(Problem::new("openapi_unsupported", source, message).at(Some(span)));
            String::new()
        }
    };
    let paths = document.get("paths").and_then(Node::entries);
    for (path, item) in paths.unwrap_or_default() {
        if path.text.starts_with("x-") {
            continue;
        }
        if let Some(reference) = item.get("$ref") {
            let message = format!("the path `{}` is somewhere else", path.text);
            let problem = Problem::new("openapi_unsupported", source, message);
            problems.push(problem.at(Some(reference.span)).help("write it out here"));
        }
        let template = template(&prefix, path);
        for (method, operation) in item.entries().unwrap_or_default() {
            if !METHODS.contains(&method.text.as_str()) {
                continue;
            }
            let place = Place {
                document,
                item,
                method,
                operation,
            };
            match template.clone().and_then(|template| place.read(&template)) {
                Ok(operation) => operations.push(operation),
                Err(fault) => {
                    let method = method.text.to_uppercase();
                    let message = format!("`{method} {}` {}", path.text, fault.message);
                    let problem = Problem::new(fault.code, source, message);
                    problems.push(problem.at(Some(fault.span)).help(fault.help));
                }
            }
        }
    }
    operations.sort_by(|a, b| (&a.path, &a.method).cmp(&(&b.path, &b.method)));
    operations
}

#[derive(Clone)]
struct Fault {
    code: &'static str,
    message: String,
    help: &'static str,
    span: SourceSpan,
}

/// A path as the manifest writes it, and the placeholders of it, from the first to the last.
#[derive(Clone)]
struct Template {
    path: String,
    placeholders: Vec<Placeholder>,
}

#[derive(Clone)]
struct Placeholder {
    name: String,
    /// The literal segment before it.
    before: Option<String>,
}

/// The path of the first server, which all paths are below.
fn server_path(document: &Node) -> Result<String, SourceSpan> {
    let servers = document.get("servers").and_then(Node::list);
    let Some(url) = servers
        .and_then(<[_]>::first)
        .and_then(|server| server.get("url"))
    else {
        return Ok(String::new());
    };
    let text = url.text().unwrap_or_default();
    let path = match text.split_once("://") {
        None => text,
        Some((_, rest)) => rest.find('/').and_then(|at| rest.get(at..)).unwrap_or(""),
    };
    if path.contains('{') {
        return Err(url.span);
    }
    Ok(path.trim_end_matches('/').to_owned())
}

fn template(prefix: &str, path: &Key) -> Result<Template, Fault> {
    let mut template = Template {
        path: prefix.to_owned(),
        placeholders: Vec::new(),
    };
    let mut before: Option<String> = None;
    for segment in path.text.trim_start_matches('/').split('/') {
        let name = segment
            .strip_prefix('{')
            .and_then(|segment| segment.strip_suffix('}'));
        template.path.push('/');
        match name {
            Some(name) if !name.contains(['{', '}']) => {
                let name = name.replace(['-', '.'], "_");
                template.path.push_str(&format!("{{{name}}}"));
                template.placeholders.push(Placeholder {
                    name,
                    before: before.take(),
                });
            }
            None if !segment.contains(['{', '}']) => {
                template.path.push_str(segment);
                before = Some(segment.to_owned());
            }
            _ => {
                return Err(Fault {
                    code: "openapi_unsupported",
                    message: format!(
                        "has the segment `{segment}`, which is only in part a parameter"
                    ),
                    help: "a parameter is a whole segment of a path",
                    span: path.span,
                });
            }
        }
    }
    Ok(template)
}

/// An operation, and what it is in.
struct Place<'d> {
    document: &'d Node,
    item: &'d Node,
    method: &'d Key,
    operation: &'d Node,
}

impl Place<'_> {
    fn read(&self, template: &Template) -> Result<Operation, Fault> {
        let action = self.operation.get("operationId").and_then(Node::text);
        let action = action.filter(|id| !id.trim().is_empty());
        let action = action.ok_or_else(|| {
            self.unmapped(
                "has no `operationId`",
                "give it one: it is the name of the action",
            )
        })?;
        Ok(Operation {
            method: self.method.text.to_uppercase(),
            path: template.path.clone(),
            action: action.to_owned(),
            resource: self.resource(template)?,
            alternatives: self.alternatives()?,
            span: self.method.span,
        })
    }

    fn unmapped(&self, message: &str, help: &'static str) -> Fault {
        Fault {
            code: "operation_unmapped",
            message: message.to_owned(),
            help,
            span: self.method.span,
        }
    }

    /// Its own `security`, or that of the document.
    fn alternatives(&self) -> Result<BTreeSet<BTreeSet<String>>, Fault> {
        let security = self.operation.get("security");
        let security = security.or_else(|| self.document.get("security"));
        let requirements = security.and_then(Node::list).unwrap_or_default();
        let alternatives: BTreeSet<BTreeSet<String>> = requirements
            .iter()
            .map(|requirement| {
                let schemes = requirement.entries().unwrap_or_default().iter();
                schemes
                    .flat_map(|(_, scopes)| scopes.list().unwrap_or_default())
                    .filter_map(|scope| scope.text().map(str::to_owned))
                    .collect()
            })
            .collect();
        if alternatives.is_empty() || alternatives.iter().any(BTreeSet::is_empty) {
            return Err(self.unmapped(
                "can be asked for without a security scope",
                "name a scope in each of its `security`: it is the group that may",
            ));
        }
        Ok(alternatives)
    }

    fn resource(&self, template: &Template) -> Result<Resource, Fault> {
        let named = self.operation.get(RESOURCE);
        if let Some(named) = named.or_else(|| self.item.get(RESOURCE)) {
            return named_resource(named, template);
        }
        let Some(last) = template.placeholders.last() else {
            return Ok(Resource {
                entity_type: "Api".to_owned(),
                id: Id::Fixed("main".to_owned()),
            });
        };
        let entity_type = type_name(last);
        if entity_type.is_empty() || entity_type.starts_with(|first: char| first.is_ascii_digit()) {
            return Err(self.unmapped(
                "has a parameter that gives its resource no name",
                "name its type by `x-countersign-resource`",
            ));
        }
        Ok(Resource {
            entity_type,
            id: Id::Segment(last.name.clone()),
        })
    }
}

/// A type; or a map with `type` and `segment` or `id`.
fn named_resource(named: &Node, template: &Template) -> Result<Resource, Fault> {
    let text = |key: &str| named.get(key).and_then(Node::text).map(str::to_owned);
    let last = template.placeholders.last();
    let fault = || Fault {
        code: "openapi_malformed",
        message: format!("has a `{RESOURCE}` that can't be read"),
        help: "it is a type, or a map with `type` and `id` or `segment`",
        span: named.span,
    };
    let (entity_type, segment, id) = match named.text() {
        Some(entity_type) => (entity_type.to_owned(), None, None),
        None => (text("type").ok_or_else(fault)?, text("segment"), text("id")),
    };
    let id = match (segment, id, last) {
        (Some(segment), None, _) => Id::Segment(segment.replace(['-', '.'], "_")),
        (None, Some(id), _) => Id::Fixed(id),
        (None, None, Some(last)) => Id::Segment(last.name.clone()),
        (None, None, None) => Id::Fixed("main".to_owned()),
        (Some(_), Some(_), _) => return Err(fault()),
    };
    let is_type = entity_type.parse::<cedar_policy::EntityTypeName>().is_ok();
    if !is_type || entity_type.contains("::") {
        return Err(fault());
    }
    Ok(Resource { entity_type, id })
}

/// The type that a parameter is the id of: `{orderId}` is an `Order`, and so is `orders/{id}`.
fn type_name(placeholder: &Placeholder) -> String {
    let name = placeholder.name.as_str();
    let stem = ["_id", "_ID", "Id", "ID", "id"]
        .into_iter()
        .find_map(|suffix| {
            name.strip_suffix(suffix)
                .filter(|_| suffix != "id" || name == "id")
        })
        .unwrap_or(name);
    match (stem, &placeholder.before) {
        ("", Some(before)) => pascal_case(&singular(before)),
        (stem, _) => pascal_case(stem),
    }
}

fn singular(plural: &str) -> String {
    if let Some(stem) = plural.strip_suffix("ies") {
        return format!("{stem}y");
    }
    if plural.ends_with("ss") {
        return plural.to_owned();
    }
    plural.strip_suffix('s').unwrap_or(plural).to_owned()
}

fn pascal_case(words: &str) -> String {
    let words = words.split(|c: char| !c.is_ascii_alphanumeric());
    words
        .map(|word| {
            let mut letters = word.chars();
            let first = letters.next().map(|first| first.to_ascii_uppercase());
            first.into_iter().chain(letters).collect::<String>()
        })
        .collect()
}
