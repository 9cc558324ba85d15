//! `cargo xtask build`: the module and its glue, and the proof that the bytes repeat.

use std::{fs, path::Path, thread};

use anyhow::{Context, Result, anyhow, bail};
use countersign_wasm_build::{Artifact, Compiler, Variant, bind, build_signer, compile};

use crate::workspace::{generated, module_target_dir, root};

/// Where in the source tree nothing lies that the module is made of.
const NOT_SOURCE: [&str; 4] = [".git", "generated", "node_modules", "target"];

/// Builds the modules, copies them and their glue to `wasm/js/generated`, and prints what they are.
pub(crate) fn build() -> Result<()> {
    let out = generated();
    fs::create_dir_all(&out).with_context(|| format!("cannot make {}", out.display()))?;
    // One thread links each module: two are linked at once.
    let signer = thread::spawn(signer);
    let mut variants = Variant::ALL.into_iter();
    let built = variants.try_for_each(|variant| build_variant(variant, &out));
    // Waited for after a failure too, or it would go on without us.
    let signer = signer
        .join()
        .map_err(|_| anyhow!("building {SIGNER} ended by a panic"))?;
    built?;
    write(&out.join(SIGNER), &signer?)
}

fn build_variant(variant: Variant, out: &Path) -> Result<()> {
    let artifact = artifact(variant)?;
    let files: [(&str, &[u8]); 3] = [
        ("wasm", &artifact.wasm),
        ("js", artifact.glue_js.as_bytes()),
        ("d.ts", artifact.glue_d_ts.as_bytes()),
    ];
    for (end, bytes) in files {
        write(&out.join(format!("{}.{end}", variant.name())), bytes)?;
    }
    report(variant, &artifact);
    Ok(())
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

/// The file of the module that only signs.
pub(crate) const SIGNER: &str = "countersign-sign.wasm";

/// The module that only signs, as the source now is.
fn signer() -> Result<Vec<u8>> {
    let target_dir = module_target_dir()?;
    Ok(build_signer(&Compiler::find()?, root(), &target_dir)?)
}

/// Builds the full module twice from nothing, in two copies of the source, and fails unless the bytes are
/// the same.
pub(crate) fn check() -> Result<()> {
    let temporary = tempfile::tempdir()?;
    let folders = ["a", "another-folder"].map(|name| temporary.path().join(name));
    for folder in &folders {
        copy(root(), folder)?;
    }
    let [first, second] = folders.map(|folder| from_nothing(&folder));
    let (first, second) = (first?, second?);
    report(Variant::Full, &first);
    report(Variant::Full, &second);
    if first.wasm != second.wasm {
        bail!("two builds of the same source differ");
    }
    println!("two clean builds in two folders: the same bytes");
    Ok(())
}

/// A module as the source now is.
fn artifact(variant: Variant) -> Result<Artifact> {
    Ok(countersign_wasm_build::build(
        &Compiler::find()?,
        root(),
        &module_target_dir()?,
        variant,
    )?)
}

fn from_nothing(source: &Path) -> Result<Artifact> {
    let compiler = Compiler::find()?;
    let wasm = compile(&compiler, source, &source.join("target"), Variant::Full)?;
    // The binder holds no state: the one that is there serves both.
    Ok(bind(&compiler, root(), &module_target_dir()?, &wasm)?)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        if NOT_SOURCE.iter().any(|name| entry.file_name() == *name) {
            continue;
        }
        let (file, copied) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type()?.is_dir() {
            copy(&file, &copied)?;
        } else {
            fs::copy(&file, copied).with_context(|| format!("cannot copy {}", file.display()))?;
        }
    }
    Ok(())
}

fn report(variant: Variant, artifact: &Artifact) {
    eprintln!(
        "{:<20} sha256 {}  {} bytes  {}",
        variant.name(),
        artifact.sha256,
        artifact.wasm.len(),
        artifact.compiler
    );
}
