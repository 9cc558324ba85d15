use core::fmt;
use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use crate::cargo::rustc;

/// The environment variable that forces one way: `toolchain`, `rustup` or `debian`.
pub const CHOICE_VARIABLE: &str = "COUNTERSIGN_WASM_COMPILER";

pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN_LIBRARY: &str = "/usr/lib/rustlib/src/rust/library";
const DEBIAN_PACKAGES: [&str; 2] = ["rustc-web", "rust-web-src"];

/// A Rust compiler that can make the module. Its `Display` is one line: which, and from where.
#[derive(Clone, Debug)]
pub struct Compiler {
    pub(crate) source: Source,
    version: String,
}

#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// The active toolchain, which has the target's library.
    Toolchain { sysroot: PathBuf },
    /// Debian's packaged compiler, which builds `core` and `alloc` from the packaged source and
    /// links with the active toolchain's linker.
    Debian { linker: PathBuf },
}

impl Compiler {
    /// Finds a compiler on this machine, and changes nothing. It looks for the active toolchain's
    /// own target first, then for Debian's packages; [`CHOICE_VARIABLE`] forces one.
    ///
    /// # Errors
    /// [`NoCompiler`], which names `cargo xtask setup`.
    pub fn find() -> Result<Self, NoCompiler> {
        Self::look(Choice::from_environment()?).ok_or_else(|| {
            NoCompiler(format!(
                "no compiler for {TARGET} on this machine: run `cargo xtask setup`"
            ))
        })
    }

    /// Whether it builds the standard library too, and so for size, rather than taking one that is
    /// built for speed and carries its panic messages.
    #[must_use]
    pub fn builds_library(&self) -> bool {
        matches!(self.source, Source::Debian { .. })
    }

    /// Finds a compiler, or installs one: with rustup, unless `RUSTUP_AUTO_INSTALL=0` forbids it;
    /// else with apt-get, on a Debian-like machine, as root.
    ///
    /// # Errors
    /// [`NoCompiler`], which names the command to type.
    pub fn install() -> Result<Self, NoCompiler> {
        let choice = Choice::from_environment()?;
        if let Some(found) = Self::look(choice) {
            return Ok(found);
        }
        let add_target = ["target", "add", TARGET];
        if choice.allows(Choice::Rustup) && rustup_may_install() && runs("rustup", &add_target) {
            return Self::look(choice).ok_or_else(|| NoCompiler::hint("rustup", &add_target));
        }
        let packages = [
            &["install", "-y", "--no-install-recommends"],
            &DEBIAN_PACKAGES[..],
        ]
        .concat();
        if choice.allows(Choice::Debian) && is_debian() {
            if is_root()
                && runs("apt-get", &["update"])
                && runs("apt-get", &packages)
                && let Some(installed) = Self::look(choice)
            {
                return Ok(installed);
            }
            return Err(NoCompiler::hint("apt-get", &packages));
        }
        Err(NoCompiler::hint("rustup", &add_target))
    }

    fn look(choice: Choice) -> Option<Self> {
        let toolchain = choice.allows(Choice::Toolchain) || choice.allows(Choice::Rustup);
        let debian = choice.allows(Choice::Debian);
        let found = toolchain.then(Self::of_toolchain).flatten();
        found.or_else(|| debian.then(Self::of_debian).flatten())
    }

    fn of_toolchain() -> Option<Self> {
        let library = answer(rustc(), &["--print", "target-libdir", "--target", TARGET])?;
        let sysroot = answer(rustc(), &["--print", "sysroot"])?;
        let version = answer(rustc(), &["--version"])?;
        let source = Source::Toolchain {
            sysroot: sysroot.into(),
        };
        Path::new(&library)
            .is_dir()
            .then_some(Self { source, version })
    }

    fn of_debian() -> Option<Self> {
        let version = answer(Command::new(DEBIAN_RUSTC), &["--version"])?;
        let recent =
            release(&version)? >= release(concat!("rustc ", env!("CARGO_PKG_RUST_VERSION")))?;
        let linker = Path::new(&answer(rustc(), &["--print", "target-libdir"])?)
            .with_file_name("bin/rust-lld");
        let usable = recent && Path::new(DEBIAN_LIBRARY).is_dir() && linker.is_file();
        usable.then_some(Self {
            source: Source::Debian { linker },
            version,
        })
    }

    /// Sets the compiler up in `cargo`, a command that builds for the target. `map` holds the paths
    /// to hide, each with its stand-in.
    pub(crate) fn apply(&self, cargo: &mut Command, mut map: Vec<(PathBuf, String)>) {
        // Without reference types wasm-bindgen needs no table of JavaScript values, and so no import
        // that fills it.
        // Little inlining: core at `opt-level = 2` is then as small as at `s` with LLVM's own
        // threshold, and faster.
        let mut flags = vec![
            "-Ctarget-feature=+simd128,-reference-types".to_owned(),
            "-Cllvm-args=-inline-threshold=40".to_owned(),
        ];
        match &self.source {
            Source::Toolchain { sysroot } => {
                map.push((sysroot.join("lib/rustlib/src/rust"), "/rust".into()));
            }
            Source::Debian { linker } => {
                map.push(("/usr/lib/rustlib/src/rust".into(), "/rust".into()));
                cargo.arg("-Zbuild-std=core,alloc,panic_abort");
                // What building the library ourselves is good for: sorting and formatting that are
                // small, and a panic that is a trap and no message. 14 % of the module.
                cargo.arg("-Zbuild-std-features=optimize_for_size");
                flags.extend(["-Zunstable-options", "-Cpanic=immediate-abort"].map(str::to_owned));
                cargo.env("RUSTC", DEBIAN_RUSTC).env("RUSTC_BOOTSTRAP", "1");
                cargo.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
                cargo.env_remove("LD_LIBRARY_PATH");
            }
        }
        flags.extend(
            map.iter()
                .map(|(from, to)| format!("--remap-path-prefix={}={to}", from.display())),
        );
        cargo.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"));
    }
}

impl fmt::Display for Compiler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Debian adds how it was packaged: `rustc 1.96.0 (ac68faa20 2026-05-25) (built from ...)`.
        let version = self.version.split(" (built").next().unwrap_or_default();
        let source = match self.source {
            Source::Toolchain { .. } => "the active toolchain",
            Source::Debian { .. } => "Debian's package, with core and alloc built from source",
        };
        write!(f, "{version}, {source}")
    }
}

/// Says what to type so that there is a compiler for the module.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct NoCompiler(String);

impl NoCompiler {
    fn hint(program: &str, arguments: &[&str]) -> Self {
        Self(format!(
            "no compiler for {TARGET}: type `{program} {}`",
            arguments.join(" ")
        ))
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Choice {
    Any,
    Toolchain,
    Rustup,
    Debian,
}

impl Choice {
    fn from_environment() -> Result<Self, NoCompiler> {
        match env::var(CHOICE_VARIABLE).as_deref() {
            Err(_) | Ok("") => Ok(Self::Any),
            Ok("toolchain") => Ok(Self::Toolchain),
            Ok("rustup") => Ok(Self::Rustup),
            Ok("debian") => Ok(Self::Debian),
            Ok(other) => Err(NoCompiler(format!(
                "{CHOICE_VARIABLE} is `{other}`: set it to toolchain, rustup or debian, or run `cargo xtask setup` without it"
            ))),
        }
    }

    fn allows(self, way: Self) -> bool {
        self == Self::Any || self == way
    }
}

fn rustup_may_install() -> bool {
    env::var("RUSTUP_AUTO_INSTALL").as_deref() != Ok("0")
}

fn is_debian() -> bool {
    Path::new("/etc/debian_version").exists()
}

fn is_root() -> bool {
    answer(Command::new("id"), &["-u"]).as_deref() == Some("0")
}

fn runs(program: &str, arguments: &[&str]) -> bool {
    Command::new(program)
        .args(arguments)
        .status()
        .is_ok_and(|status| status.success())
}

fn answer(mut command: Command, arguments: &[&str]) -> Option<String> {
    let output = command
        .args(arguments)
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}

/// The two first numbers of `rustc 1.96.0 (...)`.
fn release(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version.split([' ', '.']).skip(1).map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}
