//! Adds operations to a pack: what it lacks, at the end of each file.

use super::document::Node;
use super::operation::{Id, Operation, Resource};
use super::{Added, Import};
use crate::diagnostics::{Diagnostics, Problem};
use crate::manifest::{Manifest, ResourceEntry};
use crate::pack::read_schema;
use crate::sources::{Source, Sources};
use cedar_policy::PolicySet;
use countersign_core::policy::Version;
use std::collections::BTreeSet;

/// A pack that is being added to.
pub(super) struct Merge<'s> {
    openapi: &'s Source,
    sources: Sources,
    manifest: Manifest,
    added: Added,
}

impl<'s> Merge<'s> {
    /// Into `pack`; without one, into a new one with the document's title and version.
    pub(super) fn new(
        openapi: &'s Source,
        document: &Node,
        pack: Option<&Sources>,
    ) -> Result<Self, Diagnostics> {
        let mut added = Added::default();
        let sources = if let Some(pack) = pack {
            pack.clone()
        } else {
            added.manifest = new_manifest(document);
            Sources {
                policies: Source::new("policies.cedar", ""),
                schema: Source::new("schema.cedarschema", ""),
                manifest: Source::new("pack.toml", added.manifest.as_str()),
                entities: None,
            }
        };
        let manifest = Manifest::parse(&sources.manifest)?;
        Ok(Self {
            openapi,
            sources,
            manifest,
            added,
        })
    }

    pub(super) fn merge(mut self, operations: &[Operation]) -> Result<Import, Diagnostics> {
        let Some(group_type) = self.manifest.group_type.clone() else {
            let message = "the pack has no `group_type`, so scopes have nothing to become";
            let problem = Problem::new("pack_manifest_malformed", &self.sources.manifest, message);
            return Err(problem.help("add `group_type = \"Group\"`").into());
        };
        let groups = self.new_groups(operations);
        let routes = self.new_routes(operations)?;
        self.added.manifest.push_str(&groups);
        self.added.manifest.push_str(&routes);
        self.added.schema = self.new_schema(operations, &group_type)?;
        self.added.policies = self.new_policies(operations, &group_type)?;
        let manifest = insert_groups(self.sources.manifest.text(), &groups) + &routes;
        self.sources.manifest = replaced(&self.sources.manifest, manifest);
        self.sources.schema = appended(&self.sources.schema, &self.added.schema);
        self.sources.policies = appended(&self.sources.policies, &self.added.policies);
        self.check_groups(operations)?;
        Ok(Import {
            sources: self.sources,
            added: self.added,
        })
    }

    fn new_groups(&self, operations: &[Operation]) -> String {
        let mut text = String::new();
        for scope in scopes(operations) {
            if !self.manifest.groups.contains_key(scope) {
                text.push_str(&format!("{} = []\n", quoted(scope)));
            }
        }
        text
    }

    fn new_routes(&self, operations: &[Operation]) -> Result<String, Diagnostics> {
        let mut text = String::new();
        let mut problems = Vec::new();
        for operation in operations {
            let mut routes = self.manifest.routes.iter().map(toml::Spanned::get_ref);
            let known = routes.find(|route| {
                route.method == operation.method && shape(&route.path) == shape(&operation.path)
            });
            match known {
                None => text.push_str(&route(operation)),
                Some(known)
                    if known.action == operation.action
                        && known.path == operation.path
                        && is_same(&known.resource, &operation.resource) => {}
                Some(known) => {
                    let message = format!(
                        "the pack routes `{} {}` to `{}`, and not as the document does",
                        known.method, known.path, known.action
                    );
                    let problem = Problem::new("operation_conflict", self.openapi, message);
                    problems.push(
                        problem
                            .at(Some(operation.span))
                            .help("remove the route from pack.toml, or correct the document"),
                    );
                }
            }
        }
        Diagnostics::unless(problems, text)
    }

    fn new_schema(
        &self,
        operations: &[Operation],
        group_type: &str,
    ) -> Result<String, Diagnostics> {
        let schema = read_schema(&self.sources.schema)?;
        let types: BTreeSet<String> = schema.entity_types().map(ToString::to_string).collect();
        let actions: BTreeSet<String> = schema
            .actions()
            .filter(|action| action.type_name().to_string() == self.manifest.action_type)
            .map(|action| action.id().unescaped().to_owned())
            .collect();
        let principal_type = &self.manifest.principal_type;
        let mut text = String::new();
        if !types.contains(group_type) {
            text.push_str(&format!("entity {group_type} in [{group_type}];\n"));
        }
        if !types.contains(principal_type) {
            text.push_str(&format!("entity {principal_type} in [{group_type}];\n"));
        }
        let resources: BTreeSet<&str> = operations
            .iter()
            .map(|operation| operation.resource.entity_type.as_str())
            .collect();
        for entity_type in resources {
            if !types.contains(entity_type) {
                text.push_str(&format!("entity {entity_type};\n"));
            }
        }
        for operation in operations {
            if !actions.contains(&operation.action) {
                text.push_str(&format!(
                    "action {} appliesTo {{ principal: [{principal_type}], resource: [{}] }};\n",
                    quoted(&operation.action),
                    operation.resource.entity_type
                ));
            }
        }
        Ok(text)
    }

    fn new_policies(
        &self,
        operations: &[Operation],
        group_type: &str,
    ) -> Result<String, Diagnostics> {
        let source = &self.sources.policies;
        let set: PolicySet =
            source
                .text()
                .parse()
                .map_err(|error: cedar_policy::ParseErrors| {
                    Problem::cedar("policy_syntax", source, &error)
                })?;
        let known: BTreeSet<&str> = set
            .policies()
            .filter_map(|policy| policy.annotation("id"))
            .collect();
        let mut policies = Vec::new();
        for operation in operations {
            for scopes in &operation.alternatives {
                let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
                let id = format!("{}-by-{}", operation.action, scopes.join("+"));
                if known.contains(id.as_str()) {
                    continue;
                }
                let permit = permit(&id, operation, &scopes, group_type, &self.manifest);
                policies.push(permit);
            }
        }
        if policies.is_empty() {
            return Ok(String::new());
        }
        crate::lint::format(&Source::new(source.name(), policies.join("\n")))
    }

    /// The groups were inserted as text; that they are where they belong is asked of the parser.
    fn check_groups(&self, operations: &[Operation]) -> Result<(), Problem> {
        let manifest = Manifest::parse(&self.sources.manifest)?;
        if scopes(operations)
            .into_iter()
            .all(|scope| manifest.groups.contains_key(scope))
        {
            return Ok(());
        }
        let message = "the groups can't be added to this manifest";
        let problem = Problem::new("pack_manifest_malformed", &self.sources.manifest, message);
        Err(problem.help("write its groups as a table that begins with the line `[groups]`"))
    }
}

fn new_manifest(document: &Node) -> String {
    let info = |key: &str| {
        let info = document.get("info")?;
        info.get(key)?.text().map(str::to_owned)
    };
    let title = info("title").unwrap_or_default().to_lowercase();
    let words = title.split(|c: char| !c.is_ascii_alphanumeric());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let name = if words.is_empty() {
        "api".to_owned()
    } else {
        words.join("-")
    };
    // A pack's version is three numbers, so that it is known which is older.
    let version = info("version")
        .filter(|version| Version::parse(version).is_some())
        .unwrap_or_else(|| "1.0.0".to_owned());
    format!(
        "name = {}\nversion = {}\nprincipal_type = \"ApiKey\"\ngroup_type = \"Group\"\n\n[groups]\n",
        quoted(&name),
        quoted(&version)
    )
}

fn scopes(operations: &[Operation]) -> BTreeSet<&str> {
    operations
        .iter()
        .flat_map(|operation| operation.alternatives.iter().flatten())
        .map(String::as_str)
        .collect()
}

/// After the line `[groups]`, or as a table of their own.
fn insert_groups(manifest: &str, groups: &str) -> String {
    if groups.is_empty() {
        return manifest.to_owned();
    }
    let mut text = String::new();
    let mut inserted = false;
    for line in manifest.split_inclusive('\n') {
        text.push_str(line);
        if !inserted && line.trim() == "[groups]" {
            if !line.ends_with('\n') {
                text.push('\n');
            }
            text.push_str(groups);
            inserted = true;
        }
    }
    if !inserted {
        text.push_str("\n[groups]\n");
        text.push_str(groups);
    }
    text
}

fn route(operation: &Operation) -> String {
    let id = match &operation.resource.id {
        Id::Fixed(id) => format!("id = {}", quoted(id)),
        Id::Segment(segment) => format!("segment = {}", quoted(segment)),
    };
    format!(
        "\n[[routes]]\nmethod = {}\npath = {}\naction = {}\nresource = {{ type = {}, {id} }}\n",
        quoted(&operation.method),
        quoted(&operation.path),
        quoted(&operation.action),
        quoted(&operation.resource.entity_type),
    )
}

/// A path but for the names of its placeholders.
fn shape(path: &str) -> Vec<&str> {
    path.split('/')
        .map(|segment| {
            if segment.starts_with('{') {
                "{}"
            } else {
                segment
            }
        })
        .collect()
}

fn is_same(entry: &ResourceEntry, resource: &Resource) -> bool {
    let id = match &resource.id {
        Id::Fixed(id) => entry.id.as_ref() == Some(id),
        Id::Segment(segment) => entry.segment.as_ref() == Some(segment),
    };
    id && entry.entity_type == resource.entity_type
}

fn permit(
    id: &str,
    operation: &Operation,
    scopes: &[&str],
    group_type: &str,
    manifest: &Manifest,
) -> String {
    let group = |scope: &str| format!("{group_type}::{}", quoted(scope));
    let reason = format!("{} is open to {}.", operation.action, scopes.join(" with "));
    let (first, others) = scopes.split_first().unwrap_or((&"", &[]));
    let conditions: Vec<String> = others
        .iter()
        .map(|scope| format!("principal in {}", group(scope)))
        .collect();
    let when = if conditions.is_empty() {
        String::new()
    } else {
        format!(" when {{ {} }}", conditions.join(" && "))
    };
    format!(
        "@id({})\n@reason({})\npermit (principal in {}, action == {}::{}, resource){when};\n",
        quoted(id),
        quoted(&reason),
        group(first),
        manifest.action_type,
        quoted(&operation.action),
    )
}

fn appended(source: &Source, text: &str) -> Source {
    let old = source.text();
    if text.is_empty() {
        return source.clone();
    }
    let gap = match old {
        "" => "",
        old if old.ends_with('\n') => "\n",
        _ => "\n\n",
    };
    replaced(source, format!("{old}{gap}{text}"))
}

fn replaced(source: &Source, text: String) -> Source {
    Source::new(source.name(), text)
}

/// A string as TOML and Cedar both write it.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}
