//! A link gives its secret once, to one reader, in time.

use std::sync::Barrier;

use countersign_core::Environment;
use countersign_custody::Order;

use crate::world::{NOW, World, issued, key, later, operator};

#[test]
fn the_first_reader_gets_it_and_no_second() {
    let world = World::new();
    let shown = issued(&world, "k7").shown.expect("a token");
    let link = world
        .dev
        .make_link(shown, "otto", 600, NOW)
        .expect("a link")
        .reveal();
    let read = |link: &str| {
        world
            .dev
            .read_link(link, later(1))
            .map_err(|error| error.code())
    };
    assert_eq!(read("nonsense").expect_err("no link"), "link_malformed");
    let (id, secret) = link.split_once('.').expect("two parts");
    let wrong = format!("{id}.{}", "A".repeat(secret.len()));
    assert_eq!(read(&wrong).expect_err("another key"), "link_gone");
    assert!(world.live.read_link(&link, NOW).is_err());

    let barrier = Barrier::new(4);
    let got: Vec<bool> = std::thread::scope(|scope| {
        let readers: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    barrier.wait();
                    let text = world.dev.read_link(&link, later(1));
                    text.is_ok_and(|text| text.reveal().starts_with("csk_dev_k7_"))
                })
            })
            .collect();
        readers
            .into_iter()
            .map(|reader| reader.join().expect("a reader"))
            .collect()
    });
    assert_eq!(got.iter().filter(|got| **got).count(), 1);
    assert_eq!(read(&link).expect_err("burnt"), "link_gone");
    assert!(
        world
            .records()
            .iter()
            .any(|record| record.act == "link.read")
    );
}

#[test]
fn a_link_that_waited_too_long_gives_nothing() {
    let world = World::new();
    let otto = operator(Environment::Dev);
    let order = Order::new(&otto, "a test", NOW);
    let shown = world
        .dev
        .issue(&order, &key("k8"))
        .expect("a key")
        .shown
        .expect("a token");
    let link = world
        .dev
        .make_link(shown, "otto", 600, NOW)
        .expect("a link")
        .reveal();
    let error = world
        .dev
        .read_link(&link, later(600))
        .expect_err("too late");
    assert_eq!(error.code(), "link_gone");
    // It is away: a clock that is set back doesn't bring it back.
    let error = world.dev.read_link(&link, NOW).expect_err("burnt");
    assert_eq!(error.code(), "link_gone");
}
