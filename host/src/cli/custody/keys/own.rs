//! `countersign keys rotate-own`

use clap::Args;
use serde_json::json;

use super::super::delivered::{Delivered, print};
use super::super::desk::PlaceArguments;
use super::super::reading::written;
use super::{Done, Failure, done};
use crate::cli::MessageArguments;
use crate::cli::message::Message;

#[derive(Debug, Args)]
pub(super) struct RotateOwnArguments {
    #[command(flatten)]
    place: PlaceArguments,
    /// Its `POST /v1/environments/<env>/keys/self/rotate`, signed by the key.
    #[command(flatten)]
    message: MessageArguments,
}

pub(super) fn run(arguments: &RotateOwnArguments, as_json: bool) -> Result<Done, Failure> {
    let message = Message::read(&arguments.message)?;
    let request = message.for_core()?;
    let place = arguments.place.open("service")?;
    let issued = place.custodian.rotate_own(&request, place.now)?;
    let life = issued.entry.life();
    let (keyid, ends_at) = (life.keyid(), life.ends_at());
    let text = format!("`{keyid}` comes after it, until {}\n", written(ends_at));
    let json = json!({
        "ok": true,
        "keyid": keyid,
        "predecessor": life.predecessor(),
        "ends_at": ends_at.get(),
    });
    match issued.shown {
        None => Ok(done(text, json)),
        Some(shown) => {
            let secret = shown.reveal();
            let secret = Delivered {
                member: "secret",
                secret: &secret,
            };
            print(
                as_json,
                &format!("{text}its secret, shown once:\n"),
                &json,
                &[secret],
            )
        }
    }
}
