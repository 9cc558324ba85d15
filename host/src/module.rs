//! The module, compiled for this machine.

use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use base16ct::lower::encode_string as hex;
use sha2::{Digest as _, Sha256};
use wasmtime::{
    Config, Engine, InstanceAllocationStrategy, InstancePre, Linker, OptLevel,
    PoolingAllocationConfig, StoreLimits,
};

#[cfg(unix)]
use crate::cache;
use crate::error::Error;
use crate::instance::{Codes, Instance};

mod built {
    #![allow(unreachable_pub, reason = "written by the build script")]
    include!(concat!(env!("OUT_DIR"), "/module.rs"));
}

/// What a WebAssembly binary begins with.
const MAGIC: &[u8] = b"\0asm";
const TICK: Duration = Duration::from_millis(50);

/// What an instance may use, so that no input can hang or starve the host.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The most memory of one instance, in bytes.
    pub memory: usize,
    /// The longest that one call may take; it is kept to some 100 ms.
    pub call: Duration,
    /// The most instances alive at once.
    pub instances: u32,
}

impl Default for Limits {
    /// 64 MiB, 1 s, 256 instances.
    fn default() -> Self {
        Limits {
            memory: 64 << 20,
            call: Duration::from_secs(1),
            instances: 256,
        }
    }
}

/// The module, compiled. Make one for the process and share it: a clone is a reference.
#[derive(Clone)]
pub struct Module {
    pre: InstancePre<StoreLimits>,
    sha256_hex: Arc<str>,
    size: usize,
    limits: Limits,
    codes: Codes,
    /// Stops the clock with the last clone.
    _clock: Arc<()>,
}

impl Module {
    /// The module that this library was built with.
    ///
    /// The first start compiles it and keeps the code in `$XDG_CACHE_HOME/countersign`, if that folder
    /// is its owner's alone; later ones load the code from there.
    ///
    /// # Errors
    /// [`Error::NotAModule`] if wasmtime can't run it on this machine.
    pub fn embedded() -> Result<Self, Error> {
        Self::with_limits(Limits::default())
    }

    /// The embedded module under other limits.
    ///
    /// # Errors
    /// As [`Module::embedded`].
    pub fn with_limits(limits: Limits) -> Result<Self, Error> {
        Self::new(built::WASM, built::SHA256_HEX, limits)
    }

    /// A module from a file, whose SHA-256 must be `sha256_hex`.
    ///
    /// # Errors
    /// [`Error::File`], [`Error::OtherModule`], [`Error::NotAModule`].
    pub fn from_file(path: &Path, sha256_hex: &str) -> Result<Self, Error> {
        let bytes = std::fs::read(path).map_err(|source| Error::File {
            path: path.into(),
            source,
        })?;
        let found = hex(&Sha256::digest(&bytes));
        if bytes.starts_with(MAGIC) && found != sha256_hex {
            return Err(Error::OtherModule {
                expected: sha256_hex.into(),
                found,
            });
        }
        Self::from_bytes(&bytes)
    }

    /// A module at hand, such as one that is archived.
    ///
    /// # Errors
    /// [`Error::NotAModule`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        if !bytes.starts_with(MAGIC) {
            return Err(Error::NotAModule(
                "it doesn't begin with the magic number".into(),
            ));
        }
        Self::new(bytes, &hex(&Sha256::digest(bytes)), Limits::default())
    }

    fn new(wasm: &[u8], sha256_hex: &str, limits: Limits) -> Result<Self, Error> {
        let unfit = |error: wasmtime::Error| Error::NotAModule(format!("{error:#}"));
        let engine = Engine::new(&config(limits)).map_err(unfit)?;
        let module = load(&engine, wasm, sha256_hex).map_err(unfit)?;
        // The module imports nothing, so the linker has nothing to give.
        let pre = Linker::new(&engine)
            .instantiate_pre(&module)
            .map_err(unfit)?;
        let clock = start_clock(&engine);
        Ok(Module {
            pre,
            sha256_hex: sha256_hex.into(),
            size: wasm.len(),
            limits,
            codes: Codes::default(),
            _clock: clock,
        })
    }

    /// Makes an instance.
    ///
    /// # Errors
    /// [`Error::NoInstance`] when [`Limits::instances`] are alive, or the module is not Countersign's.
    pub fn instantiate(&self) -> Result<Instance, Error> {
        Instance::new(&self.pre, self.limits, Arc::clone(&self.codes))
    }

    /// The SHA-256 of the module, in lower-case hexadecimal.
    #[must_use]
    pub fn sha256_hex(&self) -> &str {
        &self.sha256_hex
    }

    /// The size of the module, in bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        self.size
    }

    /// The bytes of the embedded module, for another runtime.
    #[must_use]
    pub fn embedded_bytes() -> &'static [u8] {
        built::WASM
    }

    /// The compiler that made the embedded module, in one line.
    #[must_use]
    pub fn compiler() -> &'static str {
        built::COMPILER
    }
}

impl core::fmt::Debug for Module {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Module")
            .field("sha256", &self.sha256_hex)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

fn config(limits: Limits) -> Config {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_core_instances(limits.instances)
        .total_memories(limits.instances)
        .total_tables(limits.instances)
        .max_memory_size(limits.memory)
        .max_memories_per_module(1)
        .max_tables_per_module(1)
        .table_elements(1024)
        .linear_memory_keep_resident(256 << 10);
    let mut config = Config::new();
    config
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool))
        .cranelift_opt_level(OptLevel::Speed)
        .epoch_interruption(true)
        .memory_init_cow(true);
    config
}

/// Compiles the module's code.
#[cfg(not(unix))]
fn load(engine: &Engine, wasm: &[u8], _: &str) -> Result<wasmtime::Module, wasmtime::Error> {
    wasmtime::Module::new(engine, wasm)
}

/// Loads the module's code from the cache, or compiles it.
#[cfg(unix)]
fn load(
    engine: &Engine,
    wasm: &[u8],
    sha256_hex: &str,
) -> Result<wasmtime::Module, wasmtime::Error> {
    let Some(path) = cache::file(engine, sha256_hex) else {
        return wasmtime::Module::new(engine, wasm);
    };
    #[expect(unsafe_code, reason = "wasmtime can't check ahead-of-time code")]
    // SAFETY: the file is in a folder that only this user can write, and only `store` writes there;
    // wasmtime refuses code of another version or for another engine.
    let cached = unsafe { wasmtime::Module::deserialize_file(engine, &path) };
    if let Ok(module) = cached {
        return Ok(module);
    }
    let module = wasmtime::Module::new(engine, wasm)?;
    cache::store(&path, &module.serialize()?);
    Ok(module)
}

/// Advances the engine's epoch until the last module of it is gone.
fn start_clock(engine: &Engine) -> Arc<()> {
    let alive = Arc::new(());
    let (watch, engine) = (Arc::downgrade(&alive), engine.weak());
    thread::spawn(move || {
        while watch.strong_count() > 0 {
            thread::sleep(TICK);
            match engine.upgrade() {
                Some(engine) => engine.increment_epoch(),
                None => break,
            }
        }
    });
    alive
}

/// How many ticks of the clock a call may take.
pub(crate) fn ticks(call: Duration) -> u64 {
    let ticks = call.as_millis().div_ceil(TICK.as_millis());
    u64::try_from(ticks).unwrap_or(u64::MAX).saturating_add(1)
}
