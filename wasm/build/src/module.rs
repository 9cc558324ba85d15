use core::fmt::Write as _;
use std::{
    fs, io,
    path::{Path, PathBuf},
    process::{self, Child, Command},
};

use sha2::{Digest, Sha256};

use crate::{
    cargo::{cargo, home},
    compiler::{Compiler, TARGET},
    variant::Variant,
};

/// The module and its glue, as built.
#[derive(Debug)]
pub struct Artifact {
    /// The module: it imports nothing.
    pub wasm: Vec<u8>,
    /// The JavaScript that lifts strings and bytes over the module's exports: an ES module for every
    /// runtime, which loads nothing by itself.
    pub glue_js: String,
    /// The glue's TypeScript declarations.
    pub glue_d_ts: String,
    /// The SHA-256 of `wasm`, in lower-case hexadecimal.
    pub sha256: String,
    /// The compiler that made it, in one line.
    pub compiler: String,
}

/// Why the module was not built. The details are on stderr, where cargo and the binder wrote them.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// A file could not be read or written.
    #[error("{path}: {source}", path = path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A program that the build needs did not start.
    #[error("cannot start {program}: {source}")]
    Start {
        /// The program.
        program: String,
        /// What the system said.
        source: io::Error,
    },
    /// A step started and failed.
    #[error("{0} failed, for the reason printed beside this")]
    Step(&'static str),
}

/// Builds a module and its glue from the workspace at `root`, with everything made on the way
/// under `target_dir`. A second call with nothing changed takes well under a second.
///
/// # Errors
/// [`BuildError`] when a step fails.
pub fn build(
    compiler: &Compiler,
    root: &Path,
    target_dir: &Path,
    variant: Variant,
) -> Result<Artifact, BuildError> {
    // The compilers run side by side: one is a long chain of few crates, the other short and wide.
    let binder = start(&mut binder_cargo("build", root, target_dir))?;
    let wasm = compile(compiler, root, target_dir, variant);
    finish(binder, "building the binder")?;
    bind(compiler, root, target_dir, &wasm?)
}

/// Compiles a module alone, and gives its path: not yet bound, with all its custom sections.
///
/// # Errors
/// [`BuildError`] when cargo fails.
pub fn compile(
    compiler: &Compiler,
    root: &Path,
    target_dir: &Path,
    variant: Variant,
) -> Result<PathBuf, BuildError> {
    let target_dir = target_dir.join("module");
    let mut cargo = module_cargo(compiler, "rustc", "module", root, &target_dir)?;
    // Beside the package's rlib cargo would link the module without LTO.
    cargo.args(["--lib", "--package", "countersign-wasm"]);
    cargo.args(["--crate-type", "cdylib"]);
    cargo.args(["--no-default-features", "--features", variant.features()]);
    run(&mut cargo, "compiling the module")?;
    let built = target_dir.join(TARGET).join("module/countersign_wasm.wasm");
    // The next variant takes the place of this one.
    let kept = target_dir.join(variant.name()).with_extension("wasm");
    fs::copy(&built, &kept).map_err(|source| BuildError::File {
        path: built,
        source,
    })?;
    Ok(kept)
}

/// Builds the module that only signs, `countersign-sign`, which is ready as it is: its glue is written by hand.
///
/// # Errors
/// [`BuildError`] when cargo fails.
pub fn build_signer(
    compiler: &Compiler,
    root: &Path,
    target_dir: &Path,
) -> Result<Vec<u8>, BuildError> {
    let target_dir = target_dir.join("module");
    let mut cargo = module_cargo(compiler, "rustc", "module-sign", root, &target_dir)?;
    cargo.args(["--lib", "--package", "countersign-sign"]);
    cargo.args(["--crate-type", "cdylib"]);
    run(&mut cargo, "compiling the module that signs")?;
    read(
        target_dir
            .join(TARGET)
            .join("module-sign/countersign_sign.wasm"),
    )
}

/// Makes the module that [`compile`] gave ready to use, and its glue.
///
/// # Errors
/// [`BuildError`] when the binder can't be built, or refuses the module: it does so when the module
/// imports anything that only a JavaScript host has.
pub fn bind(
    compiler: &Compiler,
    root: &Path,
    target_dir: &Path,
    wasm: &Path,
) -> Result<Artifact, BuildError> {
    run(
        &mut binder_cargo("build", root, target_dir),
        "building the binder",
    )?;
    let program = target_dir
        .join("binder/binder/countersign-bind")
        .with_extension(std::env::consts::EXE_EXTENSION);
    // Another build may be writing beside this one.
    let out = target_dir.join(format!("bound-{}", process::id()));
    run(
        Command::new(program).arg(wasm).arg(&out),
        "binding the module",
    )?;
    let wasm = read(out.join("countersign_bg.wasm"))?;
    let artifact = Artifact {
        sha256: hexadecimal(&Sha256::digest(&wasm)),
        wasm,
        glue_js: read_text(out.join("countersign.js"))?,
        glue_d_ts: read_text(out.join("countersign.d.ts"))?,
        compiler: compiler.to_string(),
    };
    fs::remove_dir_all(&out).map_err(|source| BuildError::File { path: out, source })?;
    Ok(artifact)
}

/// Checks that `package` builds where there is no `std`, but only `core` and `alloc`.
///
/// # Errors
/// [`BuildError`] when it does not.
pub fn check_no_std(
    compiler: &Compiler,
    root: &Path,
    target_dir: &Path,
    package: &str,
) -> Result<(), BuildError> {
    let mut cargo = module_cargo(
        compiler,
        "check",
        "module",
        root,
        &target_dir.join("module"),
    )?;
    run(
        cargo.args(["--lib", "--package", package]),
        "checking without std",
    )
}

/// Runs clippy on the binder, which no other clippy sees: warnings are errors.
///
/// # Errors
/// [`BuildError`] when clippy finds something.
pub fn lint_binder(root: &Path, target_dir: &Path) -> Result<(), BuildError> {
    let mut cargo = binder_cargo("clippy", root, target_dir);
    run(cargo.args(["--", "-D", "warnings"]), "clippy of the binder")
}

/// The target directory for [`build`]: in the target directory that holds `inside`, a path that cargo
/// made, such as a build script's `OUT_DIR`. It is the same for every profile.
#[must_use]
pub fn target_dir(inside: &Path) -> PathBuf {
    let marks = [".rustc_info.json", "CACHEDIR.TAG"];
    let mut folders = inside.ancestors().skip(1);
    let root = folders.find(|folder| marks.iter().any(|mark| folder.join(mark).exists()));
    root.or(inside.parent())
        .unwrap_or(inside)
        .join("countersign-wasm")
}

fn module_cargo(
    compiler: &Compiler,
    verb: &str,
    profile: &str,
    root: &Path,
    target_dir: &Path,
) -> Result<Command, BuildError> {
    let mut map = vec![(root.to_owned(), "/countersign".to_owned())];
    map.push((target_dir.to_owned(), "/target".to_owned()));
    if let Some(home) = home() {
        let registries = home.join("registry/src");
        map.push((home, "/cargo".to_owned()));
        // The folder is named after the registry's address, which may be a mirror's.
        if registries.is_dir() {
            let failed = |source| BuildError::File {
                path: registries.clone(),
                source,
            };
            for registry in fs::read_dir(&registries).map_err(failed)? {
                map.push((registry.map_err(failed)?.path(), "/registry".to_owned()));
            }
        }
    }
    let mut cargo = cargo(root, verb, target_dir);
    cargo.args(["--profile", profile, "--target", TARGET]);
    compiler.apply(&mut cargo, map);
    Ok(cargo)
}

fn binder_cargo(verb: &str, root: &Path, target_dir: &Path) -> Command {
    let mut cargo = cargo(root, verb, &target_dir.join("binder"));
    cargo.args([
        "--profile",
        "binder",
        "--package",
        "countersign-wasm-build",
        "--features",
        "bind",
    ]);
    cargo.args(["--bin", "countersign-bind"]);
    cargo
}

fn run(command: &mut Command, step: &'static str) -> Result<(), BuildError> {
    finish(start(command)?, step)
}

fn start(command: &mut Command) -> Result<Child, BuildError> {
    let program = command.get_program().to_string_lossy().into_owned();
    command
        .spawn()
        .map_err(|source| BuildError::Start { program, source })
}

fn finish(mut child: Child, step: &'static str) -> Result<(), BuildError> {
    let ended = child.wait().is_ok_and(|status| status.success());
    ended.then_some(()).ok_or(BuildError::Step(step))
}

fn read(path: PathBuf) -> Result<Vec<u8>, BuildError> {
    fs::read(&path).map_err(|source| BuildError::File { path, source })
}

fn read_text(path: PathBuf) -> Result<String, BuildError> {
    fs::read_to_string(&path).map_err(|source| BuildError::File { path, source })
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
