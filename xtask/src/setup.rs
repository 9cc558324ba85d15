//! `cargo xtask setup`: what the machine needs, one line for each.

use std::{fs, io, path::Path};

use anyhow::Result;
use countersign_wasm_build::Compiler;

use crate::workspace::{answer, on_path, program, root, run};

/// The folders that may hold an npm package with a lock file.
const NPM_PACKAGES: [&str; 3] = ["wasm/js", "tests", "tests/interop"];

/// The names of a browser that the tests can drive.
const BROWSERS: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
];

/// Prepares this machine. Only the compiler is indispensable: what else is missing is reported, and
/// skipped.
pub(crate) fn setup() -> Result<()> {
    match Compiler::find() {
        Ok(compiler) => println!("module compiler: found {compiler}"),
        Err(_) => println!("module compiler: installed {}", Compiler::install()?),
    }
    for folder in NPM_PACKAGES {
        println!("npm packages of {folder}: {}", npm(folder)?);
    }
    println!("browser: {}", browser());
    println!("solver: {}", package_of("cvc5", "cvc5"));
    println!("token: {}", package_of("softhsm2-util", "softhsm2"));
    println!("time stamps: {}", package_of("openssl", "openssl"));
    println!("recipient: {}", package_of("age", "age"));
    println!("database: {}", database());
    Ok(())
}

/// Installs what a package's lock file names, unless it was done; says what came of it.
pub(crate) fn npm(folder: &str) -> Result<&'static str> {
    let package = root().join(folder);
    let lock = package.join("package-lock.json");
    if !lock.exists() {
        return Ok("none to install");
    }
    if on_path("npm").is_none() {
        return Ok("skipped: there is no npm on this machine");
    }
    if is_newer(&package.join("node_modules/.package-lock.json"), &lock) {
        return Ok("found");
    }
    run(program("npm")
        .args(["ci", "--no-audit", "--no-fund", "--loglevel=error"])
        // What a verb prints may be for a program.
        .stdout(io::stderr())
        .current_dir(package))?;
    Ok("installed")
}

fn browser() -> String {
    if let Some(found) = BROWSERS.iter().find_map(|name| on_path(name)) {
        return format!("found {}", found.display());
    }
    debian_package("chromium")
}

/// A program that the tests run, and the Debian package that has it.
fn package_of(name: &str, package: &str) -> String {
    match on_path(name) {
        Some(found) => format!("found {}", found.display()),
        None => debian_package(package),
    }
}

/// The tests of the store start one of their own: the system's isn't started.
fn database() -> String {
    let folder = Path::new("/usr/lib/postgresql");
    if folder.is_dir() {
        return format!("found {}", folder.display());
    }
    // Debian's package would make a cluster and start it.
    let common = debian_package("postgresql-common");
    let config = "/etc/postgresql-common/createcluster.conf";
    if !common.starts_with("installed") {
        return common;
    }
    if let Err(error) = fs::write(config, "create_main_cluster = false\nstart_conf = manual\n") {
        return format!("skipped: {config}: {error}");
    }
    debian_package("postgresql")
}

/// Installs a package that isn't on this machine, or says why not.
fn debian_package(name: &str) -> String {
    let install = ["install", "-y", "--no-install-recommends", name];
    if on_path("apt-get").is_none() {
        return format!("skipped: no {name} in PATH, and no apt-get to install it");
    }
    if answer(program("id").arg("-u")).ok().as_deref() != Some("0") {
        return format!(
            "skipped: no {name} in PATH; type `sudo apt-get {}`",
            install.join(" ")
        );
    }
    let installed = run(program("apt-get").args(["update", "-qq"]))
        .and_then(|()| run(program("apt-get").args(install)));
    match installed {
        Ok(()) => format!("installed {name}"),
        Err(error) => format!("skipped: {error:#}"),
    }
}

fn is_newer(file: &Path, than: &Path) -> bool {
    let time = |path| fs::metadata(path).and_then(|data| data.modified()).ok();
    time(file).is_some_and(|file| Some(file) >= time(than))
}
