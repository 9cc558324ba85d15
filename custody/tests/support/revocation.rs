//! How long a key still verifies after it was revoked: a database, processes that follow it and answer
//! requests, and a process that revokes.
//!
//! Each process is this same program, told its part by the environment.

use std::env;
use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use countersign_core::{Environment, ReplayCache, SigningKey, Token, UnixSeconds};
use countersign_custody::audit::Hash;
use countersign_custody::authority::Principal;
use countersign_custody::custodian::{Follower, NewKey, Stopped};
use countersign_custody::founding::{Founding, HEADER};
use countersign_custody::life::LifePolicy;
use countersign_custody::store::PostgresStore;
use countersign_custody::vault::{self, KeyFile, Root};
use countersign_custody::{Custodian, Order, Space, Store};
use tempfile::TempDir;

use crate::cluster::Cluster;
use crate::requests::{signed, verify};

/// How many processes follow and answer.
const FOLLOWERS: usize = 3;
/// Between two requests to one of them.
const PAUSE: Duration = Duration::from_millis(1);
/// After this a test has failed.
const PATIENCE: Duration = Duration::from_secs(30);
const OWNER: &str = "olga";

/// What a child is told by its environment.
const PART: &str = "COUNTERSIGN_PART";
const DATABASE: &str = "COUNTERSIGN_DATABASE";
const ROOT: &str = "COUNTERSIGN_ROOT";
const KEYID: &str = "COUNTERSIGN_KEYID";

/// Plays the part that the environment tells; false if it tells none.
pub(crate) fn play() -> bool {
    let Ok(part) = env::var(PART) else {
        return false;
    };
    let (custodian, owner) = open(&told(DATABASE), Path::new(&told(ROOT)));
    if part == "follow" {
        follow(&custodian);
    } else {
        let order = Order::new(&owner, "it leaked", now());
        let stopped = custodian.revoke(&order, &told(KEYID)).unwrap();
        assert!(matches!(stopped, Stopped::Recorded(_)));
        say("revoked");
    }
    true
}

/// Follows the store, and answers each request on a line of its own: `verified`, or the code of the refusal.
fn follow(custodian: &Custodian) {
    let follower = Arc::new(Follower::start(custodian.clone(), now()).unwrap());
    let following = Arc::clone(&follower);
    thread::spawn(move || {
        loop {
            following.follow(now(), Duration::from_mins(1)).unwrap();
        }
    });
    let mut replay = ReplayCache::new(1 << 16, 7);
    say("ready");
    for line in std::io::stdin().lines() {
        let line = line.unwrap().replace('\t', "\r\n");
        say(verify(&follower.ring(), &mut replay, &line, now()));
    }
}

fn told(name: &str) -> String {
    env::var(name).unwrap()
}

fn say(line: &str) {
    let mut output = std::io::stdout().lock();
    writeln!(output, "{line}").unwrap();
    output.flush().unwrap();
}

/// What a command opens: the store, the policies, the vault by its key file, and who it is.
fn open(address: &str, root: &Path) -> (Custodian, Principal) {
    custodian_of(Arc::new(PostgresStore::open(address, None).unwrap()), root)
}

/// The custodian of a founded store, and its owner at the machine itself.
pub(crate) fn custodian_of(store: Arc<dyn Store>, root: &Path) -> (Custodian, Principal) {
    let founding = Founding::read(&*store).unwrap();
    let authority = founding.authority(&*store, Hash::of(b"this test")).unwrap();
    let header = store.get(Space::Vault, HEADER).unwrap().unwrap();
    let root = Root::KeyFile(KeyFile::open(root).unwrap());
    let vault = vault::unlock_only(&header, &root, &[Environment::Dev]).unwrap();
    let custodian = Custodian::new(
        Environment::Dev,
        store,
        Arc::new(vault),
        Arc::new(authority),
        LifePolicy::default(),
    );
    let owner = Principal {
        client_ip: Some([127, 0, 0, 1].into()),
        ..custodian.principal(OWNER).unwrap()
    };
    (custodian, owner)
}

fn now() -> UnixSeconds {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    UnixSeconds::new(since.unwrap().as_secs())
}

/// How long the slowest process took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Taken {
    /// From before the command was started to the answer to the last request that was accepted.
    pub(crate) last_accepted: Duration,
    /// To the answer to the first request that was refused.
    pub(crate) first_refused: Duration,
    /// To the command's own word that it is done.
    pub(crate) acknowledged: Duration,
}

/// The database, and the processes that follow it.
pub(crate) struct Stage {
    followers: Vec<Process>,
    custodian: Custodian,
    owner: Principal,
    address: String,
    root: PathBuf,
    program: fn() -> Command,
    nonces: u64,
    _folder: TempDir,
    _cluster: Arc<Cluster>,
}

impl Stage {
    /// Founds a store, and starts those who follow it. `program` is this program, so called that it plays.
    pub(crate) fn new(cluster: Arc<Cluster>, program: fn() -> Command) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let address = cluster.database();
        let root = folder.path().join("root.key");
        found(&PostgresStore::open(&address, None).unwrap(), &root);
        let (custodian, owner) = open(&address, &root);
        let mut stage = Stage {
            followers: Vec::new(),
            custodian,
            owner,
            address,
            root,
            program,
            nonces: 0,
            _folder: folder,
            _cluster: cluster,
        };
        for _ in 0..FOLLOWERS {
            let mut follower = Process::start(stage.part("follow"));
            follower.hear("ready");
            stage.followers.push(follower);
        }
        stage
    }

    /// Issues keys that nobody uses, so that there are many.
    pub(crate) fn crowd(&self, keys: u32) {
        let order = Order::new(&self.owner, "a crowd", now());
        let key = NewKey {
            owner: "acme".into(),
            ..NewKey::default()
        };
        for _ in 0..keys {
            self.custodian.issue(&order, &key).unwrap();
        }
    }

    /// Issues a key that every process knows, has a command revoke it, and asks all of them all the while.
    pub(crate) fn revocation(&mut self) -> Taken {
        let order = Order::new(&self.owner, "to be revoked", now());
        let new = NewKey {
            owner: "acme".into(),
            ..NewKey::default()
        };
        let issued = self.custodian.issue(&order, &new).unwrap();
        let keyid = issued.entry.life().keyid().to_owned();
        let token = Token::parse(&issued.shown.unwrap().reveal()).unwrap();
        let key = token.signing_key().unwrap();
        self.nonces += 1;
        let round = self.nonces;
        for follower in &mut self.followers {
            follower.ask_until(&key, &format!("{round}-before"), "verified");
        }

        let mut command = self.part("revoke");
        command.env(KEYID, &keyid);
        let start = Instant::now();
        let (acknowledged, all_asked) = thread::scope(|scope| {
            let asked: Vec<_> = self
                .followers
                .iter_mut()
                .map(|follower| {
                    let (key, nonce) = (&key, format!("{round}-after"));
                    scope.spawn(move || follower.ask_until(key, &nonce, "key_revoked"))
                })
                .collect();
            let mut command = Process::start(command);
            command.hear("revoked");
            let acknowledged = start.elapsed();
            let asked = asked.into_iter().map(|asked| asked.join().unwrap());
            (acknowledged, asked.collect::<Vec<_>>())
        });
        let slowest = |of: fn(&Asked) -> Option<Instant>| {
            let last = all_asked.iter().filter_map(of).max();
            last.map_or(Duration::ZERO, |at| at.saturating_duration_since(start))
        };
        Taken {
            last_accepted: slowest(|asked| asked.last_otherwise),
            first_refused: slowest(|asked| Some(asked.first)),
            acknowledged,
        }
    }

    fn part(&self, part: &str) -> Command {
        let mut command = (self.program)();
        command
            .env(PART, part)
            .env(DATABASE, &self.address)
            .env(ROOT, &self.root)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        command
    }
}

/// Founds a store, whose vault opens by a key file that is made.
pub(crate) fn found(store: &dyn Store, root: &Path) {
    let root = Root::KeyFile(KeyFile::create(root).unwrap());
    let vault = vault::init(&[Environment::Dev], &root, now()).unwrap();
    let pack = "../policies/tests/bundles/zero-trust-admin.bundle";
    let bundle = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(pack)).unwrap();
    Founding::found(store, &vault, OWNER, &bundle, b"this test", now()).unwrap();
}

/// When one process answered.
struct Asked {
    /// The last answer that was another.
    last_otherwise: Option<Instant>,
    /// The first that was the one waited for.
    first: Instant,
}

/// A child, killed when it is dropped.
struct Process {
    child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Process {
    fn start(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        Process {
            input: child.stdin.take().unwrap(),
            output: BufReader::new(child.stdout.take().unwrap()).lines(),
            child,
        }
    }

    /// Waits for a word at the end of a line: a test's own name may stand before it.
    fn hear(&mut self, word: &str) {
        let mut lines = self.output.by_ref().map(Result::unwrap);
        assert!(lines.any(|line| line.ends_with(word)), "it ended early");
    }

    fn ask(&mut self, key: &SigningKey, nonce: &str) -> String {
        let request = signed(key, now(), nonce);
        let (input, signature) = (&request.signature_input, &request.signature);
        writeln!(
            self.input,
            "Host: api.example.com\tSignature-Input: {input}\tSignature: {signature}\t"
        )
        .unwrap();
        self.output.next().unwrap().unwrap()
    }

    /// Asks again and again until the answer is this one.
    fn ask_until(&mut self, key: &SigningKey, nonce: &str, answer: &str) -> Asked {
        let begun = Instant::now();
        let mut last_otherwise = None;
        for number in 0_u64.. {
            let found = self.ask(key, &format!("{nonce}-{number}"));
            let at = Instant::now();
            if found == answer {
                return Asked {
                    last_otherwise,
                    first: at,
                };
            }
            assert!(begun.elapsed() < PATIENCE, "{found}, and never {answer}");
            last_otherwise = Some(at);
            thread::sleep(PAUSE);
        }
        unreachable!("numbers don't end")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The median and the 99th percentile.
pub(crate) fn percentiles(mut times: Vec<Duration>) -> (Duration, Duration) {
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() * percent).div_ceil(100).max(1) - 1];
    (at(50), at(99))
}
