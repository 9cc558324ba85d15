//! Random acts on a custodian of a file, which is closed and opened in between, beside a plain model of what a key
//! is: what is done and what is refused, how each key stands, what verifies, and what the log says of it.

use std::path::PathBuf;
use std::sync::Arc;

use countersign_core::{Environment, SigningKey, UnixSeconds};
use countersign_custody::audit::{self, Outcome};
use countersign_custody::authority::{Factor, Permission, Plan, Principal};
use countersign_custody::custodian::Filter;
use countersign_custody::life::{Act, Standing, Terms};
use countersign_custody::store::RedbStore;
use countersign_custody::vault::UnlockedVault;
use countersign_custody::{Custodian, CustodyError, Order, Store};
use proptest::prelude::*;
use tempfile::TempDir;

use crate::world::{DAY, NOW, code, custodian, key, new_vault, owner, signed, signing_key, verify};

const HOUR: u64 = 60 * 60;
const MOST_KEYS: usize = 6;

#[derive(Clone, Debug)]
enum Step {
    Issue {
        lifetime: u64,
        trial: Option<u64>,
        pending: bool,
    },
    Rotate {
        key: usize,
        overlap: u64,
    },
    Act {
        key: usize,
        act: Act,
    },
    Pass(u64),
    SetBack(u64),
    Reopen,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let lifetime = prop::sample::select(vec![HOUR, 2 * DAY, 90 * DAY, 181 * DAY]);
    let trial = prop::sample::select(vec![None, None, Some(DAY), Some(30 * DAY), Some(31 * DAY)]);
    let issue =
        (lifetime, trial, any::<bool>()).prop_map(|(lifetime, trial, pending)| Step::Issue {
            lifetime,
            trial,
            pending,
        });
    let overlap = prop::sample::select(vec![0, HOUR, 2 * DAY, 8 * DAY]);
    let rotate = (0..MOST_KEYS, overlap).prop_map(|(key, overlap)| Step::Rotate { key, overlap });
    let act = (0..MOST_KEYS, prop::sample::select(Act::ALL));
    let act = act.prop_map(|(key, act)| Step::Act { key, act });
    let pass = prop::sample::select(vec![1, HOUR, DAY, 40 * DAY]).prop_map(Step::Pass);
    let step = prop_oneof![
        3 => issue,
        4 => rotate,
        8 => act,
        3 => pass,
        1 => prop::sample::select(vec![1, HOUR]).prop_map(Step::SetBack),
        1 => Just(Step::Reopen),
    ];
    prop::collection::vec(step, 1..40)
}

/// What a key is, in plain numbers.
struct Plain {
    id: String,
    first: usize,
    begins: u64,
    ends: u64,
    lifetime: u64,
    deadline: Option<u64>,
    /// When the key before it ends.
    overlaps_until: u64,
    is_rotated: bool,
    state: State,
    seen: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Pending,
    Used,
    Suspended,
    Revoked,
    Destroyed,
}

impl Plain {
    fn standing(&self, now: u64) -> Standing {
        let now = now.max(self.seen);
        match self.state {
            State::Destroyed => Standing::Destroyed,
            State::Revoked => Standing::Revoked,
            _ if now >= self.ends => Standing::Expired,
            State::Suspended => Standing::Suspended,
            State::Pending => Standing::Pending,
            State::Used if now < self.begins => Standing::Pending,
            State::Used if self.is_rotated => Standing::Retiring,
            State::Used => Standing::Active,
        }
    }

    /// Whether the act is done.
    fn act(&mut self, act: Act, now: u64) -> bool {
        let standing = self.standing(now);
        let is_behind = now < self.seen;
        self.state = match (act, self.state) {
            (Act::Activate, State::Pending) if standing == Standing::Pending && !is_behind => {
                State::Used
            }
            (Act::Resume, _) if standing == Standing::Suspended && !is_behind => State::Used,
            (Act::Suspend, _) if standing.verifies() => State::Suspended,
            (Act::Revoke, State::Pending | State::Used | State::Suspended) => State::Revoked,
            (Act::Expire, state) if standing == Standing::Expired => state,
            (Act::Destroy, _) if matches!(standing, Standing::Revoked | Standing::Expired) => {
                State::Destroyed
            }
            _ => return false,
        };
        self.seen = self.seen.max(now);
        true
    }
}

struct Play {
    folder: TempDir,
    vault: Arc<UnlockedVault>,
    custodian: Option<(Custodian, Arc<RedbStore>)>,
    now: u64,
    keys: Vec<(Plain, SigningKey)>,
    /// What must stand in the log: act and key id.
    done: Vec<(&'static str, String)>,
}

impl Play {
    fn new() -> Self {
        let mut play = Play {
            folder: tempfile::tempdir().expect("a folder"),
            vault: new_vault(),
            custodian: None,
            now: NOW.get(),
            keys: Vec::new(),
            done: Vec::new(),
        };
        play.open();
        play
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    fn open(&mut self) {
        // Closed first: a file is open once.
        self.custodian = None;
        let store = Arc::new(RedbStore::open(&self.path()).expect("a store"));
        let custodian = custodian(Environment::Dev, store.clone(), &self.vault);
        self.custodian = Some((custodian, store));
    }

    fn custodian(&self) -> Custodian {
        self.custodian.as_ref().expect("an open store").0.clone()
    }

    fn at(&self) -> UnixSeconds {
        UnixSeconds::new(self.now)
    }

    /// Does a step, and sees that what the custodian answers is what the model says.
    fn step(&mut self, step: &Step) {
        match step {
            Step::Issue {
                lifetime,
                trial,
                pending,
            } if self.keys.len() < MOST_KEYS => self.issue(*lifetime, *trial, *pending),
            Step::Rotate { key, overlap } if self.keys.len() < MOST_KEYS => {
                self.rotate(*key, *overlap);
            }
            Step::Act { key, act } => self.act(*key, *act),
            Step::Pass(seconds) => self.now += seconds,
            Step::SetBack(seconds) => self.now -= seconds,
            Step::Reopen => self.open(),
            Step::Issue { .. } | Step::Rotate { .. } => {}
        }
        self.compare();
    }

    fn issue(&mut self, lifetime: u64, trial: Option<u64>, pending: bool) {
        let olga = owner(Environment::Dev);
        let id = format!("k{}", self.keys.len());
        let mut new = key(&id);
        let deadline = trial.map(|trial| self.now + trial);
        new.terms = Terms {
            lifetime: Some(lifetime),
            deadline: deadline.map(UnixSeconds::new),
            pending,
            ..Terms::default()
        };
        let order = Order::new(&olga, "a random act", self.at());
        let issued = self.custodian().issue(&order, &new);
        let is_allowed = lifetime <= 180 * DAY && trial.is_none_or(|trial| trial <= 30 * DAY);
        assert_eq!(issued.is_ok(), is_allowed, "{issued:?}");
        let Ok(issued) = issued else { return };
        let ends = self.now + lifetime;
        let plain = Plain {
            id: id.clone(),
            first: self.keys.len(),
            begins: self.now,
            ends: deadline.map_or(ends, |deadline| ends.min(deadline)),
            lifetime,
            deadline,
            overlaps_until: 0,
            is_rotated: false,
            state: if pending { State::Pending } else { State::Used },
            seen: self.now,
        };
        self.keys.push((plain, signing_key(issued)));
        self.done.push(("key.issued", id));
    }

    fn rotate(&mut self, key: usize, overlap: u64) {
        let (now, custodian) = (self.now, self.custodian());
        let Some((old, _)) = self.keys.get_mut(key) else {
            return;
        };
        let olga = owner(Environment::Dev);
        let order = Order::new(&olga, "a random act", UnixSeconds::new(now));
        let rotated = custodian.rotate(&order, &old.id, Some(overlap), None);
        let is_allowed = now >= old.seen
            && old.standing(now) == Standing::Active
            && overlap <= 7 * DAY
            && (overlap == 0 || old.overlaps_until <= now);
        assert_eq!(rotated.is_ok(), is_allowed, "{rotated:?}");
        let Ok(rotated) = rotated else { return };
        let ends = now + old.lifetime;
        old.ends = old.ends.min(now + overlap);
        old.is_rotated = true;
        old.seen = now;
        let id = rotated.entry.life().keyid().to_owned();
        let next = Plain {
            id: id.clone(),
            begins: now,
            ends: old.deadline.map_or(ends, |deadline| ends.min(deadline)),
            overlaps_until: old.overlaps_until.max(old.ends),
            is_rotated: false,
            ..*old
        };
        self.done.push(("key.rotated", old.id.clone()));
        self.done.push(("key.issued", id));
        self.keys.push((next, signing_key(rotated)));
    }

    fn act(&mut self, key: usize, act: Act) {
        let (at, custodian) = (self.at(), self.custodian());
        let Some((plain, _)) = self.keys.get_mut(key) else {
            return;
        };
        let olga = owner(Environment::Dev);
        let order = Order::new(&olga, "a random act", at);
        let (name, outcome) = match act {
            Act::Activate => ("key.activated", code(custodian.activate(&order, &plain.id))),
            Act::Suspend => ("key.suspended", code(custodian.suspend(&order, &plain.id))),
            Act::Resume => ("key.resumed", code(custodian.resume(&order, &plain.id))),
            Act::Revoke => ("key.revoked", code(custodian.revoke(&order, &plain.id))),
            Act::Expire => {
                let scheduler = Principal::new("sigrid", "scheduler", Environment::Dev);
                let order = Order::new(&scheduler, "a random act", at);
                ("key.expired", code(custodian.expire(&order, &plain.id)))
            }
            Act::Destroy => (
                "key.destroyed",
                code(destroy(&custodian, &order, &plain.id)),
            ),
        };
        let is_done = plain.act(act, at.get());
        assert_eq!(
            outcome == "done",
            is_done,
            "{act:?} of {}: {outcome}",
            plain.id
        );
        if is_done {
            self.done.push((name, plain.id.clone()));
        }
    }

    /// What is kept, and what verifies, is what the model says.
    fn compare(&self) {
        let (custodian, now) = (self.custodian(), self.at());
        let olga = owner(Environment::Dev);
        let order = Order::new(&olga, "to compare", now);
        let listed = custodian.list(&order, &Filter::default(), "", usize::MAX);
        let listed = listed.expect("the keys");
        assert_eq!(listed.len(), self.keys.len());
        let ring = custodian.keyring(now).expect("a ring");
        for (number, (plain, key)) in self.keys.iter().enumerate() {
            let kept = listed.iter().find(|entry| entry.life().keyid() == plain.id);
            let life = kept.expect("a key").life();
            assert_eq!(life.standing(now), plain.standing(self.now), "{}", plain.id);
            assert_eq!(life.ends_at().get(), plain.ends, "{}", plain.id);
            let family = self
                .keys
                .iter()
                .filter(|(other, _)| other.first == plain.first);
            let seen = family.map(|(other, _)| other.seen).max().unwrap_or(0);
            let verifies = plain.standing(seen.max(self.now)).verifies()
                && (plain.begins..plain.ends).contains(&self.now);
            let answer = verify(&ring, &signed(key, now, &format!("n{number}")), now);
            assert_eq!(answer == "verified", verifies, "{}: {answer}", plain.id);
        }
    }

    fn check_the_log(&self) {
        let store: &dyn Store = &*self.custodian.as_ref().expect("an open store").1;
        let report = audit::verify(store, &[], &[]).expect("the log");
        assert!(report.is_good(), "{report:?}");
        let records = (1..=report.records).map(|at| audit::read(store, at).expect("a record"));
        let done = records.filter_map(|entry| {
            let record = entry.record();
            let keyid = record.keyid.as_ref()?.as_str().to_owned();
            let is_change = record.act.starts_with("key.") && record.outcome == Outcome::Done;
            is_change.then(|| (record.act.clone(), keyid))
        });
        let expected = self
            .done
            .iter()
            .map(|(act, id)| ((*act).to_owned(), id.clone()));
        assert!(done.eq(expected), "{:?}", self.done);
    }
}

/// A second person approves it first.
fn destroy(custodian: &Custodian, order: &Order<'_>, id: &str) -> Result<(), CustodyError> {
    let oskar = Principal {
        name: "oskar".into(),
        ..owner(Environment::Dev)
    };
    let plan = Plan::on(Permission::DestroyKey, id);
    let approval = custodian.ask_approval(order, &plan, false, HOUR)?;
    custodian.approve(&Order::new(&oskar, "agreed", order.now), &approval, &plan)?;
    custodian.destroy(&order.with(Factor::Approval(&approval)), id)?;
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn a_custodian_does_what_a_plain_model_says(steps in steps()) {
        let mut play = Play::new();
        for step in &steps {
            play.step(step);
        }
        play.open();
        play.compare();
        play.check_the_log();
    }
}
