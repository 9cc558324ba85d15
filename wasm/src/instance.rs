//! What makes this crate a module of its own: allocator, panics, and the state of the instance.
#![expect(
    unsafe_code,
    reason = "a module has one thread, and a global is all that an export can reach"
)]

use core::cell::UnsafeCell;
use core::panic::PanicInfo;

use countersign_core::Refusal;

use crate::frame::Reply;
use crate::handles::Handles;

#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

#[panic_handler]
fn trap(_: &PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}

struct State {
    handles: Handles,
    reply: Reply,
}

struct Global(UnsafeCell<Option<State>>);

// SAFETY: the module is built without threads.
unsafe impl Sync for Global {}

static STATE: Global = Global(UnsafeCell::new(None));

/// Runs a verb and gives its reply, a refusal included.
pub(crate) fn respond(
    verb: impl FnOnce(&mut Handles, &mut Reply) -> Result<(), Refusal>,
) -> &'static [u8] {
    // SAFETY: one thread, and no verb calls back out of the module, so this is the only reference
    // while it lives. The reply that an earlier call gave out is dead by the contract of the doors.
    let state = unsafe { &mut *STATE.0.get() };
    let state = state.get_or_insert_with(|| State {
        handles: Handles::default(),
        reply: Reply::default(),
    });
    state.reply.clear();
    if let Err(refusal) = verb(&mut state.handles, &mut state.reply) {
        state.reply.refuse(&refusal);
    }
    state.reply.as_bytes()
}
