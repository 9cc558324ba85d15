//! Ahead-of-time code, kept between starts.

use std::env;
use std::fs::{self, DirBuilder};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use wasmtime::Engine;

/// The file that holds the code of the module with this SHA-256 for this engine, in a folder that
/// only its owner can write: whoever can write there runs code as that user.
pub(crate) fn file(engine: &Engine, sha256_hex: &str) -> Option<PathBuf> {
    let base = match env::var_os("XDG_CACHE_HOME").filter(|path| Path::new(path).is_absolute()) {
        Some(path) => PathBuf::from(path),
        None => PathBuf::from(env::var_os("HOME")?).join(".cache"),
    };
    let folder = base.join("countersign");
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&folder)
        .ok()?;
    let folder_facts = fs::symlink_metadata(&folder).ok()?;
    let own = fs::metadata("/proc/self").ok()?.uid();
    if !folder_facts.is_dir() || folder_facts.uid() != own || folder_facts.mode() & 0o022 != 0 {
        return None;
    }
    let mut hasher = DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut hasher);
    Some(folder.join(format!("{sha256_hex}-{:016x}.cwasm", hasher.finish())))
}

/// Writes the code, whole or not at all. A cache that can't be written only costs time.
pub(crate) fn store(path: &Path, code: &[u8]) {
    let part = path.with_extension(format!("{}.part", std::process::id()));
    if fs::write(&part, code)
        .and_then(|()| fs::rename(&part, path))
        .is_err()
    {
        let _ = fs::remove_file(&part);
    }
}
