//! A root in a file.

use std::path::Path;

use super::super::{VaultError, cipher};
use crate::{Secret, entropy};

/// 32 random bytes in a file that only its owner can read.
#[derive(Debug)]
pub struct KeyFile(Secret);

impl KeyFile {
    /// Makes the file, of mode 0600, where there is none yet.
    ///
    /// # Errors
    /// `key_file_failed`, also if there is something of this name; `entropy_unavailable`.
    pub fn create(path: &Path) -> Result<Self, VaultError> {
        let key = entropy::random_secret(cipher::KEY_BYTES)?;
        file::create(path, key.reveal())?;
        Ok(KeyFile(key))
    }

    /// Reads the file, if nobody else could have.
    ///
    /// # Errors
    /// `key_file_unsafe` if it is a symbolic link or no file, belongs to another user, is open to its group
    /// or to others, or hasn't 32 bytes; `key_file_failed`.
    pub fn open(path: &Path) -> Result<Self, VaultError> {
        file::read(path).map(KeyFile)
    }

    pub(super) fn key(&self) -> &Secret {
        &self.0
    }
}

#[cfg(unix)]
mod file {
    use std::fs::{self, File, Metadata, OpenOptions};
    use std::io::{self, Read as _, Write as _};
    use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
    use std::path::Path;

    use rustix::fs::OFlags;

    use super::super::super::{VaultError, cipher};
    use crate::Secret;

    pub(super) fn create(path: &Path, key: &[u8]) -> Result<(), VaultError> {
        // `create_new` is O_EXCL: it follows no symbolic link, and replaces nothing.
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        let mut file = options.open(path).map_err(failed)?;
        let written = file.write_all(key).and_then(|()| file.sync_all());
        let kept = written.and_then(|()| sync_folder(path));
        kept.map_err(|error| {
            // A part of a key is worth nothing; that it stays there would be the lesser failure.
            let _ = fs::remove_file(path);
            failed(error)
        })
    }

    pub(super) fn read(path: &Path) -> Result<Secret, VaultError> {
        let unsafe_file = |why| Err(VaultError::KeyFileUnsafe(why));
        // A pipe must not keep us waiting.
        let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits();
        let Ok(flags) = i32::try_from(flags) else {
            return Err(VaultError::Primitive("open(2) takes no such flags"));
        };
        let opened = OpenOptions::new().read(true).custom_flags(flags).open(path);
        let mut file = match opened {
            Ok(file) => file,
            Err(_) if is_symlink(path) => return unsafe_file("it is a symbolic link"),
            Err(error) => return Err(failed(error)),
        };
        // What was opened is what is checked: the name may lead elsewhere by now.
        let found = file.metadata().map_err(failed)?;
        if let Some(why) = distrust(&found) {
            return unsafe_file(why);
        }
        Secret::try_filled(cipher::KEY_BYTES, |to| file.read_exact(to)).map_err(failed)
    }

    fn distrust(found: &Metadata) -> Option<&'static str> {
        if !found.is_file() {
            Some("it is not a regular file")
        } else if found.uid() != rustix::process::geteuid().as_raw() {
            Some("it belongs to another user")
        } else if found.mode() & 0o077 != 0 {
            Some("its group or others may use it; `chmod 600` it, and make a new one if they did")
        } else if found.len() != cipher::KEY_BYTES as u64 {
            Some("it doesn't have 32 bytes")
        } else {
            None
        }
    }

    fn is_symlink(path: &Path) -> bool {
        fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink())
    }

    /// So that the name outlives a power cut, as the bytes do.
    fn sync_folder(path: &Path) -> io::Result<()> {
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
    }

    #[expect(clippy::needless_pass_by_value, reason = "the shape of `map_err`")]
    fn failed(error: io::Error) -> VaultError {
        VaultError::KeyFileFailed(error.to_string())
    }
}

#[cfg(not(unix))]
mod file {
    use std::path::Path;

    use super::super::super::VaultError;
    use crate::Secret;

    const WHY: VaultError =
        VaultError::KeyFileUnsafe("who may read a file isn't known on this system");

    pub(super) fn create(_: &Path, _: &[u8]) -> Result<(), VaultError> {
        Err(WHY)
    }

    pub(super) fn read(_: &Path) -> Result<Secret, VaultError> {
        Err(WHY)
    }
}
