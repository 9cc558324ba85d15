use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// A cargo that knows nothing of the one around it but where its registry and its job slots are.
///
/// A build script inherits flags, wrappers, a target directory and a package's metadata from the
/// cargo that runs it: none of them may leak into the module.
pub(crate) fn cargo(root: &Path, verb: &str, target_dir: &Path) -> Command {
    let program = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    for (name, _) in env::vars_os() {
        if leaks(&name) {
            command.env_remove(&name);
        }
    }
    command
        .args([verb, "--locked", "--target-dir"])
        .arg(target_dir);
    command
        .current_dir(root)
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    command
}

/// The active toolchain's compiler: the one cargo names, or the first in `PATH`.
pub(crate) fn rustc() -> Command {
    Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
}

/// Where cargo keeps what it fetched: `CARGO_HOME`, or `.cargo` in the home directory.
pub(crate) fn home() -> Option<PathBuf> {
    let set = env::var_os("CARGO_HOME").map(PathBuf::from);
    set.or_else(|| env::home_dir().map(|home| home.join(".cargo")))
}

fn leaks(name: &OsString) -> bool {
    let Some(name) = name.to_str() else {
        return false;
    };
    let kept = ["CARGO_HOME", "CARGO_MAKEFLAGS"].contains(&name)
        || [
            "CARGO_HTTP_",
            "CARGO_NET_",
            "CARGO_REGISTR",
            "CARGO_SOURCE_",
            "CARGO_TERM_",
        ]
        .iter()
        .any(|family| name.starts_with(family));
    let flags = [
        "CLIPPY_ARGS",
        "OUT_DIR",
        "PROFILE",
        "OPT_LEVEL",
        "DEBUG",
        "HOST",
        "TARGET",
        "NUM_JOBS",
        "RUSTC_BOOTSTRAP",
        "RUSTC_LINKER",
        "RUSTC_WRAPPER",
        "RUSTC_WORKSPACE_WRAPPER",
        "RUSTDOCFLAGS",
        "RUSTFLAGS",
    ];
    (name.starts_with("CARGO") && !kept) || name.starts_with("DEP_") || flags.contains(&name)
}
