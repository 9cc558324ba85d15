//! An instance of the module: its memory, and how a verb is called.

use core::num::NonZeroU64;
use core::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use countersign_wasm::dispatch::number;
use wasmtime::{InstancePre, Memory, Store, StoreLimits, StoreLimitsBuilder, TypedFunc};

use crate::error::{CodeText, Error, Refused};
use crate::frame::{Field, Reply, frame_len, read_codes, write_frame};
use crate::module::{Limits, ticks};
use crate::states::Handle;

/// Frames up to this many bytes share one buffer in the module's memory.
const BUFFER: u32 = 16 << 10;

/// The texts of a module's codes, once one was asked for.
pub(crate) type Codes = Arc<OnceLock<Arc<[CodeText]>>>;

static NEXT_INSTANCE: AtomicU64 = AtomicU64::new(1);

/// An instance: its own memory, its own handles. It works for one caller at a time.
pub struct Instance {
    id: NonZeroU64,
    store: Store<StoreLimits>,
    memory: Memory,
    call: TypedFunc<(u32, u32, u32), u64>,
    alloc: TypedFunc<u32, u32>,
    free: TypedFunc<(u32, u32), ()>,
    forget: TypedFunc<(), ()>,
    /// The texts of the module's codes, which all its instances share.
    codes: Codes,
    buffer: u32,
    ticks: u64,
    stopped: bool,
}

impl Instance {
    pub(crate) fn new(
        pre: &InstancePre<StoreLimits>,
        limits: Limits,
        codes: Codes,
    ) -> Result<Self, Error> {
        let none = |error: wasmtime::Error| Error::NoInstance(format!("{error:#}"));
        let store_limits = StoreLimitsBuilder::new()
            .memory_size(limits.memory)
            .trap_on_grow_failure(true)
            .build();
        let mut store = Store::new(pre.module().engine(), store_limits);
        store.limiter(|limits| limits);
        let ticks = ticks(limits.call);
        store.set_epoch_deadline(ticks);
        let instance = pre.instantiate(&mut store).map_err(none)?;
        let memory = instance
            .get_memory(&mut store, "memory")
            .ok_or_else(|| Error::NoInstance("it exports no memory".into()))?;
        let call = instance
            .get_typed_func(&mut store, "countersign_call")
            .map_err(none)?;
        let alloc = instance
            .get_typed_func(&mut store, "countersign_alloc")
            .map_err(none)?;
        let free = instance
            .get_typed_func(&mut store, "countersign_free")
            .map_err(none)?;
        let forget = instance
            .get_typed_func(&mut store, "countersign_forget")
            .map_err(none)?;
        let number = NEXT_INSTANCE.fetch_add(1, Ordering::Relaxed);
        let id = NonZeroU64::new(number).unwrap_or(NonZeroU64::MAX);
        Ok(Instance {
            id,
            store,
            memory,
            call,
            alloc,
            free,
            forget,
            codes,
            buffer: 0,
            ticks,
            stopped: false,
        })
    }

    /// The bytes of memory that the instance has now.
    #[must_use]
    pub fn memory_size(&self) -> usize {
        self.memory.data_size(&self.store)
    }

    /// Calls a verb and reads its reply.
    pub(crate) fn call<T>(
        &mut self,
        verb: u32,
        fields: &[Field<'_>],
        read: impl FnOnce(&mut Reply<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let told = match Reply::read(self.reply_to(verb, fields)?)? {
            Ok(mut reply) => return read(&mut reply),
            Err(told) => told,
        };
        let codes = if let Some(codes) = self.codes.get() {
            codes
        } else {
            // Once for the module, whatever its first refusal is.
            let Ok(mut reply) = Reply::read(self.reply_to(number::codes, &[])?)? else {
                return Err(Error::Trapped("it has no texts of its codes".into()));
            };
            let read = read_codes(&mut reply)?;
            self.codes.get_or_init(|| read)
        };
        Err(told.by(codes))
    }

    /// Runs a verb by its number on a frame, and gives the frame that answers (`docs/abi.md`): for verbs
    /// that are no method here. A refusal is an answer.
    ///
    /// # Errors
    /// [`Error::Trapped`], [`Error::Stopped`].
    pub fn answer(&mut self, verb: u32, frame: &[u8]) -> Result<Vec<u8>, Error> {
        let reply = self.reply(verb, frame.len(), |room| {
            room.copy_from_slice(frame);
            true
        })?;
        Ok(reply.to_vec())
    }

    fn reply_to(&mut self, verb: u32, fields: &[Field<'_>]) -> Result<&[u8], Error> {
        self.reply(verb, frame_len(fields), |room| write_frame(room, fields))
    }

    /// Calls a verb on a frame that is written into the room for it, and gives the reply.
    fn reply(
        &mut self,
        verb: u32,
        length: usize,
        write: impl FnOnce(&mut [u8]) -> bool,
    ) -> Result<&[u8], Error> {
        if self.stopped {
            return Err(Error::Stopped);
        }
        self.store.set_epoch_deadline(self.ticks);
        match self.call_once(verb, length, write) {
            Ok((address, length)) => {
                let memory = self.memory.data(&self.store);
                usize::try_from(address)
                    .ok()
                    .zip(usize::try_from(length).ok())
                    .and_then(|(address, length)| memory.get(address..address.checked_add(length)?))
                    .ok_or_else(|| Error::Trapped("its reply is outside of its memory".into()))
            }
            Err(trap) => {
                self.stopped = true;
                Err(Error::Trapped(trap.root_cause().to_string()))
            }
        }
    }

    fn call_once(
        &mut self,
        verb: u32,
        frame_length: usize,
        write: impl FnOnce(&mut [u8]) -> bool,
    ) -> Result<(u64, u64), wasmtime::Error> {
        let length = u32::try_from(frame_length)?;
        let shared = length <= BUFFER;
        if shared && self.buffer == 0 {
            self.buffer = self.alloc.call(&mut self.store, BUFFER)?;
        }
        let address = if shared {
            self.buffer
        } else {
            self.alloc.call(&mut self.store, length)?
        };
        let room = usize::try_from(address)?..;
        let written = self
            .memory
            .data_mut(&mut self.store)
            .get_mut(room)
            .and_then(|room| room.get_mut(..frame_length))
            .is_some_and(write);
        if !written {
            wasmtime::bail!("it gave no room for a frame");
        }
        let reply = self.call.call(&mut self.store, (verb, address, length))?;
        if !shared {
            self.free.call(&mut self.store, (address, length))?;
        }
        Ok((reply >> 32, reply & 0xffff_ffff))
    }

    /// Wipes the last reply.
    pub(crate) fn forget(&mut self) -> Result<(), Error> {
        self.forget
            .call(&mut self.store, ())
            .map_err(|trap| Error::Trapped(trap.root_cause().to_string()))
    }

    pub(crate) fn own(&self, handle: &Handle) -> Result<u64, Error> {
        if handle.instance == self.id {
            Ok(handle.number)
        } else {
            Err(foreign())
        }
    }

    pub(crate) fn handle(&self, number: u64) -> Handle {
        Handle {
            instance: self.id,
            number,
        }
    }

    pub(crate) fn open(&mut self, verb: u32, fields: &[Field<'_>]) -> Result<Handle, Error> {
        let number = self.call(verb, fields, read_number)?;
        Ok(self.handle(number))
    }

    /// A copy of the instance's memory, for a test that looks for secrets in it.
    #[must_use]
    pub fn memory_image(&self) -> Vec<u8> {
        self.memory.data(&self.store).to_vec()
    }
}

impl core::fmt::Debug for Instance {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Instance")
            .field("id", &self.id)
            .field("stopped", &self.stopped)
            .finish_non_exhaustive()
    }
}

// A function, for the method by its name is of one lifetime only.
fn read_number(reply: &mut Reply<'_>) -> Result<u64, Error> {
    reply.number()
}

fn foreign() -> Error {
    let refusal = countersign_core::Refusal::from(countersign_core::Code::HandleUnknown);
    Refused::from(refusal).into()
}
