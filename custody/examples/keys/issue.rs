//! Issuing keys: allowed, sealed, recorded, on disk.

use std::error::Error;
use std::time::Instant;

use countersign_custody::Order;

use crate::office::{NOW, custodian, key, new_vault, operator, store};
use crate::rows::Rows;

const THREADS: u64 = 32;
const EACH: u64 = 100;

pub(crate) fn measure(rows: &mut Rows) -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let custodian = custodian(store(folder.path())?, &new_vault()?)?;
    let otto = operator();
    let order = Order::new(&otto, "a measurement", NOW);
    let issue = |count| (0..count).for_each(|_| drop(custodian.issue(&order, &key()).unwrap()));
    let begun = Instant::now();
    issue(EACH);
    rows.rate("issue, one thread", EACH, begun.elapsed());
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| issue(EACH));
        }
    });
    rows.rate("issue, 32 threads", THREADS * EACH, begun.elapsed());
    Ok(())
}
