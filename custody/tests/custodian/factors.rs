//! Critical acts ask for a second factor.

use countersign_core::{Environment, UnixSeconds};
use countersign_custody::authority::{Factor, Permission, Plan, Principal};
use countersign_custody::custodian::NewKey;
use countersign_custody::{Batch, Custodian, Order, Space, Store as _};
use totp_rs::{Builder, Secret};

use crate::world::{NOW, World, code, issued, key, later, operator, owner};

/// Enrols, and gives the authenticator.
fn enrol(custodian: &Custodian, actor: &Principal) -> impl Fn(UnixSeconds) -> String + use<> {
    let order = Order::new(actor, "my new phone", NOW);
    let uri = custodian
        .enrol_totp(&order, "countersign")
        .expect("an enrolment")
        .reveal();
    let secret = uri
        .split_once("secret=")
        .and_then(|(_, rest)| rest.split_once('&'));
    let secret = secret.expect("a secret").0.to_owned();
    move |now: UnixSeconds| {
        let secret = Secret::try_from_base32(&secret).expect("base32");
        let totp = Builder::new().with_secret(secret).build().expect("a TOTP");
        totp.generate(now.get()).to_string()
    }
}

#[test]
fn export_takes_a_code_and_each_code_once() {
    let world = World::new();
    issued(&world, "k7");
    let olga = owner(Environment::Dev);
    let order = |now| Order::new(&olga, "to the partner", now);
    assert_eq!(
        code(world.dev.export(&order(NOW), "k7", "partner")),
        "second_factor_required"
    );
    let typed = order(NOW).with(Factor::Totp("123456"));
    assert_eq!(
        code(world.dev.export(&typed, "k7", "partner")),
        "second_factor_not_enrolled"
    );
    let authenticator = enrol(&world.dev, &olga);
    let first = authenticator(NOW);
    let typed = order(NOW).with(Factor::Totp(&first));
    assert_eq!(
        code(world.dev.export(&typed, "k7", "partner")),
        "second_factor_not_enrolled"
    );
    world
        .dev
        .confirm_totp(&order(NOW), &first)
        .expect("a confirmation");
    assert_eq!(
        code(world.dev.export(&typed, "k7", "partner")),
        "second_factor_used"
    );

    let now = later(30);
    let next = authenticator(now);
    let typed = order(now).with(Factor::Totp(&next));
    let shown = world
        .dev
        .export(&typed, "k7", "partner")
        .expect("an export");
    assert!(shown.reveal().starts_with("csk_dev_k7_"));
    let record = world.last_record();
    assert_eq!(
        (record.act.as_str(), record.outcome.as_str()),
        ("key.exported", "done")
    );
    assert_eq!(record.details["second_factor"].as_str(), "totp");
    assert_eq!(
        code(world.dev.export(&typed, "k7", "partner")),
        "second_factor_used"
    );
    // A step late is taken, two are not.
    let late = authenticator(later(60));
    let typed = order(later(90)).with(Factor::Totp(&late));
    assert_eq!(code(world.dev.export(&typed, "k7", "partner")), "done");
    let late = authenticator(later(120));
    let typed = order(later(180)).with(Factor::Totp(&late));
    assert_eq!(
        code(world.dev.export(&typed, "k7", "partner")),
        "second_factor_wrong"
    );
}

#[test]
fn five_wrong_codes_lock() {
    let world = World::new();
    issued(&world, "k7");
    let olga = owner(Environment::Dev);
    let authenticator = enrol(&world.dev, &olga);
    let order = |now| Order::new(&olga, "to the partner", now);
    world
        .dev
        .confirm_totp(&order(NOW), &authenticator(NOW))
        .expect("a confirmation");
    let now = later(300);
    let right = authenticator(now);
    let wrong = if right == "000000" {
        "000001"
    } else {
        "000000"
    };
    for _ in 0..5 {
        let typed = order(now).with(Factor::Totp(wrong));
        assert_eq!(
            code(world.dev.export(&typed, "k7", "partner")),
            "second_factor_wrong"
        );
    }
    let typed = order(now).with(Factor::Totp(&right));
    assert_eq!(
        code(world.dev.export(&typed, "k7", "partner")),
        "second_factor_locked"
    );
    let now = later(300 + 15 * 60);
    let right = authenticator(now);
    let typed = order(now).with(Factor::Totp(&right));
    assert_eq!(code(world.dev.export(&typed, "k7", "partner")), "done");
}

#[test]
fn a_second_person_approves_one_act_once() {
    let world = World::new();
    issued(&world, "k7");
    issued(&world, "k8");
    let (olga, oskar) = (
        owner(Environment::Dev),
        Principal {
            name: "oskar".into(),
            ..owner(Environment::Dev)
        },
    );
    let otto = operator(Environment::Dev);
    let order = Order::new(&olga, "no longer needed", NOW);
    for keyid in ["k7", "k8"] {
        assert_eq!(code(world.dev.revoke(&order, keyid)), "done");
    }
    let plan = Plan::on(Permission::DestroyKey, "k7");
    assert_eq!(
        code(
            world
                .dev
                .ask_approval(&Order::new(&otto, "x", NOW), &plan, false, 60)
        ),
        "forbidden"
    );
    let id = world
        .dev
        .ask_approval(&order, &plan, false, 3600)
        .expect("an approval");
    let asked = order.with(Factor::Approval(&id));
    assert_eq!(code(world.dev.destroy(&asked, "k7")), "approval_waits");
    assert_eq!(
        code(world.dev.approve(&order, &id, &plan)),
        "approval_same_person"
    );
    assert_eq!(
        code(world.dev.approve(&Order::new(&otto, "x", NOW), &id, &plan)),
        "forbidden"
    );
    let second = Order::new(&oskar, "agreed", NOW);
    let other = Plan::on(Permission::DestroyKey, "k8");
    assert_eq!(
        code(world.dev.approve(&second, &id, &other)),
        "approval_other"
    );
    assert_eq!(code(world.dev.approve(&second, &id, &plan)), "done");
    // Bound to the act, to who does it, and to the time.
    assert_eq!(code(world.dev.destroy(&asked, "k8")), "approval_other");
    let oskars = second.with(Factor::Approval(&id));
    assert_eq!(code(world.dev.destroy(&oskars, "k7")), "approval_other");
    let late = Order {
        now: later(3600),
        ..asked
    };
    assert_eq!(code(world.dev.destroy(&late, "k7")), "approval_expired");
    let destroyed = world.dev.destroy(&asked, "k7").expect("a destruction");
    assert!(!destroyed.has_secret());
    assert_eq!(
        world.last_record().details["second_factor_by"].as_str(),
        "oskar"
    );
    assert_eq!(code(world.dev.destroy(&asked, "k7")), "key_destroyed");
    assert_eq!(code(world.dev.destroy(&asked, "k8")), "approval_unknown");
}

#[test]
fn a_live_key_that_withdraws_asks_even_after_a_fresh_second_factor() {
    let world = World::new();
    let mut otto = operator(Environment::Live);
    let order = Order::new(&otto, "a new customer", NOW);
    assert_eq!(
        code(world.live.issue(&order, &key("k1"))),
        "second_factor_required"
    );
    otto.second_factor_at = Some(NOW);
    let order = Order::new(&otto, "a new customer", NOW);
    assert_eq!(code(world.live.issue(&order, &key("k1"))), "done");
    let withdraws = NewKey {
        groups: vec!["withdraw".into()],
        ..key("k2")
    };
    assert_eq!(
        code(world.live.issue(&order, &withdraws)),
        "second_factor_required"
    );
    let plan = withdraws.plan();
    let id = world
        .live
        .ask_approval(&order, &plan, true, 600)
        .expect("an approval");
    let oskar = Principal {
        name: "oskar".into(),
        ..otto.clone()
    };
    world
        .live
        .approve(&Order::new(&oskar, "checked", NOW), &id, &plan)
        .expect("an approval");
    let order = order.with(Factor::Approval(&id));
    let more = NewKey {
        owner: "mallory".into(),
        ..withdraws.clone()
    };
    assert_eq!(code(world.live.issue(&order, &more)), "approval_other");
    assert_eq!(code(world.live.issue(&order, &withdraws)), "done");
}

#[test]
fn the_root_is_changed_by_an_owner_with_a_second_factor() {
    let world = World::new();
    let (olga, otto) = (owner(Environment::Dev), operator(Environment::Dev));
    let mut batch = Batch::new();
    batch.put(Space::Vault, b"header", b"the next".to_vec());
    let order = Order::new(&otto, "yearly", NOW);
    assert_eq!(code(world.dev.change_root(&order, &batch)), "forbidden");
    let order = Order::new(&olga, "yearly", NOW);
    assert_eq!(
        code(world.dev.change_root(&order, &batch)),
        "second_factor_required"
    );
    let authenticator = enrol(&world.dev, &olga);
    let confirmed = world.dev.confirm_totp(&order, &authenticator(NOW));
    confirmed.expect("a confirmation");
    assert_eq!(
        world.disk.get(Space::Vault, b"header").expect("a store"),
        None
    );
    let next = authenticator(later(30));
    let order = Order::new(&olga, "yearly", later(30)).with(Factor::Totp(&next));
    assert_eq!(code(world.dev.change_root(&order, &batch)), "done");
    let header = world.disk.get(Space::Vault, b"header").expect("a store");
    assert_eq!(header.as_deref(), Some(b"the next".as_slice()));
}
