//! Reads Cedar's conformance data: a case is a set of policies with entities, and requests with the
//! answers that Cedar's project expects.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use cedar_policy::{Context, Entities, EntityUid, Schema};
use countersign_policies::{Source, Sources, compile, compile_unvalidated};
use serde::Deserialize;
use serde_json::Value as Json;

const MANIFEST: &str = r#"
name = "conformance"
version = "1.0.0"
principal_type = "Any"
policy_ids = "place"
"#;

/// A case, compiled.
pub(crate) struct Case {
    pub(crate) bundle: Vec<u8>,
    /// Whether the policies are valid by the schema, in Cedar's strict mode.
    pub(crate) is_valid: bool,
    /// What the data expect of that.
    pub(crate) should_be_valid: Option<bool>,
    /// In Cedar's JSON format, where no schema is needed to tell what a value is.
    pub(crate) entities: String,
    pub(crate) requests: Vec<Request>,
}

/// A request, and the answer that is expected.
pub(crate) struct Request {
    pub(crate) description: String,
    pub(crate) principal: Uid,
    pub(crate) action: Uid,
    pub(crate) resource: Uid,
    /// In the same format as the entities.
    pub(crate) context: String,
    pub(crate) expected: Answer,
}

/// Type and id.
pub(crate) type Uid = (String, String);

/// The decision, the determining policies, and the policies that erred.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Answer {
    pub(crate) allowed: bool,
    pub(crate) reasons: BTreeSet<String>,
    pub(crate) errors: BTreeSet<String>,
}

/// The files of the cases in `folder` and below, those in its archives among them. `scratch` takes
/// what was packed.
pub(crate) fn case_files(folder: &Path, scratch: &Path) -> Result<Vec<PathBuf>, String> {
    let mut files = Vec::new();
    collect(folder, &mut files)?;
    let archives: Vec<PathBuf> = files
        .iter()
        .filter(|file| file.to_string_lossy().ends_with(".tar.xz"))
        .cloned()
        .collect();
    for archive in archives {
        let status = Command::new("tar")
            .arg("xJf")
            .arg(&archive)
            .arg("-C")
            .arg(scratch)
            .status();
        if !status.is_ok_and(|status| status.success()) {
            return Err(format!("tar can't unpack {}", archive.display()));
        }
    }
    collect(scratch, &mut files)?;
    files.retain(|file| is_case(file));
    files.sort_unstable();
    files.dedup();
    Ok(files)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), String> {
    let failed = |error| format!("{}: {error}", folder.display());
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

/// Whether the file speaks of policies, entities and requests. Entities lie beside it as JSON too.
fn is_case(file: &Path) -> bool {
    file.extension()
        .is_some_and(|extension| extension == "json")
        && fs::read_to_string(file)
            .ok()
            .and_then(|text| serde_json::from_str::<Json>(&text).ok())
            .is_some_and(|case| case.get("requests").is_some() && case.get("policies").is_some())
}

impl Case {
    /// Reads a case and compiles its policies.
    pub(crate) fn read(file: &Path) -> Result<Self, String> {
        let text = fs::read_to_string(file).map_err(|error| error.to_string())?;
        let case: Json = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        let part = |member: &str| {
            let name = text_of(&case, member)?;
            // Paths are relative to a folder above the case.
            let mut folders = file.ancestors().skip(1);
            folders
                .find_map(|folder| fs::read_to_string(folder.join(&name)).ok())
                .ok_or(format!("there is no file {name}"))
        };
        let schema_text = part("schema")?;
        let sources = Sources {
            policies: Source::new("policies.cedar", part("policies")?),
            schema: Source::new("schema.cedarschema", schema_text.as_str()),
            manifest: Source::new("pack.toml", MANIFEST),
            entities: None,
        };
        let compiled = compile_unvalidated(&sources).map_err(|diagnostics| {
            let problems = diagnostics.problems().iter();
            let problems: Vec<String> = problems.map(ToString::to_string).collect();
            problems.join("; ")
        })?;
        let is_valid = compile(&sources).err().is_none_or(|diagnostics| {
            let mut problems = diagnostics.problems().iter();
            problems.all(|problem| problem.code() != "policy_not_valid")
        });
        let (schema, _) =
            Schema::from_cedarschema_str(&schema_text).map_err(|error| error.to_string())?;
        let entities = Entities::from_json_str(&part("entities")?, Some(&schema))
            .map_err(|error| error.to_string())?;
        let entities = entities
            .to_json_value()
            .map_err(|error| error.to_string())?;
        let requests = list(&case, "requests")?;
        Ok(Self {
            bundle: compiled.into_bytes(),
            is_valid,
            should_be_valid: case.get("shouldValidate").and_then(Json::as_bool),
            entities: entities.to_string(),
            requests: requests
                .iter()
                .map(|request| Request::read(request, &schema))
                .collect::<Result<_, _>>()?,
        })
    }
}

impl Request {
    fn read(request: &Json, schema: &Schema) -> Result<Self, String> {
        let json = |member: &str| request.get(member).cloned().unwrap_or_default();
        let uid = |member: &str| {
            let uid = json(member);
            Ok::<_, String>((text_of(&uid, "type")?, text_of(&uid, "id")?))
        };
        let ids = |member: &str| {
            let ids = list(request, member)?.iter();
            Ok::<_, String>(ids.filter_map(Json::as_str).map(str::to_owned).collect())
        };
        let action = EntityUid::from_json(json("action")).map_err(|error| error.to_string())?;
        let context = Context::from_json_value(json("context"), Some((schema, &action)))
            .map_err(|error| error.to_string())?
            .to_json_value()
            .map_err(|error| error.to_string())?;
        Ok(Self {
            description: json("description").to_string(),
            principal: uid("principal")?,
            action: uid("action")?,
            resource: uid("resource")?,
            context: context.to_string(),
            expected: Answer {
                allowed: json("decision") == "allow",
                reasons: ids("reason")?,
                errors: ids("errors")?,
            },
        })
    }
}

fn text_of(json: &Json, member: &str) -> Result<String, String> {
    let text = json.get(member).and_then(Json::as_str);
    text.map(str::to_owned)
        .ok_or_else(|| format!("there is no text `{member}`"))
}

fn list<'a>(json: &'a Json, member: &str) -> Result<&'a Vec<Json>, String> {
    let list = json.get(member).and_then(Json::as_array);
    list.ok_or_else(|| format!("there is no list `{member}`"))
}
