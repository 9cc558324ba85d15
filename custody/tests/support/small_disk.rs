//! A file system that is soon full.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

/// A small file system in memory, gone with this.
pub(crate) struct SmallDisk(TempDir);

impl SmallDisk {
    /// Of so many MiB. None, which is said, where nothing can be mounted: only root may.
    pub(crate) fn mount(size: u32) -> Option<SmallDisk> {
        let folder = tempfile::tempdir().unwrap();
        let tmpfs = ["-t", "tmpfs", "-o", &format!("size={size}m"), "tmpfs"];
        let mounted = Command::new("mount")
            .args(tmpfs)
            .arg(folder.path())
            .output();
        if mounted.is_ok_and(|output| output.status.success()) {
            return Some(SmallDisk(folder));
        }
        println!("skipped: no file system can be mounted here");
        None
    }

    pub(crate) fn remount(&self, access: &str) {
        let remounted = Command::new("mount")
            .args(["-o", &format!("remount,{access}")])
            .arg(self.0.path())
            .status();
        assert!(remounted.unwrap().success());
    }

    /// Takes all room that is left, by a file of somebody else.
    pub(crate) fn fill(&self) {
        let mut options = OpenOptions::new();
        let mut file = options
            .append(true)
            .create(true)
            .open(self.filling())
            .unwrap();
        while file.write_all(&[0; 4096]).is_ok() {}
    }

    /// Gives it back.
    pub(crate) fn clear(&self) {
        fs::remove_file(self.filling()).unwrap();
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    fn filling(&self) -> std::path::PathBuf {
        self.0.path().join("filling")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}
