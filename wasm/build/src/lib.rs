//! Finds a compiler for the module, builds it, and makes its JavaScript glue.
//!
//! Both the host's build script and `cargo xtask` call [`build`]. It runs two cargos of its own, in
//! a target directory of their own ([`target_dir`]): one compiles `countersign-wasm` to
//! `wasm32-unknown-unknown`; the other compiles the binder (`countersign-bind`), which wraps the
//! library behind the `wasm-bindgen` command. Built that way the binder is compiled once for every
//! profile of the caller, and the caller links none of it.
//!
//! The bytes depend on the compiler, so an [`Artifact`] names it beside its hash. They do not depend
//! on the folder: every path that could enter the module is mapped to a fixed one.

mod cargo;
mod compiler;
mod module;
mod variant;

pub use compiler::{CHOICE_VARIABLE, Compiler, NoCompiler};
pub use module::{
    Artifact, BuildError, bind, build, build_signer, check_no_std, compile, lint_binder, target_dir,
};
pub use variant::Variant;
