//! `countersign inspect`

use clap::Args;
use countersign::Module;
use serde_json::json;

use super::failure::Failure;
use super::message::{Message, Start};
use super::{Done, MessageArguments};

#[derive(Debug, Args)]
pub(super) struct InspectArguments {
    #[command(flatten)]
    message: MessageArguments,
    /// The signature to look at, if there are several.
    #[arg(long, default_value = "")]
    label: String,
}

pub(super) fn run(arguments: &InspectArguments) -> Result<Done, Failure> {
    let message = Message::read(&arguments.message)?;
    let mut instance = Module::embedded()?.instantiate()?;
    let (request, status) = message.request_or_response();
    let shown = instance
        .inspect(&request, status, &arguments.label)
        .map_err(|error| Failure::about(&message, error))?;

    let covers = |name: &str| shown.covered.iter().any(|covered| covered == name);
    let target = covers("@target-uri");
    let part = |what: &str, yes: bool| {
        format!(
            "  {what:<10}{}\n",
            if yes { "covered" } else { "NOT covered" }
        )
    };
    let mut text = format!("signature `{}` covers\n", shown.label);
    match message.start {
        Start::Request { .. } => {
            text.push_str(&part("method", covers("@method")));
            text.push_str(&part("authority", target || covers("@authority")));
            text.push_str(&part(
                "path",
                target || covers("@request-target") || covers("@path"),
            ));
            text.push_str(&part(
                "query",
                target || covers("@request-target") || covers("@query"),
            ));
        }
        Start::Response { .. } => text.push_str(&part("status", covers("@status"))),
    }
    text.push_str(&part("body", covers("content-digest")));
    text.push_str(&format!("\nsignature base\n{}\n", shown.base));
    let json = json!({
        "ok": true,
        "label": shown.label,
        "signature_params": shown.parameters,
        "covered": shown.covered,
        "base": shown.base,
    });
    Ok(Done {
        text,
        json,
        success: true,
    })
}
