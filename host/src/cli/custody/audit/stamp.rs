//! `countersign audit stamp-request` and `check-stamp`

use std::path::{Path, PathBuf};

use clap::Args;
use countersign_custody::audit::{
    AuditError, Checkpoint, ClaimedTime, TimeStampFault, TimeStampRoots, timestamp_request,
};
use serde_json::json;

use super::reading::written;
use super::{Done, Failure, done};
use crate::cli::custody::out::Out;
use crate::cli::message::{read, read_text};

#[derive(Debug, Args)]
pub(super) struct RequestArguments {
    /// The checkpoint, as `audit checkpoint` prints it; `-` for standard input.
    checkpoint: PathBuf,
    /// The file for the request, which must not exist yet.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct CheckArguments {
    /// The authority's answer.
    response: PathBuf,
    /// The checkpoint, byte for byte.
    #[arg(long, value_name = "FILE")]
    checkpoint: PathBuf,
    /// The request, whose nonce the answer must repeat: for whoever asked just now.
    #[arg(long, value_name = "FILE")]
    request: Option<PathBuf>,
    /// The roots that the authority's certificate must lead to, in PEM.
    #[arg(long, value_name = "FILE")]
    tsa_roots: Option<PathBuf>,
}

pub(super) fn request(arguments: &RequestArguments) -> Result<Done, Failure> {
    let checkpoint = checkpoint(&arguments.checkpoint)?;
    let nonce = getrandom::u64();
    let nonce = nonce.map_err(|error| Failure::usage("no_entropy", error.to_string()))?;
    Out::new(&arguments.output)?.put(&timestamp_request(&checkpoint, nonce))?;
    let path = arguments.output.display().to_string();
    let text = format!(
        "{path}: to be posted as application/timestamp-query; `countersign audit check-stamp` takes the answer\n"
    );
    Ok(done(text, json!({"ok": true, "file": path})))
}

pub(super) fn check(arguments: &CheckArguments) -> Result<Done, Failure> {
    let checkpoint = checkpoint(&arguments.checkpoint)?;
    let response = read(&arguments.response)?;
    let request = arguments.request.as_deref().map(read).transpose()?;
    let claimed = ClaimedTime::read(&response, &checkpoint, request.as_deref()).map_err(refused)?;
    let (at, records) = (written(claimed.at()), checkpoint.sequence());
    let Some(roots) = &arguments.tsa_roots else {
        let text = format!(
            "the answer says that at {at} the log had {records} records\n\
             whose word that is was not checked: `--tsa-roots FILE` does\n"
        );
        let json = json!({"ok": true, "at": at, "records": records, "signed": false});
        return Ok(done(text, json));
    };
    let roots = TimeStampRoots::from_pem(&read(roots)?).map_err(refused)?;
    let stamp = claimed.verify(&roots).map_err(refused)?;
    let certificate = stamp.certificate().to_string();
    let text = format!(
        "at {at} the log had {records} records, by the word of the authority whose certificate has the SHA-256\n\
         {certificate}\n"
    );
    let json = json!({
        "ok": true, "at": at, "records": records, "signed": true, "certificate": certificate,
    });
    Ok(done(text, json))
}

fn checkpoint(path: &Path) -> Result<Checkpoint, Failure> {
    Ok(Checkpoint::parse(&read_text(path)?)?)
}

fn refused(fault: TimeStampFault) -> Failure {
    AuditError::from(fault).into()
}
