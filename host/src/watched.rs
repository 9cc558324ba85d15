//! A bundle file that may be replaced while it is in use.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use countersign_core::Publishers;
use countersign_core::policy::{Bundle, BundleError};

/// No bundle of more bytes than this is read.
const LIMIT: u64 = 256 << 20;
/// A file that was changed this shortly before it was read may change again within one tick of the
/// file system's clock.
const TICK: Duration = Duration::from_secs(2);

/// A bundle file that is looked at again and again.
///
/// A new file that loads replaces the old bundle for those who ask from then on; one that doesn't,
/// or is gone, leaves the old one in use, and [`last_error`](Self::last_error) says why. What somebody
/// holds never changes under their hands.
///
/// [`WatchedBundle::signed`] takes only what a publisher signed, and nothing older than it took before.
///
/// ```no_run
/// # use std::{sync::Arc, time::Duration};
/// # use countersign::{Reload, WatchedBundle};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let watched = Arc::new(WatchedBundle::open("policy.bundle")?);
/// let _watching = watched.watch(Duration::from_secs(1), |reload| {
///     if let Reload::Kept(error) = reload {
///         eprintln!("{}: {error}", error.code());
///     }
/// })?;
/// let bytes = watched.current().bytes().to_vec(); // for `Instance::bundle`
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct WatchedBundle {
    path: PathBuf,
    current: RwLock<Arc<LoadedBundle>>,
    seen: Mutex<Seen>,
    /// Who may publish; anybody, if nobody is named.
    publishers: Option<Mutex<Publishers>>,
}

/// A bundle as it was loaded.
#[derive(Debug)]
pub struct LoadedBundle {
    bytes: Vec<u8>,
    bundle: Bundle,
}

/// What a look at the file came to.
#[derive(Clone, Debug)]
pub enum Reload {
    /// The file is as it was at the last look.
    Unchanged,
    /// The file has another bundle, which is in use now.
    Replaced(Arc<LoadedBundle>),
    /// The file has no bundle that could be used; the old one still is.
    Kept(Arc<WatchError>),
}

/// Why a bundle file can't be used.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// It can't be read.
    #[error("{}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It isn't a bundle that loads.
    #[error("{}: {source}", path.display())]
    Refused {
        /// The file.
        path: PathBuf,
        /// Why.
        source: BundleError,
    },
}

/// What is known of the file from the last look.
#[derive(Debug)]
struct Seen {
    /// `None`: there was no file.
    stamp: Option<Stamp>,
    /// Whether a later change can't leave the stamp as it is.
    is_settled: bool,
    error: Option<Arc<WatchError>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    modified: SystemTime,
    length: u64,
}

impl WatchedBundle {
    /// Loads the bundle at `path`.
    ///
    /// # Errors
    /// There is no old bundle to go on with, so the file must be one that loads.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, WatchError> {
        Self::with(path.into(), None)
    }

    /// Loads the bundle at `path`, which one of `publishers` must have signed, as each that replaces
    /// it.
    ///
    /// # Errors
    /// Those of [`WatchedBundle::open`], and of [`Publishers::load`].
    pub fn signed(path: impl Into<PathBuf>, publishers: Publishers) -> Result<Self, WatchError> {
        Self::with(path.into(), Some(Mutex::new(publishers)))
    }

    /// Trusts other publishers from the next change on; the versions taken stay known. Of one that
    /// was opened without publishers it gives them back, for there is nothing to replace.
    ///
    /// # Errors
    /// `publishers`, if this was opened without.
    pub fn replace_publishers(&self, publishers: Publishers) -> Result<(), Publishers> {
        match &self.publishers {
            Some(pinned) => {
                let mut pinned = pinned.lock().unwrap_or_else(PoisonError::into_inner);
                pinned.replace(publishers);
                Ok(())
            }
            None => Err(publishers),
        }
    }

    fn with(path: PathBuf, publishers: Option<Mutex<Publishers>>) -> Result<Self, WatchError> {
        let stamp = stamp(&path);
        let loaded = load(&path, read(&path)?, publishers.as_ref())?;
        Ok(Self {
            publishers,
            path,
            current: RwLock::new(Arc::new(loaded)),
            seen: Mutex::new(Seen {
                stamp,
                is_settled: stamp.is_some_and(Stamp::is_settled),
                error: None,
            }),
        })
    }

    /// The bundle in use.
    #[must_use]
    pub fn current(&self) -> Arc<LoadedBundle> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Why the file of the last look isn't in use; `None` if it is.
    #[must_use]
    pub fn last_error(&self) -> Option<Arc<WatchError>> {
        self.seen().error.clone()
    }

    /// Looks at the file, and takes it into use if it has changed and loads.
    pub fn poll(&self) -> Reload {
        let mut seen = self.seen();
        let stamp = stamp(&self.path);
        let is_same = stamp == seen.stamp;
        if is_same && seen.is_settled {
            return Reload::Unchanged;
        }
        seen.stamp = stamp;
        seen.is_settled = stamp.is_some_and(Stamp::is_settled);
        let outcome = read(&self.path).and_then(|bytes| {
            if bytes == self.current().bytes {
                return Ok(None);
            }
            load(&self.path, bytes, self.publishers.as_ref()).map(Some)
        });
        match outcome {
            Ok(None) => {
                seen.error = None;
                Reload::Unchanged
            }
            Ok(Some(loaded)) => {
                let loaded = Arc::new(loaded);
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&loaded);
                seen.error = None;
                Reload::Replaced(loaded)
            }
            // Said already.
            Err(_) if is_same && seen.error.is_some() => Reload::Unchanged,
            Err(error) => {
                let error = Arc::new(error);
                seen.error = Some(Arc::clone(&error));
                Reload::Kept(error)
            }
        }
    }

    /// Polls from a thread of its own, and reports what isn't [`Reload::Unchanged`]. It ends when
    /// what this returns is dropped.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn watch(
        self: &Arc<Self>,
        interval: Duration,
        mut report: impl FnMut(&Reload) + Send + 'static,
    ) -> std::io::Result<Watching> {
        let watched = Arc::clone(self);
        let (stop, stopped) = mpsc::channel();
        let builder = std::thread::Builder::new().name("countersign-watch".into());
        let thread = builder.spawn(move || {
            while let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(interval) {
                match watched.poll() {
                    Reload::Unchanged => {}
                    reload => report(&reload),
                }
            }
        })?;
        Ok(Watching {
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LoadedBundle {
    /// The bytes, for [`Instance::bundle`](crate::Instance::bundle).
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bundle, for native code.
    #[must_use]
    pub fn bundle(&self) -> &Bundle {
        &self.bundle
    }
}

impl WatchError {
    /// A stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "file_unreadable",
            Self::Refused { source, .. } => source.code(),
        }
    }
}

/// A thread that watches; dropping this ends it.
#[derive(Debug)]
pub struct Watching {
    stop: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Watching {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A report that panicked has said so by itself.
            let _ = thread.join();
        }
    }
}

impl Stamp {
    fn is_settled(self) -> bool {
        let age = SystemTime::now().duration_since(self.modified);
        age.is_ok_and(|age| age >= TICK)
    }
}

fn stamp(path: &Path) -> Option<Stamp> {
    let metadata = std::fs::metadata(path).ok()?;
    Some(Stamp {
        modified: metadata.modified().ok()?,
        length: metadata.len(),
    })
}

fn read(path: &Path) -> Result<Vec<u8>, WatchError> {
    let unreadable = |source| WatchError::Unreadable {
        path: path.to_owned(),
        source,
    };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(LIMIT)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    Ok(bytes)
}

fn load(
    path: &Path,
    bytes: Vec<u8>,
    publishers: Option<&Mutex<Publishers>>,
) -> Result<LoadedBundle, WatchError> {
    let loaded = match publishers {
        None => Bundle::load_unsigned(&bytes),
        Some(publishers) => {
            let mut publishers = publishers.lock().unwrap_or_else(PoisonError::into_inner);
            publishers.load(&bytes)
        }
    };
    match loaded {
        Ok(bundle) => Ok(LoadedBundle { bytes, bundle }),
        Err(source) => Err(WatchError::Refused {
            path: path.to_owned(),
            source,
        }),
    }
}
