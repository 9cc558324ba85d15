//! Every life that a lineage of keys can lead within a small world: all acts, at all times, in all orders,
//! also with a clock that is set back. In each of them the promises of docs/keys.md hold.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "in a test, to panic is to fail"
)]

use std::collections::{HashMap, VecDeque};

use countersign_core::UnixSeconds;
use countersign_custody::life::{Act, KeyLife, LifeError, LifePolicy, Rotation, Standing, Terms};

/// Small, so that every bound is met soon.
const POLICY: LifePolicy = LifePolicy {
    default_lifetime: 2,
    greatest_lifetime: 3,
    default_overlap: 1,
    greatest_overlap: 1,
    greatest_trial: 4,
};
const HORIZON: u64 = 9;

/// How large a world is explored.
#[derive(Clone, Copy)]
struct Bounds {
    end_of_time: u64,
    most_keys: usize,
    /// Whether the clock may be set back.
    set_back: bool,
}

/// Many keys under a good clock, and few under a bad one: all of both would be too many lives.
const LONG: Bounds = Bounds {
    end_of_time: 4,
    most_keys: 3,
    set_back: false,
};
const UNSTEADY: Bounds = Bounds {
    end_of_time: 3,
    most_keys: 2,
    set_back: true,
};

/// The machine under test, or one that was broken on purpose.
trait Machine {
    fn act(&self, life: &KeyLife, act: Act, now: UnixSeconds) -> Result<KeyLife, LifeError> {
        life.act(act, now)
    }

    fn rotate(
        &self,
        life: &KeyLife,
        overlap: Option<u64>,
        now: UnixSeconds,
    ) -> Result<Rotation, LifeError> {
        life.rotate(None, overlap, now, &POLICY)
    }
}

/// A lineage, and the time.
#[derive(Clone, PartialEq, Eq, Hash)]
struct World {
    now: u64,
    keys: Vec<KeyLife>,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Tick,
    SetBack,
    Act(usize, Act),
    Rotate(usize, Option<u64>),
}

fn at(seconds: u64) -> UnixSeconds {
    UnixSeconds::new(seconds)
}

impl World {
    fn steps(&self, bounds: Bounds) -> Vec<Step> {
        let mut steps = Vec::new();
        if self.now < bounds.end_of_time {
            steps.push(Step::Tick);
        }
        if bounds.set_back && self.now > 0 {
            steps.push(Step::SetBack);
        }
        for key in 0..self.keys.len() {
            steps.extend(Act::ALL.iter().map(|act| Step::Act(key, *act)));
            if self.keys.len() < bounds.most_keys {
                let overlaps = [None, Some(0), Some(2)];
                steps.extend(overlaps.map(|overlap| Step::Rotate(key, overlap)));
            }
        }
        steps
    }

    /// The world after a step, if the machine lets it happen.
    fn after(&self, step: Step, machine: &dyn Machine) -> Option<World> {
        let mut next = self.clone();
        match step {
            Step::Tick => next.now += 1,
            Step::SetBack => next.now -= 1,
            Step::Act(key, act) => {
                next.keys[key] = machine.act(&self.keys[key], act, at(self.now)).ok()?;
            }
            Step::Rotate(key, overlap) => {
                let rotation = machine
                    .rotate(&self.keys[key], overlap, at(self.now))
                    .ok()?;
                next.keys[key] = rotation.retiring;
                next.keys.push(rotation.successor);
            }
        }
        Some(next)
    }
}

/// What must be so in every world: `first` is the world that it began with.
fn broken_in(first: &World, world: &World) -> Option<&'static str> {
    let origin = &first.keys[0];
    // A lineage has one clock: the latest instant that any of its keys has seen.
    let seen = world.keys.iter().map(|key| key.seen_at().get()).max();
    for instant in seen.unwrap_or(0)..=HORIZON {
        let verify = world.keys.iter();
        if verify
            .filter(|key| key.standing(at(instant)).verifies())
            .count()
            > 2
        {
            return Some("at most two keys of a lineage verify at once");
        }
    }
    for (place, key) in world.keys.iter().enumerate() {
        let bound = key.issued_at().get() + POLICY.greatest_lifetime;
        if key.not_after() > at(bound) {
            return Some("no key ends later than policy allows");
        }
        if key.deadline() != origin.deadline() {
            return Some("a trial stays a trial");
        }
        if origin
            .deadline()
            .is_some_and(|deadline| key.not_after() > deadline)
        {
            return Some("no key of a trial ends after its deadline");
        }
        if key.lineage() != origin.keyid() || usize::try_from(key.version()).ok() != Some(place + 1)
        {
            return Some("versions of a lineage are counted without a gap");
        }
        if let Some(next) = world.keys.get(place + 1)
            && (key.successor() != Some(next.keyid()) || next.predecessor() != Some(key.keyid()))
        {
            return Some("predecessor and successor know each other");
        }
        if let (Some(retires), Some(next)) = (key.retires_at(), world.keys.get(place + 1))
            && retires.get() > next.issued_at().get() + POLICY.greatest_overlap
        {
            return Some("no overlap is longer than policy allows");
        }
        if key.successor().is_some() && key.retires_at().is_none() {
            return Some("a rotated key retires");
        }
        let outside = |instant: u64| {
            let counts = at(instant).max(key.seen_at());
            counts < key.not_before() || counts >= key.ends_at()
        };
        if (0..=HORIZON).any(|instant| outside(instant) && key.standing(at(instant)).verifies()) {
            return Some("no key verifies before it begins or after it ends");
        }
    }
    None
}

/// What must be so from one world to the next.
fn broken_between(before: &World, step: Step, after: &World) -> Option<&'static str> {
    for (old, new) in before.keys.iter().zip(&after.keys) {
        if new.ends_at() > old.ends_at() || new.not_after() != old.not_after() {
            return Some("no act moves the end of a key to a later time");
        }
        if new.deadline() != old.deadline() {
            return Some("a trial stays a trial");
        }
        for instant in 0..=HORIZON {
            // Before what the new one has seen there is nothing to compare.
            let (was, is) = (
                old.standing(at(instant).max(new.seen_at())),
                new.standing(at(instant)),
            );
            let gives = matches!(step, Step::Act(_, Act::Activate | Act::Resume));
            if is.verifies() && !was.verifies() && !gives {
                return Some("only activation and resumption let a key verify again");
            }
            let final_now = match was {
                Standing::Revoked => matches!(is, Standing::Revoked | Standing::Destroyed),
                Standing::Destroyed => is == Standing::Destroyed,
                Standing::Expired => !is.verifies(),
                _ => true,
            };
            if !final_now {
                return Some("revoked, destroyed and expired are final");
            }
        }
    }
    None
}

/// Breadth first, so that what is found is found by the shortest way.
fn explore(first: &World, bounds: Bounds, machine: &dyn Machine) -> Result<usize, String> {
    let mut worlds = vec![first.clone()];
    let mut ways: Vec<Option<(usize, Step)>> = vec![None];
    let mut seen = HashMap::from([(first.clone(), 0)]);
    let mut queue = VecDeque::from([0]);
    while let Some(number) = queue.pop_front() {
        let world = worlds[number].clone();
        for step in world.steps(bounds) {
            let Some(next) = world.after(step, machine) else {
                continue;
            };
            let broken = broken_between(&world, step, &next).or_else(|| broken_in(first, &next));
            if let Some(promise) = broken {
                let mut way = vec![step];
                let mut place = number;
                while let Some((from, step)) = ways[place] {
                    way.push(step);
                    place = from;
                }
                way.reverse();
                return Err(format!("{promise}: {way:?}"));
            }
            if !seen.contains_key(&next) {
                let number_of_next = worlds.len();
                seen.insert(next.clone(), number_of_next);
                worlds.push(next);
                ways.push(Some((number, step)));
                queue.push_back(number_of_next);
            }
        }
    }
    Ok(worlds.len())
}

fn begin(terms: &Terms) -> World {
    let life = KeyLife::issue("k", terms, at(0), &POLICY).expect("a good key");
    World {
        now: 0,
        keys: vec![life],
    }
}

fn permanent() -> World {
    begin(&Terms::default())
}

fn trial() -> World {
    begin(&Terms {
        deadline: Some(at(3)),
        ..Terms::default()
    })
}

struct Real;
impl Machine for Real {}

#[test]
fn every_promise_holds_in_every_life() {
    let late = begin(&Terms {
        not_before: Some(at(1)),
        pending: true,
        ..Terms::default()
    });
    for (name, world) in [
        ("permanent", permanent()),
        ("trial", trial()),
        ("late", late),
    ] {
        for (clock, bounds) in [("a good clock", LONG), ("an unsteady clock", UNSTEADY)] {
            match explore(&world, bounds, &Real) {
                Ok(states) => {
                    println!("{name}, {clock}: {states} states");
                    assert!(states > 1_000, "the world is too small to tell anything");
                }
                Err(broken) => panic!("{name}, {clock}: {broken}"),
            }
        }
    }
}

/// The life with some members of its record changed.
fn changed(life: &KeyLife, members: &[(&str, serde_json::Value)]) -> KeyLife {
    let mut record = serde_json::to_value(life).expect("a record");
    for (name, value) in members {
        record[*name] = value.clone();
    }
    serde_json::from_value(record).expect("a life")
}

fn caught(world: &World, machine: &dyn Machine, promise: &str) {
    let mut found = [UNSTEADY, LONG].into_iter();
    let found = found
        .find_map(|bounds| explore(world, bounds, machine).err())
        .expect("a broken machine");
    assert!(found.starts_with(promise), "{found}");
}

#[test]
fn rotation_that_forgets_the_deadline_is_caught() {
    struct Forgets;
    impl Machine for Forgets {
        fn rotate(
            &self,
            life: &KeyLife,
            overlap: Option<u64>,
            now: UnixSeconds,
        ) -> Result<Rotation, LifeError> {
            let mut rotation = Real.rotate(life, overlap, now)?;
            rotation.successor = changed(
                &rotation.successor,
                &[("deadline", serde_json::Value::Null)],
            );
            Ok(rotation)
        }
    }
    caught(&trial(), &Forgets, "a trial stays a trial");
}

#[test]
fn rotation_that_outlives_the_deadline_is_caught() {
    struct Outlives;
    impl Machine for Outlives {
        fn rotate(
            &self,
            life: &KeyLife,
            overlap: Option<u64>,
            now: UnixSeconds,
        ) -> Result<Rotation, LifeError> {
            let mut rotation = Real.rotate(life, overlap, now)?;
            let ends = (now.get() + 3).into();
            rotation.successor = changed(&rotation.successor, &[("not_after", ends)]);
            Ok(rotation)
        }
    }
    caught(
        &trial(),
        &Outlives,
        "no key of a trial ends after its deadline",
    );
}

#[test]
fn an_overlap_without_a_cap_is_caught() {
    struct Uncapped;
    impl Machine for Uncapped {
        fn rotate(
            &self,
            life: &KeyLife,
            overlap: Option<u64>,
            now: UnixSeconds,
        ) -> Result<Rotation, LifeError> {
            let policy = LifePolicy {
                greatest_overlap: 9,
                ..POLICY
            };
            life.rotate(None, overlap, now, &policy)
        }
    }
    caught(
        &permanent(),
        &Uncapped,
        "no overlap is longer than policy allows",
    );
}

#[test]
fn a_rotation_within_an_overlap_is_caught() {
    struct Hasty;
    impl Machine for Hasty {
        fn rotate(
            &self,
            life: &KeyLife,
            overlap: Option<u64>,
            now: UnixSeconds,
        ) -> Result<Rotation, LifeError> {
            Real.rotate(
                &changed(life, &[("overlaps_until", serde_json::Value::Null)]),
                overlap,
                now,
            )
        }
    }
    caught(
        &permanent(),
        &Hasty,
        "at most two keys of a lineage verify at once",
    );
}

#[test]
fn resumption_that_renews_the_expiry_is_caught() {
    struct Renews;
    impl Machine for Renews {
        fn act(&self, life: &KeyLife, act: Act, now: UnixSeconds) -> Result<KeyLife, LifeError> {
            let after = life.act(act, now)?;
            let ends = now.get() + 3;
            let renewed = changed(&after, &[("not_after", ends.into())]);
            Ok(if act == Act::Resume { renewed } else { after })
        }
    }
    caught(
        &permanent(),
        &Renews,
        "no act moves the end of a key to a later time",
    );
}

#[test]
fn resumption_of_the_revoked_is_caught() {
    struct Forgives;
    impl Machine for Forgives {
        fn act(&self, life: &KeyLife, act: Act, now: UnixSeconds) -> Result<KeyLife, LifeError> {
            if act == Act::Resume && life.standing(now) == Standing::Revoked {
                return changed(life, &[("status", "suspended".into())]).act(act, now);
            }
            life.act(act, now)
        }
    }
    caught(
        &permanent(),
        &Forgives,
        "revoked, destroyed and expired are final",
    );
}

#[test]
fn an_expiry_that_a_clock_undoes_is_caught() {
    struct Forgets;
    impl Machine for Forgets {
        fn act(&self, life: &KeyLife, act: Act, now: UnixSeconds) -> Result<KeyLife, LifeError> {
            let after = life.act(act, now)?;
            Ok(if act == Act::Expire {
                changed(&after, &[("seen_at", 0.into())])
            } else {
                after
            })
        }
    }
    caught(
        &permanent(),
        &Forgets,
        "only activation and resumption let a key verify again",
    );
}
