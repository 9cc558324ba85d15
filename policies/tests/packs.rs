//! The starter packs: their cases, answered by core and by Cedar's own authorizer, and all reached.
#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "in a test, to panic is to fail"
)]

use countersign_policies::cases::{Run, Target};
use countersign_policies::packs::{self, Pack};
use countersign_policies::reference::Reference;
use countersign_policies::{compile, coverage};

#[test]
fn core_answers_the_cases_of_every_pack_which_reach_all_of_it() {
    for pack in packs::all() {
        let (run, coverage) = coverage::run(&pack.sources, &pack.cases).expect("a run");
        all_pass(&pack, &run);
        let gaps: Vec<String> = coverage.gaps().iter().map(ToString::to_string).collect();
        assert_eq!(gaps, [""; 0], "{}", pack.name);
        assert_eq!(coverage.percent(), 100, "{}", pack.name);
    }
}

#[test]
fn cedar_answers_the_cases_of_every_pack() {
    for pack in packs::all() {
        let target = Target::new(&pack.sources).expect("the pack compiles");
        let reference = Reference::new(&pack.sources).expect("a pack");
        let run = Run::new(
            &pack.cases,
            |case| target.question(case),
            |question| reference.ask(question),
        );
        all_pass(&pack, &run.expect("a run"));
    }
}

#[test]
fn a_shipped_bundle_says_why_in_a_sentence_and_is_small() {
    for pack in packs::all() {
        let compiled = compile(&pack.sources).expect("the pack compiles");
        assert_eq!(compiled.bundle().name(), pack.name);
        assert!(compiled.bytes().len() <= 5120, "{} is too large", pack.name);
        for policy in compiled.bundle().policies() {
            let reason = policy.reason().expect("a reason");
            assert!(reason.ends_with('.'), "{}: {reason}", policy.id());
        }
    }
}

fn all_pass(pack: &Pack, run: &Run) {
    let (passed, failed) = run.counts();
    for case in run.cases().filter(|case| !case.passed()) {
        let description = &case.case.description;
        println!("{description}: {:?} {:?}", case.answer, case.differences);
    }
    assert_eq!(failed, 0, "{}", pack.name);
    assert!(passed >= 20, "the cases of {} are there", pack.name);
}
