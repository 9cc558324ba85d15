//! Every life that a lineage of keys can lead within a small world: all acts, at all times, in all orders,
//! also with a clock that is set back. In each of them the promises of docs/keys.md hold.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "in a test, to panic is to fail"
)]

use std::collections::{BTreeSet, HashSet};
use std::rc::Rc;

use countersign_core::UnixSeconds;
use countersign_custody::life::{Act, KeyLife, LifeError, LifePolicy, Rotation, Standing, Terms};
use serde_json::Value;

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
#[derive(Clone, Copy)]
struct Machine {
    act: fn(&KeyLife, Act, UnixSeconds) -> Result<KeyLife, LifeError>,
    rotate: fn(&KeyLife, Option<u64>, UnixSeconds) -> Result<Rotation, LifeError>,
}

const REAL: Machine = Machine {
    act: |life, act, now| life.act(act, now),
    rotate: |life, overlap, now| life.rotate(None, overlap, now, &POLICY),
};

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
    fn after(&self, step: Step, machine: Machine) -> Option<World> {
        match step {
            Step::Tick => Some(World {
                now: self.now + 1,
                keys: self.keys.clone(),
            }),
            Step::SetBack => Some(World {
                now: self.now - 1,
                keys: self.keys.clone(),
            }),
            Step::Act(key, act) => {
                let life = (machine.act)(&self.keys[key], act, at(self.now)).ok()?;
                let mut next = self.clone();
                next.keys[key] = life;
                Some(next)
            }
            Step::Rotate(key, overlap) => {
                let rotation = (machine.rotate)(&self.keys[key], overlap, at(self.now)).ok()?;
                let mut next = self.clone();
                next.keys[key] = rotation.retiring;
                next.keys.push(rotation.successor);
                Some(next)
            }
        }
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
        if let Some(deadline) = origin.deadline()
            && (key.not_after() > deadline || key.standing(deadline).verifies())
        {
            return Some("no key of a trial ends after its deadline");
        }
        let inherited = origin.not_after().get() - origin.not_before().get();
        if key.not_after().get() - key.not_before().get() > inherited {
            return Some("a successor lives no longer than its predecessor was to");
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
    if let Step::Rotate(key, _) = step
        && !before.keys[key].standing(at(before.now)).verifies()
    {
        return Some("only a key that verifies gets a successor");
    }
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

/// What there was to see.
#[derive(Debug, Default, PartialEq, Eq)]
struct Seen {
    worlds: usize,
    /// How each key stood in each world: the worlds that nobody can tell apart count once.
    situations: usize,
    standings: BTreeSet<Standing>,
    /// The latest instant at which a key verifies.
    verifies_at: u64,
    /// The most keys that verify at once.
    at_once: usize,
    /// The longest lineage.
    keys: usize,
}

/// Breadth first, so that what is found is found by the shortest way.
fn explore(first: &World, bounds: Bounds, machine: Machine) -> Result<Seen, String> {
    let first = Rc::new(first.clone());
    let mut worlds = vec![Rc::clone(&first)];
    let mut ways: Vec<Option<(usize, Step)>> = vec![None];
    let mut known = HashSet::from([Rc::clone(&first)]);
    let mut number = 0;
    while let Some(world) = worlds.get(number).cloned() {
        for step in world.steps(bounds) {
            let Some(next) = world.after(step, machine) else {
                continue;
            };
            let is_new = !known.contains(&next);
            let broken = broken_between(&world, step, &next);
            let broken = broken.or_else(|| is_new.then(|| broken_in(&first, &next)).flatten());
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
            if is_new {
                let next = Rc::new(next);
                known.insert(Rc::clone(&next));
                worlds.push(next);
                ways.push(Some((number, step)));
            }
        }
        number += 1;
    }
    Ok(seen(&worlds))
}

fn seen(worlds: &[Rc<World>]) -> Seen {
    let mut seen = Seen {
        worlds: worlds.len(),
        ..Seen::default()
    };
    let mut situations = HashSet::new();
    for world in worlds {
        let now = at(world.now);
        let standings: Vec<_> = world.keys.iter().map(|key| key.standing(now)).collect();
        let verify = standings.iter().filter(|standing| standing.verifies());
        let verify = verify.count();
        seen.at_once = seen.at_once.max(verify);
        seen.keys = seen.keys.max(standings.len());
        if verify > 0 {
            seen.verifies_at = seen.verifies_at.max(world.now);
        }
        seen.standings.extend(&standings);
        situations.insert((world.now, standings));
    }
    seen.situations = situations.len();
    seen
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

/// Two keys of it in a row would outlive this, if it weren't kept to.
const DEADLINE: u64 = 2;

fn trial() -> World {
    begin(&Terms {
        deadline: Some(at(DEADLINE)),
        ..Terms::default()
    })
}

fn late() -> World {
    begin(&Terms {
        not_before: Some(at(1)),
        pending: true,
        ..Terms::default()
    })
}

fn all_lives(name: &str, world: &World, bounds: Bounds) -> Seen {
    let seen = explore(world, bounds, REAL).unwrap_or_else(|broken| panic!("{name}: {broken}"));
    println!("{name}: {seen:?}");
    assert!(
        seen.worlds > 1_000,
        "the world is too small to tell anything"
    );
    seen
}

#[test]
fn every_promise_holds_in_every_life() {
    let permanent_seen = all_lives("permanent", &permanent(), LONG);
    let trial_seen = all_lives("trial", &trial(), LONG);
    let late_seen = all_lives("late", &late(), LONG);

    // Each promise is about something that happens: otherwise it would hold of anything.
    for (seen, verifies_at) in [(&permanent_seen, 3), (&late_seen, 4)] {
        assert_eq!((seen.keys, seen.at_once), (LONG.most_keys, 2));
        assert_eq!(seen.verifies_at, verifies_at, "rotation lets them go on");
    }
    assert_eq!(trial_seen.verifies_at, DEADLINE - 1, "and a trial end");
    assert!(trial_seen.situations < permanent_seen.situations);
    assert_eq!(permanent_seen.standings.len(), 6, "all but pending");
    assert_eq!(late_seen.standings.len(), 7, "all");
}

#[test]
fn every_promise_holds_under_a_clock_that_is_set_back() {
    for (name, world) in [
        ("permanent", permanent()),
        ("trial", trial()),
        ("late", late()),
    ] {
        all_lives(name, &world, UNSTEADY);
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

/// The rotation of the real machine, with members of the successor's record changed.
fn with_successor(
    life: &KeyLife,
    overlap: Option<u64>,
    now: UnixSeconds,
    members: &[(&str, serde_json::Value)],
) -> Result<Rotation, LifeError> {
    let mut rotation = (REAL.rotate)(life, overlap, now)?;
    rotation.successor = changed(&rotation.successor, members);
    Ok(rotation)
}

fn caught(world: &World, machine: Machine, promise: &str) {
    let mut found = [UNSTEADY, LONG].into_iter();
    let found = found
        .find_map(|bounds| explore(world, bounds, machine).err())
        .expect("a broken machine");
    assert!(found.starts_with(promise), "{found}");
}

#[test]
fn rotation_that_forgets_the_deadline_is_caught() {
    let forgets = Machine {
        rotate: |life, overlap, now| {
            with_successor(life, overlap, now, &[("deadline", Value::Null)])
        },
        ..REAL
    };
    caught(&trial(), forgets, "a trial stays a trial");
}

#[test]
fn rotation_that_outlives_the_deadline_is_caught() {
    let outlives = Machine {
        rotate: |life, overlap, now| {
            let ends = (now.get() + 2).into();
            with_successor(life, overlap, now, &[("not_after", ends)])
        },
        ..REAL
    };
    caught(
        &trial(),
        outlives,
        "no key of a trial ends after its deadline",
    );
}

#[test]
fn rotation_that_gives_a_longer_life_is_caught() {
    let longer = Machine {
        rotate: |life, overlap, now| {
            let greatest = (now.get() + POLICY.greatest_lifetime).into();
            with_successor(life, overlap, now, &[("not_after", greatest)])
        },
        ..REAL
    };
    caught(
        &permanent(),
        longer,
        "a successor lives no longer than its predecessor was to",
    );
}

#[test]
fn rotation_that_lets_the_old_key_live_on_is_caught() {
    let lives_on = Machine {
        rotate: |life, overlap, now| {
            let mut rotation = (REAL.rotate)(life, overlap, now)?;
            rotation.retiring = changed(&rotation.retiring, &[("retires_at", Value::Null)]);
            Ok(rotation)
        },
        ..REAL
    };
    caught(&permanent(), lives_on, "a rotated key retires");
}

#[test]
fn rotation_of_the_revoked_is_caught() {
    let rotates = Machine {
        rotate: |life, overlap, now| {
            let active = changed(life, &[("status", "active".into())]);
            (REAL.rotate)(&active, overlap, now)
        },
        ..REAL
    };
    caught(
        &permanent(),
        rotates,
        "only a key that verifies gets a successor",
    );
}

#[test]
fn an_overlap_without_a_cap_is_caught() {
    let uncapped = Machine {
        rotate: |life, overlap, now| {
            let policy = LifePolicy {
                greatest_overlap: 9,
                ..POLICY
            };
            life.rotate(None, overlap, now, &policy)
        },
        ..REAL
    };
    caught(
        &permanent(),
        uncapped,
        "no overlap is longer than policy allows",
    );
}

#[test]
fn a_rotation_within_an_overlap_is_caught() {
    let hasty = Machine {
        rotate: |life, overlap, now| {
            let free = changed(life, &[("overlaps_until", Value::Null)]);
            (REAL.rotate)(&free, overlap, now)
        },
        ..REAL
    };
    caught(
        &permanent(),
        hasty,
        "at most two keys of a lineage verify at once",
    );
}

#[test]
fn resumption_that_renews_the_expiry_is_caught() {
    let renews = Machine {
        act: |life, act, now| {
            let after = life.act(act, now)?;
            let ends = (now.get() + 3).into();
            let renewed = changed(&after, &[("not_after", ends)]);
            Ok(if act == Act::Resume { renewed } else { after })
        },
        ..REAL
    };
    caught(
        &permanent(),
        renews,
        "no act moves the end of a key to a later time",
    );
}

/// A machine that resumes also what stands so.
fn that_resumes(standing: Standing) -> Machine {
    fn resumed(life: &KeyLife, now: UnixSeconds) -> Result<KeyLife, LifeError> {
        changed(life, &[("status", "suspended".into())]).act(Act::Resume, now)
    }
    let act = match standing {
        Standing::Revoked => |life: &KeyLife, act, now| match (act, life.standing(now)) {
            (Act::Resume, Standing::Revoked) => resumed(life, now),
            _ => life.act(act, now),
        },
        _ => |life: &KeyLife, act, now| match (act, life.standing(now)) {
            (Act::Resume, Standing::Destroyed) => resumed(life, now),
            _ => life.act(act, now),
        },
    };
    Machine { act, ..REAL }
}

#[test]
fn resumption_of_what_is_final_is_caught() {
    for standing in [Standing::Revoked, Standing::Destroyed] {
        caught(
            &permanent(),
            that_resumes(standing),
            "revoked, destroyed and expired are final",
        );
    }
}

#[test]
fn revocation_of_the_destroyed_is_caught() {
    let revokes = Machine {
        act: |life, act, now| match (act, life.standing(now)) {
            (Act::Revoke, Standing::Destroyed) => {
                Ok(changed(life, &[("status", "revoked".into())]))
            }
            _ => life.act(act, now),
        },
        ..REAL
    };
    caught(
        &permanent(),
        revokes,
        "revoked, destroyed and expired are final",
    );
}

#[test]
fn an_expiry_that_a_clock_undoes_is_caught() {
    let forgets = Machine {
        act: |life, act, now| {
            let after = life.act(act, now)?;
            Ok(if act == Act::Expire {
                changed(&after, &[("seen_at", 0.into())])
            } else {
                after
            })
        },
        ..REAL
    };
    caught(
        &permanent(),
        forgets,
        "only activation and resumption let a key verify again",
    );
}
