//! Files that must outlive a crash.

use std::fs::File;
use std::io;
use std::path::Path;

/// Returns when the disk has what was written to a file, and on Unix its name too, should it be new.
pub(super) fn sync(file: &File, path: &Path) -> io::Result<()> {
    file.sync_all()?;
    if cfg!(unix) {
        let folder = path.parent().filter(|folder| *folder != Path::new(""));
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    Ok(())
}
