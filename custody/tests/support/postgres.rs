//! A PostgreSQL of the tests' own: on a socket in a temporary folder, stopped when the last test that
//! holds it ends.

use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tempfile::TempDir;

/// A running server.
pub(crate) struct Cluster {
    folder: TempDir,
    programs: PathBuf,
    databases: Mutex<u32>,
    port: AtomicU16,
    fsync: AtomicBool,
}

static RUNNING: Mutex<Weak<Cluster>> = Mutex::new(Weak::new());

impl Cluster {
    /// The server of this test program; none if PostgreSQL isn't installed, which is said, and fails in
    /// continuous integration.
    pub(crate) fn get() -> Option<Arc<Cluster>> {
        let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cluster) = running.upgrade() {
            return Some(cluster);
        }
        let cluster = Arc::new(Cluster::alone()?);
        *running = Arc::downgrade(&cluster);
        Some(cluster)
    }

    /// A server for one test, such as one that crashes it.
    pub(crate) fn alone() -> Option<Cluster> {
        Cluster::at(&std::env::temp_dir())
    }

    /// The same, with all that it keeps in a folder within this one.
    pub(crate) fn at(place: &Path) -> Option<Cluster> {
        let Some(programs) = programs() else {
            let in_ci = std::env::var("CI").as_deref() == Ok("true");
            assert!(!in_ci, "postgresql is not installed");
            println!("skipped: postgresql is not installed");
            return None;
        };
        Some(Cluster::start(programs, place))
    }

    /// A server as it is run in earnest: what it acknowledges is on disk.
    pub(crate) fn durable() -> Option<Cluster> {
        let cluster = Cluster::alone()?;
        cluster.crash();
        cluster.fsync.store(true, Ordering::Relaxed);
        cluster.run();
        Some(cluster)
    }

    fn start(programs: PathBuf, place: &Path) -> Self {
        let cluster = Cluster {
            folder: tempfile::tempdir_in(place).unwrap(),
            programs,
            databases: Mutex::new(0),
            port: AtomicU16::new(5432),
            fsync: AtomicBool::new(false),
        };
        if let Some((user, group)) = server_user() {
            std::os::unix::fs::chown(cluster.folder.path(), Some(user), Some(group)).unwrap();
        }
        let made = cluster
            .command("initdb")
            .args([
                "--username=tests",
                "--auth=trust",
                "--no-sync",
                "--encoding=UTF8",
                // Small steps: a small disk holds some.
                "--wal-segsize=1",
            ])
            .status();
        assert!(made.unwrap().success(), "initdb");
        let conf = cluster.folder.path().join("data/postgresql.conf");
        let before = fs::read_to_string(&conf).unwrap();
        fs::write(&conf, before + "\nlisten_addresses = ''\n").unwrap();
        cluster.run();
        cluster
    }

    /// Starts the server, after a stop.
    pub(crate) fn run(&self) {
        let folder = self.folder.path().display();
        let fsync = self.fsync.load(Ordering::Relaxed);
        let settings = format!("-k {folder} -c fsync={fsync}");
        let log = self.folder.path().join("log");
        let started = self
            .command("pg_ctl")
            .args(["start", "--wait", "--silent", "-o", &settings, "-l"])
            .arg(&log)
            .status();
        let log = || fs::read_to_string(&log).unwrap();
        assert!(started.unwrap().success(), "pg_ctl start: {}", log());
    }

    /// Stops the server as a crash would.
    pub(crate) fn crash(&self) {
        let stop = ["stop", "--wait", "--silent", "--mode=immediate"];
        let _ = self.command("pg_ctl").args(stop).status();
    }

    /// Where it keeps all that it keeps, its log among it.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The address of a new, empty database.
    pub(crate) fn database(&self) -> String {
        let mut databases = self
            .databases
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *databases += 1;
        let name = format!("d{databases}");
        self.sql("postgres", &format!("CREATE DATABASE {name}"));
        format!(
            "host={} user=tests dbname={name}",
            self.folder.path().display()
        )
    }

    /// Runs SQL as the database's owner.
    pub(crate) fn sql(&self, database: &str, sql: &str) -> String {
        let output = self
            .command("psql")
            .arg("--host")
            .arg(self.folder.path())
            .args([
                "--username=tests",
                "--no-psqlrc",
                "--tuples-only",
                "--no-align",
                "--quiet",
            ])
            .args([
                "--set=ON_ERROR_STOP=1",
                "--dbname",
                database,
                "--command",
                sql,
            ])
            .stdout(Stdio::piped())
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Has the server listen on a port of this machine too, with the `server.pem` and `server.key` of a
    /// folder; which port.
    pub(crate) fn listen_by_tls(&self, folder: &Path) -> u16 {
        let data = self.folder.path().join("data");
        for file in ["server.pem", "server.key"] {
            fs::copy(folder.join(file), data.join(file)).unwrap();
            if let Some((user, group)) = server_user() {
                std::os::unix::fs::chown(data.join(file), Some(user), Some(group)).unwrap();
            }
        }
        let free = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let settings = [
            "ssl = 'on'".to_owned(),
            "ssl_cert_file = 'server.pem'".to_owned(),
            "ssl_key_file = 'server.key'".to_owned(),
            "listen_addresses = 'localhost'".to_owned(),
            format!("port = {port}"),
        ];
        self.crash();
        let conf = data.join("postgresql.conf");
        let before = fs::read_to_string(&conf).unwrap();
        fs::write(&conf, before + "\n" + &settings.join("\n") + "\n").unwrap();
        self.port.store(port, Ordering::Relaxed);
        self.run();
        port
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        command
            .env("PGPORT", self.port.load(Ordering::Relaxed).to_string())
            .env("PGDATA", self.folder.path().join("data"))
            .env("LC_ALL", "C.UTF-8")
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        if let Some((user, group)) = server_user() {
            command.uid(user).gid(group);
        }
        command
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.crash();
    }
}

/// The newest server's programs, where Debian puts them.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
    let version = |path: &Path| path.file_name()?.to_str()?.parse::<u32>().ok();
    let folders = versions.filter_map(|entry| Some(entry.ok()?.path()));
    let newest = folders.max_by_key(|path| version(path))?;
    Some(newest.join("bin")).filter(|folder| folder.join("initdb").exists())
}

/// The server doesn't run as root: its own user, where we are root.
fn server_user() -> Option<(u32, u32)> {
    let own = std::os::unix::fs::MetadataExt::uid(&fs::metadata("/proc/self").ok()?);
    if own != 0 {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").ok()?;
    let line = users.lines().find(|line| line.starts_with("postgres:"))?;
    let mut fields = line.split(':').skip(2);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}
