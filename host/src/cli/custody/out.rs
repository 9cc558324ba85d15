//! A file that is written when all else is done, and isn't there if that fails.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;

use super::Failure;

pub(super) struct Out<'a> {
    path: &'a Path,
    file: File,
}

impl<'a> Out<'a> {
    /// Makes the file, which must not exist yet.
    pub(super) fn new(path: &'a Path) -> Result<Self, Failure> {
        Self::open(path, &mut OpenOptions::new())
    }

    /// The same, for its owner alone.
    pub(super) fn private(path: &'a Path) -> Result<Self, Failure> {
        let mut options = OpenOptions::new();
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        Self::open(path, &mut options)
    }

    fn open(path: &'a Path, options: &mut OpenOptions) -> Result<Self, Failure> {
        let file = options.write(true).create_new(true).open(path);
        let file = file.map_err(|error| Failure::file(path, &error))?;
        Ok(Out { path, file })
    }

    /// Writes it.
    pub(super) fn put(mut self, bytes: &[u8]) -> Result<(), Failure> {
        let written = self.file.write_all(bytes);
        let written = written.and_then(|()| self.file.sync_all());
        written.map_err(|error| Failure::file(self.path, &error))
    }

    /// Writes what was made, if a file is wanted; takes it away again if nothing was.
    pub(super) fn settle<T>(
        out: Option<Self>,
        made: Result<T, Failure>,
        bytes: impl Fn(&T) -> &[u8],
    ) -> Result<T, Failure> {
        match (out, &made) {
            (Some(out), Ok(made)) => out.put(bytes(made))?,
            (Some(out), Err(_)) => out.discard(),
            (None, _) => {}
        }
        made
    }

    /// Takes it away again, since there is nothing to write.
    fn discard(self) {
        // That an empty file stays, where it can't be removed, harms nothing.
        let _ = std::fs::remove_file(self.path);
    }
}
