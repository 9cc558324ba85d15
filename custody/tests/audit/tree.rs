//! The tree against the known answers of the reference implementation of RFC 6962, and against a tree
//! that is made by the words of the RFC.

use countersign_custody::audit::{Hash, tree};

const LEAVES: [&str; 8] = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
];

const ROOTS: [&str; 9] = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

fn leaves() -> Vec<Vec<u8>> {
    let bytes = |text: &str| -> Vec<u8> {
        (0..text.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
            .collect()
    };
    LEAVES.map(bytes).to_vec()
}

/// The root, as section 2.1 says it.
fn root_of(leaves: &[Vec<u8>]) -> Hash {
    match leaves {
        [] => tree::empty(),
        [leaf] => tree::leaf(leaf),
        _ => {
            let middle = (leaves.len().next_power_of_two()) / 2;
            tree::node(root_of(&leaves[..middle]), root_of(&leaves[middle..]))
        }
    }
}

/// The full nodes of a tree.
fn nodes(leaves: &[Vec<u8>]) -> impl FnMut(u32, u64) -> Result<Hash, ()> {
    move |level, index| {
        let start = usize::try_from(index << level).unwrap();
        let end = start + (1 << level);
        leaves.get(start..end).map(root_of).ok_or(())
    }
}

fn path(hashes: &[&str]) -> Vec<Hash> {
    hashes.iter().map(|hash| hash.parse().unwrap()).collect()
}

#[test]
fn roots_are_the_known_ones() {
    let (leaves, mut frontier) = (leaves(), tree::Frontier::new());
    assert_eq!(frontier.root().to_string(), ROOTS[0]);
    for (leaf, (size, root)) in leaves.iter().zip((1..).zip(&ROOTS[1..])) {
        frontier.push(leaf);
        assert_eq!(frontier.size(), size);
        assert_eq!(frontier.root().to_string(), *root);
        assert_eq!(
            tree::root(size, &mut nodes(&leaves)).unwrap().to_string(),
            *root
        );
    }
}

#[test]
fn proofs_are_the_known_ones() {
    let leaves = leaves();
    let mut nodes = nodes(&leaves);
    let inclusion = path(&[
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]);
    assert_eq!(tree::inclusion(5, 8, &mut nodes), Ok(inclusion));
    let consistency = path(&[
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]);
    assert_eq!(tree::consistency(6, 8, &mut nodes), Ok(consistency));
}

#[test]
fn every_leaf_of_every_tree_up_to_33_has_a_proof_and_no_other() {
    let leaves: Vec<Vec<u8>> = (0..33_u8).map(|n| vec![n]).collect();
    for size in 1..=33_u64 {
        let root = root_of(&leaves[..usize::try_from(size).unwrap()]);
        for index in 0..size {
            let leaf = tree::leaf(&leaves[usize::try_from(index).unwrap()]);
            let path = tree::inclusion(index, size, &mut nodes(&leaves)).unwrap();
            let proves = |leaf, index, size, path: &[Hash]| {
                tree::root_of_inclusion(leaf, index, size, path) == Some(root)
            };
            assert!(proves(leaf, index, size, &path), "{index} of {size}");
            for other in (0..40).filter(|other| *other != index) {
                assert!(
                    !proves(leaf, other, size, &path),
                    "{index} of {size} as {other}"
                );
            }
            assert!(!proves(tree::leaf(b"?"), index, size, &path));
            let mut longer = path.clone();
            longer.push(root);
            assert!(!proves(leaf, index, size, &longer));
            if let Some((_, shorter)) = path.split_last() {
                assert!(!proves(leaf, index, size, shorter));
            }
        }
    }
}

#[test]
fn every_two_trees_up_to_33_have_a_proof_of_growth_and_no_other() {
    let leaves: Vec<Vec<u8>> = (0..33_u8).map(|n| vec![n]).collect();
    let tree_of = |size: u64| (size, root_of(&leaves[..usize::try_from(size).unwrap()]));
    for newer in 1..=33 {
        for older in 1..=newer {
            let path = tree::consistency(older, newer, &mut nodes(&leaves)).unwrap();
            assert!(
                tree::is_consistent(tree_of(older), tree_of(newer), &path),
                "{older} {newer}"
            );
            let forged = (older, tree::leaf(b"?"));
            assert!(
                !tree::is_consistent(forged, tree_of(newer), &path),
                "{older} {newer}"
            );
            let forged = (newer, tree::leaf(b"?"));
            assert!(
                !tree::is_consistent(tree_of(older), forged, &path),
                "{older} {newer}"
            );
            for at in 0..path.len() {
                let mut forged = path.clone();
                forged[at] = tree::leaf(b"?");
                assert!(!tree::is_consistent(
                    tree_of(older),
                    tree_of(newer),
                    &forged
                ));
                forged.remove(at);
                assert!(!tree::is_consistent(
                    tree_of(older),
                    tree_of(newer),
                    &forged
                ));
            }
            let mut longer = path.clone();
            longer.push(tree::leaf(b"?"));
            assert!(!tree::is_consistent(
                tree_of(older),
                tree_of(newer),
                &longer
            ));
        }
    }
    assert!(!tree::is_consistent(tree_of(0), tree_of(5), &[]));
    assert!(!tree::is_consistent(tree_of(5), tree_of(3), &[]));
}
