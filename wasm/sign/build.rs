//! Compiles core's rows ahead, so that the module needs no reader of them.

use std::{env, error::Error, fs, path::Path};

use countersign_core::scheme::Scheme;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    // What the deepest JSON takes is a tenth of it, and each instance has one.
    if env::var("CARGO_CFG_TARGET_ARCH").is_ok_and(|name| name == "wasm32") {
        println!("cargo::rustc-link-arg-cdylib=-zstack-size=32768");
        println!("cargo::rustc-link-arg-cdylib=--compress-relocations");
    }
    let mut programs = Vec::new();
    for name in Scheme::all() {
        if let Some(program) = Scheme::named(name)?.program() {
            programs.extend_from_slice(name.as_bytes());
            programs.push(0);
            programs.extend_from_slice(&u16::try_from(program.len())?.to_le_bytes());
            programs.extend_from_slice(&program);
        }
    }
    let out = env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?;
    fs::write(Path::new(&out).join("programs"), programs)?;
    Ok(())
}
