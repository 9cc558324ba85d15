//! Native code without the processor's SHA instructions, as WebAssembly has none: built anew, and
//! measured in a child that takes its turns with the others.

use core::time::Duration;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use countersign_bench::{Contender, Task};
use countersign_conformance::vectors::root;
use tempfile::NamedTempFile;

/// The child.
pub(crate) struct Soft {
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
    _bundle: NamedTempFile,
}

impl Soft {
    pub(crate) fn start(bundle: &[u8]) -> Result<Self> {
        let file = NamedTempFile::new()?;
        std::fs::write(file.path(), bundle)?;
        let mut child = Command::new(build()?)
            .arg(file.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        Ok(Soft {
            questions: child.stdin.take().context("the child has no stdin")?,
            answers: BufReader::new(child.stdout.take().context("the child has no stdout")?),
            child,
            _bundle: file,
        })
    }
}

impl Contender for Soft {
    fn time(&mut self, task: Task, times: u32) -> Result<Duration> {
        writeln!(self.questions, "{} {times}", task.as_str())?;
        self.questions.flush()?;
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        Ok(Duration::from_nanos(
            line.trim().parse().context("the child gave no number")?,
        ))
    }
}

impl Drop for Soft {
    fn drop(&mut self) {
        // It may have ended already; then there is nobody to stop.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn build() -> Result<std::path::PathBuf> {
    let own = std::env::current_exe()?;
    let target = own
        .ancestors()
        .nth(2)
        .map_or_else(|| root().join("target"), Path::to_path_buf)
        .join("soft");
    let status = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args([
            "build",
            "--quiet",
            "--release",
            "--package",
            "countersign-bench",
            "--bin",
            "answer",
        ])
        .arg("--target-dir")
        .arg(&target)
        .env("RUSTFLAGS", "--cfg sha2_backend=\"soft\"")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .current_dir(root())
        .status()?;
    ensure!(
        status.success(),
        "native code without SHA instructions can't be built"
    );
    Ok(target
        .join("release")
        .join(format!("answer{}", std::env::consts::EXE_SUFFIX)))
}
