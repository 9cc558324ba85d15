//! Measures as the benchmark's child: `answer BUNDLE` reads lines `TASK TIMES` and answers each with
//! the nanoseconds that it took.

use std::io::{BufRead as _, Write as _};

use anyhow::{Context as _, Result};
use countersign_bench::{Contender as _, Native, Task};

fn main() -> Result<()> {
    let path = std::env::args_os().nth(1).context("usage: answer BUNDLE")?;
    let mut native = Native::new(&std::fs::read(path)?)?;
    let mut out = std::io::stdout();
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let (task, times) = line.split_once(' ').context("a line is `TASK TIMES`")?;
        let task = Task::parse(task).context("an unknown task")?;
        let took = native.time(task, times.parse()?)?;
        writeln!(out, "{}", took.as_nanos())?;
        out.flush()?;
    }
    Ok(())
}
