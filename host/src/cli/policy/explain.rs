//! `countersign policy explain`

mod write;

use std::path::{Path, PathBuf};

use clap::Args;
use countersign_core::policy::EntityUid;
use countersign_policies::cases::{Case, Outcome, Question, Target, What, Who};
use countersign_policies::explain::explain;
use countersign_policies::reference::Reference;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Done, Failure, case_files, uid};
use crate::cli::message::read_text;
use crate::cli::pack;

#[derive(Debug, Args)]
pub(super) struct ExplainArguments {
    /// A starter pack's name, or a folder.
    pack: PathBuf,
    /// A case of the pack: its description, or the beginning of it.
    #[arg(long, value_name = "DESCRIPTION", conflicts_with_all = ["key", "principal", "request", "action", "resource", "context", "entities"])]
    case: Option<String>,
    /// A key as a keyring has it, `{"id", "groups", "attributes"}`: JSON, or a file of it.
    #[arg(long, value_name = "JSON")]
    key: Option<String>,
    /// The principal, in place of a key: `Type::id`.
    #[arg(long, value_parser = uid::parse, conflicts_with = "key")]
    principal: Option<EntityUid>,
    /// The method and the path, such as `GET /v1/account`.
    #[arg(long, value_name = "REQUEST")]
    request: Option<String>,
    /// The action, in place of a request: its id, or `Action::"id"`.
    #[arg(long, value_parser = uid::parse_action, conflicts_with = "request", requires = "resource")]
    action: Option<EntityUid>,
    /// The resource: `Type::id`.
    #[arg(long, value_parser = uid::parse, requires = "action")]
    resource: Option<EntityUid>,
    /// The context: JSON, or a file of it.
    #[arg(long, value_name = "JSON", default_value = "{}")]
    context: String,
    /// Entities of the request, in Cedar's JSON format: JSON, or a file of it.
    #[arg(long, value_name = "JSON", default_value = "[]")]
    entities: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Key {
    id: String,
    #[serde(default)]
    groups: Vec<String>,
    #[serde(default)]
    attributes: Map<String, Value>,
}

pub(super) fn run(arguments: &ExplainArguments) -> Result<Done, Failure> {
    let sources = pack::sources(&arguments.pack)?;
    let target = Target::new(&sources)?;
    let Some(question) = question(arguments, &target)? else {
        let text = "deny: no route leads to an action, so that no policy is asked\n".to_owned();
        let json = json!({"ok": false, "decision": "no-route"});
        return Ok(Done {
            text,
            json,
            success: false,
        });
    };
    let answer = target.ask(&question)?;
    let explanation = explain(&Reference::new(&sources)?, &question)?;
    Ok(Done {
        text: write::text(&sources.policies, &question, &answer, &explanation),
        json: write::json(&question, &answer, &explanation),
        success: answer.outcome == Outcome::Allow,
    })
}

fn question(arguments: &ExplainArguments, target: &Target) -> Result<Option<Question>, Failure> {
    if let Some(description) = &arguments.case {
        return Ok(target.question(&find_case(&arguments.pack, description)?));
    }
    let who = match (&arguments.key, &arguments.principal) {
        (Some(key), _) => {
            let key: Key = json_argument("key", key)?;
            Who::Key {
                id: key.id,
                groups: key.groups,
                attributes: key.attributes.into(),
            }
        }
        (None, Some(principal)) => Who::Principal(principal.clone()),
        (None, None) => return Err(incomplete("who asks", "--case, --key or --principal")),
    };
    let what = match (&arguments.request, &arguments.action, &arguments.resource) {
        (Some(request), _, _) => {
            let Some((method, path)) = request.split_once(' ') else {
                return Err(incomplete("the path", "--request 'GET /v1/account'"));
            };
            What::Request {
                method: method.to_owned(),
                path: path.trim().to_owned(),
            }
        }
        (None, Some(action), Some(resource)) => What::Action {
            action: action.clone(),
            resource: resource.clone(),
        },
        _ => {
            return Err(incomplete(
                "what is asked for",
                "--request, or --action and --resource",
            ));
        }
    };
    let context: Map<String, Value> = json_argument("context", &arguments.context)?;
    let entities: Vec<Value> = json_argument("entities", &arguments.entities)?;
    Ok(Question::new(
        target.bundle(),
        &who,
        &what,
        &context.into(),
        &entities,
    ))
}

fn incomplete(what: &str, how: &str) -> Failure {
    Failure::usage("question_incomplete", format!("{what} isn't said"))
        .with_help(format!("say it with {how}"))
}

/// JSON itself, or the name of a file that holds it.
fn json_argument<T: serde::de::DeserializeOwned>(name: &str, text: &str) -> Result<T, Failure> {
    let is_json = text.trim_start().starts_with(['{', '[']);
    let text = if is_json {
        text.to_owned()
    } else {
        read_text(Path::new(text))?
    };
    serde_json::from_str(&text)
        .map_err(|error| Failure::usage("argument_malformed", format!("--{name}: {error}")))
}

/// The case of this description, or the only one that begins so.
fn find_case(pack: &Path, description: &str) -> Result<Case, Failure> {
    let mut cases = Vec::new();
    for file in case_files::find(pack)? {
        cases.extend(Case::read(&file)?);
    }
    if let Some(exact) = cases.iter().find(|case| case.description == description) {
        return Ok(exact.clone());
    }
    let mut found = cases
        .into_iter()
        .filter(|case| case.description.starts_with(description));
    match (found.next(), found.next()) {
        (Some(case), None) => Ok(case),
        (None, _) => Err(Failure::usage(
            "case_missing",
            format!("no case begins with `{description}`"),
        )),
        (Some(_), Some(_)) => Err(Failure::usage(
            "case_ambiguous",
            format!("several cases begin with `{description}`"),
        )),
    }
}
