//! What makes this crate a module of its own: allocator, panics, and the state of the instance.
#![expect(
    unsafe_code,
    reason = "a module has one thread, and a global is all that an export can reach"
)]

use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;
use core::panic::PanicInfo;

use countersign_core::Refusal;
use zeroize::Zeroize as _;

use crate::dispatch;
use crate::frame::{Fields, Reply};
use crate::handles::Handles;

/// Wipes what it takes back: replies that JavaScript frees may hold a token.
struct Wiping(dlmalloc::GlobalDlmalloc);

#[global_allocator]
static ALLOCATOR: Wiping = Wiping(dlmalloc::GlobalDlmalloc);

// SAFETY: every call is passed on as it came. Reallocation is the trait's own: a new block, a copy,
// and the old block wiped.
unsafe impl GlobalAlloc for Wiping {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as this function demands.
        unsafe { self.0.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as this function demands.
        unsafe { self.0.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, address: *mut u8, layout: Layout) {
        // SAFETY: the block is the caller's until it is given back, and then nobody's.
        unsafe {
            address.write_bytes(0, layout.size());
            self.0.dealloc(address, layout);
        }
    }
}

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

/// By which door a call came in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Door {
    /// Refusals are told with the texts of their codes.
    JavaScript,
    /// They are told by their numbers.
    Plain,
}

/// A verb with its arguments.
type Call<'a> = &'a mut dyn FnMut(&mut Handles, &mut Reply) -> Result<(), Refusal>;

/// Runs a verb and gives its reply, a refusal included.
// Not inlined, so that all that a verb puts on the stack lies where `wipe_stack` wipes.
#[inline(never)]
pub(crate) fn respond(verb: Call<'_>, door: Door) -> &'static [u8] {
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
        if door == Door::JavaScript {
            state.reply.text(refusal.code().as_str());
            state.reply.text(refusal.code().sentence());
        }
    }
    state.reply.as_bytes()
}

/// Runs the verb of this number on a frame, which is wiped if it carries secrets.
pub(crate) fn answer(verb: u32, frame: &mut [u8], door: Door) -> &'static [u8] {
    let run = &mut |handles: &mut Handles, reply: &mut Reply| {
        dispatch::run(verb, handles, reply, &mut Fields::new(frame))
    };
    let reply = respond(run, door);
    if dispatch::is_secret(verb) {
        frame.zeroize();
        wipe_stack();
    }
    reply
}

/// Wipes what a verb left on the stack, such as the padded key of an HMAC: for the caller of
/// [`respond`] to call after it.
#[inline(never)]
fn wipe_stack() {
    let mut left = [0_u64; 2048];
    left.zeroize();
}
