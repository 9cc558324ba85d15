//! The module's crate as native code.

use countersign_wasm::dispatch;
use countersign_wasm::frame::{Fields, Reply};
use countersign_wasm::handles::Handles;

use super::{Broken, Call, Machine, Opened};

pub(super) fn open() -> Opened {
    Opened::Running {
        machine: Box::new(Native::default()),
        version: format!("countersign-core {}", env!("CARGO_PKG_VERSION")),
        sha256: None,
    }
}

#[derive(Default)]
struct Native {
    handles: Handles,
    reply: Reply,
}

impl Machine for Native {
    fn answer(&mut self, calls: &[&Call]) -> Result<Vec<Vec<u8>>, Broken> {
        let Native { handles, reply } = self;
        let answers = calls.iter().map(|Call { verb, frame }| {
            reply.clear();
            if let Err(refusal) = dispatch::run(*verb, handles, reply, &mut Fields::new(frame)) {
                reply.refuse(&refusal);
            }
            reply.as_bytes().to_vec()
        });
        Ok(answers.collect())
    }
}
