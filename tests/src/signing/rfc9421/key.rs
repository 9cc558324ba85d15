//! The keys of a file of signatures.

use anyhow::{Context as _, Result};
use countersign_wasm::dispatch::number;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::case::Bytes;
use crate::door::{Door, Fault, Frame};

#[derive(Clone, Deserialize)]
pub(super) struct Key {
    #[serde(skip)]
    pub(super) id: String,
    alg: String,
    pub(super) public_pem: Option<String>,
    private_pem: Option<String>,
    secret_base64: Option<Bytes>,
}

pub(super) fn read_all(keys: &Map<String, Value>) -> Result<Vec<Key>> {
    keys.iter()
        .map(|(id, key)| {
            let key: Key = serde_json::from_value(key.clone()).with_context(|| id.clone())?;
            let id = id.clone();
            Ok(Key { id, ..key })
        })
        .collect()
}

impl Key {
    /// What a keyring has of it; none where nothing of the key is published.
    fn entry(&self) -> Option<Value> {
        let (keyid, environment) = (&self.id, "test");
        if let Some(secret) = &self.secret_base64 {
            return Some(json!({"keyid": keyid, "environment": environment, "secret": secret}));
        }
        let pem = self.public_pem.as_ref()?;
        let base64: String = pem
            .lines()
            .filter(|line| !line.starts_with("---"))
            .collect();
        Some(json!({
            "keyid": keyid, "environment": environment, "algorithm": self.alg, "public_key": base64,
        }))
    }

    /// Opens the key that signs; none of RSA, by which nothing is signed here.
    pub(super) async fn open(&self, door: &Door) -> Result<Option<u64>, Fault> {
        if let Some(Bytes(secret)) = &self.secret_base64 {
            let frame = Frame::new().text(&self.id).bytes(secret);
            return Ok(Some(door.ask(number::key_open, frame).await?.number()?));
        }
        match &self.private_pem {
            Some(pem) if !self.alg.starts_with("rsa") => {
                let frame = Frame::new().text(&self.id).text("").text(pem);
                let mut opened = door.ask(number::private_key_open, frame).await?;
                Ok(Some(opened.number()?))
            }
            _ => Ok(None),
        }
    }

    /// Whether a signature is good by its public half; none of a shared secret.
    pub(super) async fn verifies(
        &self,
        door: &Door,
        message: &str,
        signature: &[u8],
    ) -> Result<Option<bool>, Fault> {
        let Some(pem) = &self.public_pem else {
            return Ok(None);
        };
        let frame = Frame::new().text(&self.alg).text(pem).text(message);
        let frame = frame.bytes(signature);
        let mut answer = door.ask(number::signature_check, frame).await?;
        Ok(Some(answer.number()? == 1))
    }
}

/// Opens a keyring of all that is published of these keys.
pub(super) async fn open_ring(door: &Door, keys: &[Key]) -> Result<u64, Fault> {
    let entries: Vec<Value> = keys.iter().filter_map(Key::entry).collect();
    let ring = json!({ "keys": entries }).to_string();
    let frame = Frame::new().text(&ring);
    door.ask(number::keyring_open, frame).await?.number()
}
