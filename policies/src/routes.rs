//! The route table: path templates, and whether a path can be two routes at once.

use crate::diagnostics::Problem;
use crate::manifest::{Manifest, ResourceEntry, RouteEntry};
use crate::program::{IdSource, RouteRow, Segment};
use crate::sources::Source;
use cedar_policy::{EntityTypeName, EntityUid, Schema};
use countersign_core::policy::EntityUid as CoreUid;
use miette::SourceSpan;

/// Compiles the routes of a manifest; adds to `problems` what is wrong with them.
pub(crate) fn compile(
    manifest: &Manifest,
    source: &Source,
    schema: &Schema,
    problems: &mut Vec<Problem>,
) -> Vec<RouteRow> {
    let mut rows: Vec<RouteRow> = Vec::new();
    for entry in &manifest.routes {
        let span = SourceSpan::from(entry.span());
        let entry = entry.get_ref();
        let row = compile_row(entry, &manifest.action_type)
            .and_then(|row| check_schema(&row, manifest, schema).map(|()| row))
            .and_then(|row| match rows.iter().find(|other| is_ambiguous(&row, other)) {
                None => Ok(row),
                Some(_) => Err(Fault {
                    code: "route_ambiguous",
                    message: format!(
                        "a path can match both `{} {}` and an earlier route, and neither is more literal",
                        entry.method, entry.path
                    ),
                }),
            });
        match row {
            Ok(row) => rows.push(row),
            Err(fault) => {
                problems.push(Problem::new(fault.code, source, fault.message).at(Some(span)));
            }
        }
    }
    rows.sort_by(|a, b| (&a.method, &a.segments).cmp(&(&b.method, &b.segments)));
    rows
}

struct Fault {
    code: &'static str,
    message: String,
}

fn malformed(message: impl Into<String>) -> Fault {
    Fault {
        code: "route_malformed",
        message: message.into(),
    }
}

fn compile_row(entry: &RouteEntry, action_type: &str) -> Result<RouteRow, Fault> {
    if entry.method.is_empty()
        || !entry
            .method
            .bytes()
            .all(|b| b.is_ascii_alphabetic() || b == b'-')
    {
        return Err(malformed(format!("`{}` is not a method", entry.method)));
    }
    let Template { segments, names } = Template::parse(&entry.path)?;
    Ok(RouteRow {
        method: entry.method.clone(),
        id: id_source(&entry.resource, &names)?,
        segments,
        action: CoreUid::new(action_type, entry.action.as_str()),
        resource_type: entry.resource.entity_type.clone(),
    })
}

struct Template<'t> {
    segments: Vec<Segment>,
    /// The names of the placeholders and where they are.
    names: Vec<(&'t str, usize)>,
}

impl<'t> Template<'t> {
    fn parse(path: &'t str) -> Result<Self, Fault> {
        let inner = path
            .strip_prefix('/')
            .ok_or_else(|| malformed(format!("the path `{path}` does not begin with `/`")))?;
        let mut template = Self {
            segments: Vec::new(),
            names: Vec::new(),
        };
        if inner.is_empty() {
            return Ok(template);
        }
        for (at, segment) in inner.split('/').enumerate() {
            let name = segment
                .strip_prefix('{')
                .and_then(|segment| segment.strip_suffix('}'));
            match name {
                Some(name) => {
                    if !is_name(name) || template.names.iter().any(|(known, _)| *known == name) {
                        return Err(malformed(format!(
                            "the placeholder `{segment}` is not a name, or is there twice"
                        )));
                    }
                    template.names.push((name, at));
                    template.segments.push(Segment::Placeholder);
                }
                None if is_literal(segment) => {
                    template.segments.push(Segment::Literal(segment.to_owned()));
                }
                None => {
                    return Err(malformed(format!(
                        "`{segment}` can't be a segment of the path `{path}`"
                    )));
                }
            }
        }
        Ok(template)
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// What a segment may be without encoding (RFC 3986 section 3.3), but for the dot segments.
fn is_literal(segment: &str) -> bool {
    !matches!(segment, "" | "." | "..")
        && segment
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@".contains(&b))
}

fn id_source(resource: &ResourceEntry, names: &[(&str, usize)]) -> Result<IdSource, Fault> {
    match (&resource.id, &resource.segment) {
        (Some(id), None) => Ok(IdSource::Fixed(id.clone())),
        (None, Some(segment)) => names
            .iter()
            .find(|(name, _)| name == segment)
            .map(|(_, at)| IdSource::Segment(*at))
            .ok_or_else(|| malformed(format!("the path has no placeholder `{segment}`"))),
        _ => Err(malformed(
            "the resource needs either its `id` or the `segment` that is its id",
        )),
    }
}

/// Whether the schema lets the pack's principals do the action on the resource.
fn check_schema(row: &RouteRow, manifest: &Manifest, schema: &Schema) -> Result<(), Fault> {
    let unknown = || Fault {
        code: "route_action_unknown",
        message: format!("the schema has no action `{}`", row.action),
    };
    let action: EntityUid = row.action.to_string().parse().map_err(|_| unknown())?;
    let (Some(mut principals), Some(mut resources)) = (
        schema.principals_for_action(&action),
        schema.resources_for_action(&action),
    ) else {
        return Err(unknown());
    };
    let is = |name: &EntityTypeName, text: &str| name.to_string() == text;
    if principals.any(|name| is(name, &manifest.principal_type))
        && resources.any(|name| is(name, &row.resource_type))
    {
        return Ok(());
    }
    Err(Fault {
        code: "route_not_applicable",
        message: format!(
            "by the schema, `{}` does not apply to a `{}` and a `{}`",
            row.action, manifest.principal_type, row.resource_type
        ),
    })
}

/// Whether a path can match both, and neither is the more literal in every segment.
fn is_ambiguous(a: &RouteRow, b: &RouteRow) -> bool {
    if a.method != b.method || a.segments.len() != b.segments.len() {
        return false;
    }
    let pairs = || a.segments.iter().zip(&b.segments);
    let overlap = pairs().all(|(a, b)| {
        a == b || matches!(a, Segment::Placeholder) || matches!(b, Segment::Placeholder)
    });
    let a_is_more_literal = pairs().any(|(a, b)| a < b);
    let b_is_more_literal = pairs().any(|(a, b)| b < a);
    overlap && a_is_more_literal == b_is_more_literal
}
