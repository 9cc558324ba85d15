//! Binds the module: `countersign-bind IN.wasm OUT_DIR` writes `countersign_bg.wasm`,
//! `countersign.js` and `countersign.d.ts`.
//!
//! What it writes imports nothing. wasm-bindgen asks a JavaScript host for one function, which throws
//! when a handle is used after it was freed; other hosts have no such function. Here that is a trap,
//! as every broken promise inside the module is. Any other import is an error.

use std::{env, error::Error, process::ExitCode};

use wasm_bindgen_cli_support::Bindgen;

const THROW: &str = "__wbg___wbindgen_throw_";

fn main() -> ExitCode {
    match bind() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: cannot bind the module: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn bind() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = env::args_os().skip(1).collect();
    let [input, out] = arguments.as_slice() else {
        return Err("two arguments: IN.wasm OUT_DIR".into());
    };
    let mut bindgen = Bindgen::new();
    bindgen
        .input_path(input)
        .out_name("countersign")
        .web(true)?
        .typescript(true);
    bindgen
        .remove_name_section(true)
        .remove_producers_section(true);
    let mut output = bindgen.generate_output()?;

    let module = output.wasm_mut();
    let imports: Vec<_> = module
        .imports
        .iter()
        .map(|import| (import.module.clone(), import.name.clone()))
        .collect();
    for (from, name) in imports {
        if !name.starts_with(THROW) {
            return Err(format!("it imports `{name}`, which only JavaScript has").into());
        }
        let throw = module.imports.get_func(&from, &name)?;
        module.replace_imported_func(throw, |(body, _)| {
            body.unreachable();
        })?;
    }
    Ok(output.emit(out)?)
}
