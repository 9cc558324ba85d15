//! Pages of memory for secrets alone.

use std::io;
use std::mem;
use std::sync::{Mutex, PoisonError};

use memmap2::MmapMut;
use zeroize::Zeroize as _;

/// The size of what is used again: a page, on most systems.
const SMALL: usize = 4096;

/// Mapping, locking and unmapping a page takes far longer than opening a secret: some are kept for the
/// next one, wiped and locked as they are.
const KEPT: usize = 64;

static FREE: Mutex<Vec<Mapping>> = Mutex::new(Vec::new());

/// Whole pages, so that none is unlocked because a neighbour's secret went away; wiped when dropped.
pub(crate) struct Pages(Option<Mapping>);

struct Mapping {
    bytes: MmapMut,
    locked: bool,
}

impl Pages {
    /// Zeroed pages for so many bytes at least.
    pub(crate) fn take(length: usize) -> io::Result<Self> {
        if length <= SMALL {
            let kept = FREE.lock().unwrap_or_else(PoisonError::into_inner).pop();
            if kept.is_some() {
                return Ok(Pages(kept));
            }
        }
        let bytes = MmapMut::map_anon(length.max(SMALL))?;
        let locked = protect(&bytes);
        Ok(Pages(Some(Mapping { bytes, locked })))
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.0.as_ref().map_or(&[], |mapping| &mapping.bytes)
    }

    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        self.0
            .as_mut()
            .map_or(&mut [], |mapping| &mut mapping.bytes)
    }

    pub(crate) fn are_locked(&self) -> bool {
        self.0.as_ref().is_some_and(|mapping| mapping.locked)
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        self.bytes_mut().zeroize();
        let Some(mapping) = mem::take(&mut self.0) else {
            return;
        };
        // One that couldn't be locked isn't kept: the next may be.
        if mapping.bytes.len() == SMALL && mapping.locked {
            let mut free = FREE.lock().unwrap_or_else(PoisonError::into_inner);
            if free.len() < KEPT {
                free.push(mapping);
            }
        }
    }
}

/// Keeps the pages out of swap and of core dumps; true if out of swap. Without leave to do so there is
/// nothing better to do than to go on.
fn protect(pages: &MmapMut) -> bool {
    #[cfg(target_os = "linux")]
    let _ = pages.advise(memmap2::Advice::DontDump);
    #[cfg(unix)]
    return pages.lock().is_ok();
    #[cfg(not(unix))]
    return false;
}
