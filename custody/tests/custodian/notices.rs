//! What happens to a key is told, by a signed request.

use std::cell::RefCell;

use countersign_core::{
    Body, Environment, Headers, Presented, Profile, ReplayCache, Request, Scheme,
};
use countersign_custody::Order;
use countersign_custody::notice::{Delivered, Notice, NoticeScheme, Sender, Webhook};

use crate::world::{DAY, NOW, World, code, issued, later, operator};

/// A receiver that answers what it is told to, and keeps what it got.
struct Receiver {
    takes: bool,
    got: RefCell<Vec<Notice>>,
}

impl Sender for Receiver {
    fn send(&self, notice: &Notice) -> bool {
        self.got.borrow_mut().push(notice.clone());
        self.takes
    }
}

fn receiver(takes: bool) -> Receiver {
    Receiver {
        takes,
        got: RefCell::default(),
    }
}

fn with_webhook() -> World {
    let world = World::new();
    issued(&world, "hook");
    let otto = operator(Environment::Dev);
    let order = Order::new(&otto, "the partner asked", NOW);
    let add = |name: &str, url: &str, keyid: &str| {
        let webhook = Webhook::new(url, keyid, NoticeScheme::Rfc9421);
        code(world.dev.add_webhook(&order, name, &webhook))
    };
    assert_eq!(
        add("partner", "http://partner.example/in", "hook"),
        "url_malformed"
    );
    assert_eq!(
        add("partner", "https://partner.example/in?k=1", "hock"),
        "key_unknown"
    );
    assert_eq!(
        add("partner", "https://partner.example/in?k=1", "hook"),
        "done"
    );
    world
}

#[test]
fn a_notice_is_signed_and_sent_once() {
    let world = with_webhook();
    issued(&world, "k7");
    let receiver = receiver(true);
    let delivered = world.dev.deliver(&receiver, later(1)).expect("a delivery");
    assert_eq!(
        delivered,
        Delivered {
            sent: 1,
            ..Delivered::default()
        }
    );
    assert_eq!(
        world.dev.deliver(&receiver, later(2)).expect("nothing"),
        Delivered::default()
    );
    let got = receiver.got.borrow();
    let notice = &got[0];
    assert!(
        notice.body.contains(r#""act":"key.issued""#) && notice.body.contains(r#""keyid":"k7""#)
    );

    let mut lines = "Host: partner.example\r\n".to_owned();
    for (name, value) in &notice.fields {
        lines.push_str(&format!("{name}: {value}\r\n"));
    }
    let request = Request {
        method: "POST",
        target: "/in?k=1",
        scheme: Scheme::Https,
        headers: Headers::parse(lines.as_bytes()).expect("fields"),
        body: Body::Bytes(notice.body.as_bytes()),
        peer: None,
    };
    let ring = world.dev.keyring(later(1)).expect("a ring");
    let verified = Presented::parse(&request, &Profile::new(Environment::Dev))
        .and_then(|presented| presented.find_key(&ring, later(1)))
        .and_then(|candidate| candidate.authenticate(later(1)))
        .and_then(|authentic| authentic.spend(&mut ReplayCache::new(16, 7), later(1)));
    assert_eq!(verified.expect("a signed notice").keyid(), "hook");
}

#[test]
fn a_notice_that_nobody_takes_is_tried_again_and_given_up() {
    let world = with_webhook();
    issued(&world, "k7");
    let receiver = receiver(false);
    let deliver = |now| world.dev.deliver(&receiver, now).expect("a delivery");
    assert_eq!(deliver(later(1)).waiting, 1);
    assert_eq!(deliver(later(60)), Delivered::default());
    let mut now = 61;
    for wait in [300, 1800, 2 * 3600, 8 * 3600, DAY] {
        assert_eq!(deliver(later(now)).waiting, 1);
        now += wait;
    }
    assert_eq!(deliver(later(now)).abandoned, 1);
    assert_eq!(world.last_record().act, "notice.abandoned");
    assert_eq!(receiver.got.borrow().len(), 7);
}
