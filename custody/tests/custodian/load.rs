//! Rotation under load: no valid request is refused in the overlap, none is accepted after it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, RwLock};
use std::time::Duration;

use countersign_core::{Environment, SigningKey, UnixSeconds};
use countersign_custody::Order;
use countersign_custody::custodian::Follower;

use crate::world::{NOW, World, issued, operator, signed, signing_key, verify};

const ROTATIONS: u64 = 100;
const OVERLAP: u64 = 60;

/// The keys of the clients at this time: the new one, the one before it, and one that is over.
#[derive(Clone)]
struct Clients {
    now: UnixSeconds,
    new: SigningKey,
    old: Option<SigningKey>,
    over: Option<SigningKey>,
}

#[test]
fn a_hundred_rotations_refuse_nothing_good_and_accept_nothing_over() {
    let world = World::new();
    let otto = operator(Environment::Dev);
    let first = signing_key(issued(&world, "k"));
    let follower = Arc::new(Follower::start(world.dev.clone(), NOW).expect("a follower"));
    let clients = Arc::new(RwLock::new(Clients {
        now: NOW,
        new: first,
        old: None,
        over: None,
    }));
    let stop = Arc::new(AtomicBool::new(false));
    let (good, bad) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let verifiers: Vec<_> = (0..2)
        .map(|_| {
            let (follower, clients, stop) = (follower.clone(), clients.clone(), stop.clone());
            let (good, bad) = (good.clone(), bad.clone());
            std::thread::spawn(move || {
                while !stop.load(Ordering::Acquire) {
                    // The clients first: the ring is at least as new as they are.
                    let Clients {
                        now,
                        new,
                        old,
                        over,
                    } = clients.read().expect("clients").clone();
                    let ring = follower.ring();
                    for key in [Some(new), old].into_iter().flatten() {
                        let answer = verify(&ring, &signed(&key, now, "n"), now);
                        assert_eq!(answer, "verified", "{} at {}", key.id().as_str(), now.get());
                        good.fetch_add(1, Ordering::Relaxed);
                    }
                    if let Some(key) = over {
                        let answer = verify(&ring, &signed(&key, now, "n"), now);
                        assert_ne!(answer, "verified", "{} at {}", key.id().as_str(), now.get());
                        bad.fetch_add(1, Ordering::Relaxed);
                    }
                }
            })
        })
        .collect();

    let mut keyid = "k".to_owned();
    for round in 1..=ROTATIONS {
        // The instant at which the overlap before ends.
        let now = UnixSeconds::new(NOW.get() + round * OVERLAP);
        let order = Order::new(&otto, "by schedule", now);
        let next = world
            .dev
            .rotate(&order, &keyid, Some(OVERLAP), None)
            .expect("a rotation");
        keyid = next.entry.life().keyid().to_owned();
        let next = signing_key(next);
        follower
            .follow(now, Duration::from_secs(5))
            .expect("changes");
        let mut held = clients.write().expect("clients");
        let before = held.clone();
        *held = Clients {
            now,
            new: next,
            old: Some(before.new),
            over: before.old,
        };
        drop(held);
        let (seen, refused) = (good.load(Ordering::Relaxed), bad.load(Ordering::Relaxed));
        // Each state is tried.
        while verifiers.iter().all(|thread| !thread.is_finished())
            && (good.load(Ordering::Relaxed) < seen + 6
                || (round > 1 && bad.load(Ordering::Relaxed) < refused + 3))
        {
            std::thread::yield_now();
        }
    }
    stop.store(true, Ordering::Release);
    for thread in verifiers {
        thread.join().expect("no request was answered wrongly");
    }
    let (good, bad) = (good.load(Ordering::Relaxed), bad.load(Ordering::Relaxed));
    println!("{ROTATIONS} rotations: {good} requests accepted, {bad} refused");
    assert!(good > 600 && bad > 290);
}
