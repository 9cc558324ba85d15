//! Once it is warm, an evaluator answers without allocating, also of a request linked anew.
#![allow(
    unsafe_code,
    clippy::expect_used,
    reason = "an allocator that counts is one; in a test, to panic is to fail"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::Arc;

use countersign_core::policy::{
    Bundle, Entities, EntityStore, Evaluator, IpRange, LinkedQuery, Literal,
};

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: every call is passed on as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: as this function demands.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, address: *mut u8, layout: Layout) {
        // SAFETY: as this function demands.
        unsafe { System.dealloc(address, layout) }
    }
}

fn allocations(work: impl FnOnce()) -> usize {
    let before = ALLOCATIONS.with(Cell::get);
    work();
    ALLOCATIONS.with(Cell::get) - before
}

const ENTITIES: &str = r#"[
    {"uid": {"type": "ApiKey", "id": "k7"}, "parents": [{"type": "Group", "id": "withdrawer"}],
     "attrs": {"environment": "live",
               "ip_allow_list": [{"__extn": {"fn": "ip", "arg": "203.0.113.0/24"}}]}},
    {"uid": {"type": "User", "id": "ann"}, "parents": [{"type": "Team", "id": "core"}],
     "attrs": {"level": 9, "tags": ["x", "y"]}}
]"#;

#[test]
fn a_warm_evaluator_does_not_allocate() {
    let entities = Entities::from_json(ENTITIES).expect("entities");
    let bundles: [&[u8]; 2] = [
        include_bytes!("../../policies/tests/bundles/trading-api.bundle"),
        include_bytes!("../../policies/tests/bundles/language.bundle"),
    ];
    let address = IpRange::parse("203.0.113.7").expect("an address");
    let context = [
        ("client_ip", Literal::Ip(address)),
        ("n", Literal::Long(4)),
        ("s", Literal::String("a string that no bundle has")),
        ("set", Literal::Set(&[Literal::Long(1), Literal::Long(9)])),
        ("r", Literal::Record(&[("a", Literal::Long(1))])),
    ];
    for bytes in bundles {
        let bundle = Arc::new(Bundle::load_unsigned(bytes).expect("a bundle"));
        let store = Arc::new(EntityStore::new(bundle, &entities).expect("a store"));
        let (mut query, mut evaluator) = (LinkedQuery::new(store), Evaluator::new());
        let mut ask = |principal, action, resource| {
            query
                .link(principal, ("Action", action), resource, &context)
                .expect("it is linked");
            let answer = evaluator.evaluate(&query);
            answer.reasons().count() + answer.errors().count()
        };
        let mut ask_all = || {
            [
                "withdraw",
                "place-order",
                "read",
                "write",
                "list",
                "unheard-of",
            ]
            .into_iter()
            .map(|action| {
                ask(("ApiKey", "k7"), action, ("Exchange", "main"))
                    + ask(("User", "ann"), action, ("Doc", "7"))
            })
            .sum::<usize>()
        };
        let spoken = ask_all();
        assert!(spoken > 0, "policies speak");
        assert!(allocations(|| drop(vec![1])) > 0, "the allocator counts");
        let mut again = 0;
        assert_eq!(allocations(|| again = ask_all()), 0);
        assert_eq!(again, spoken);
    }
}
