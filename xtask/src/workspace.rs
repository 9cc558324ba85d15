//! Where things are, and how programs are run.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};

/// The workspace's root.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap_or(Path::new("."))
}

/// Where the module is built: the folder that the host's build script uses too.
pub(crate) fn module_target_dir() -> Result<PathBuf> {
    let program = env::current_exe().context("cannot find this program's own file")?;
    Ok(countersign_wasm_build::target_dir(&program))
}

/// Where `cargo xtask build` puts the module and its glue for the npm package.
pub(crate) fn generated() -> PathBuf {
    root().join("wasm/js/generated")
}

/// A cargo in the workspace's root, without what the cargo that runs us says of our own package:
/// build scripts that watch those variables would run again.
pub(crate) fn cargo() -> Command {
    let mut command = program(&env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()));
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(|name| {
            name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
        }) {
            command.env_remove(name);
        }
    }
    command
}

/// A program in the workspace's root.
pub(crate) fn program(name: &str) -> Command {
    let mut command = Command::new(name);
    command.current_dir(root());
    command
}

/// Runs a command to its end.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let line = line(command);
    let status = command
        .status()
        .with_context(|| format!("cannot start `{line}`"))?;
    ensure!(status.success(), "`{line}` failed with {status}");
    Ok(())
}

/// Runs a package's program, optimised. `program` is the package, and what else tells cargo which.
pub(crate) fn run_optimised(program: &[&str], arguments: &[String]) -> Result<()> {
    run(&mut optimised(program, arguments))
}

/// The command that runs it.
pub(crate) fn optimised(program: &[&str], arguments: &[String]) -> Command {
    let mut command = cargo();
    command
        .args(["run", "--release", "--package"])
        .args(program)
        .arg("--")
        .args(arguments);
    command
}

/// Runs a command and gives what it prints; what it says on stderr is dropped.
pub(crate) fn answer(command: &mut Command) -> Result<String> {
    let line = line(command);
    let output = command
        .output()
        .with_context(|| format!("cannot start `{line}`"))?;
    ensure!(
        output.status.success(),
        "`{line}` failed with {}",
        output.status
    );
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

/// Whether `PATH` has the program.
pub(crate) fn on_path(name: &str) -> Option<PathBuf> {
    let folders = env::var_os("PATH")?;
    env::split_paths(&folders)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

fn line(command: &Command) -> String {
    let program = Path::new(command.get_program())
        .file_name()
        .unwrap_or_default()
        .to_string_lossy();
    let arguments = command
        .get_args()
        .map(|argument| argument.to_string_lossy());
    [program]
        .into_iter()
        .chain(arguments)
        .collect::<Vec<_>>()
        .join(" ")
}
