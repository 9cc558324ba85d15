//! Builds the module that the library embeds. It never installs anything.

use std::{env, error::Error, fs, path::Path, process};

use countersign_wasm_build::{CHOICE_VARIABLE, Compiler, NoCompiler, Variant, build, target_dir};

/// What the module is made of, from the workspace's root.
const SOURCES: [&str; 8] = [
    "Cargo.lock",
    "Cargo.toml",
    "core/Cargo.toml",
    "core/src",
    "wasm/Cargo.toml",
    "wasm/build/Cargo.toml",
    "wasm/build/src",
    "wasm/src",
];

fn main() {
    match embed() {
        Ok(()) => {}
        // The whole story in one line: cargo prints it and stops.
        Err(error) if error.is::<NoCompiler>() => println!("cargo::error={error}"),
        Err(error) => {
            println!("cargo::error={error}");
            process::exit(1);
        }
    }
}

fn embed() -> Result<(), Box<dyn Error>> {
    let package = env::var_os("CARGO_MANIFEST_DIR").ok_or("cargo gave no CARGO_MANIFEST_DIR")?;
    let root = Path::new(&package)
        .parent()
        .ok_or("the package stands outside its workspace")?;
    let out = env::var_os("OUT_DIR").ok_or("cargo gave no OUT_DIR")?;
    let out = Path::new(&out);
    println!("cargo::rerun-if-env-changed={CHOICE_VARIABLE}");
    for source in SOURCES {
        println!("cargo::rerun-if-changed={}", root.join(source).display());
    }

    let compiler = Compiler::find()?;
    println!("module compiled by {compiler}");
    let artifact = build(&compiler, root, &target_dir(out), Variant::Full)?;

    fs::write(out.join("countersign.wasm"), &artifact.wasm)?;
    fs::write(out.join("countersign.js"), &artifact.glue_js)?;
    fs::write(out.join("countersign.d.ts"), &artifact.glue_d_ts)?;
    fs::write(
        out.join("module.rs"),
        format!(
            r#"/// The module's bytes.
pub const WASM: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/countersign.wasm"));
/// The SHA-256 of [`WASM`], in lower-case hexadecimal.
pub const SHA256_HEX: &str = {:?};
/// The compiler that made [`WASM`], in one line: another compiler makes other bytes.
pub const COMPILER: &str = {:?};
"#,
            artifact.sha256, artifact.compiler,
        ),
    )?;
    Ok(())
}
