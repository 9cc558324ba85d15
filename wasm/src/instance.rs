//! What makes this crate a module of its own: allocator, panics, and the state of the instance.
#![expect(
    unsafe_code,
    reason = "a module has one thread, and a global is all that an export can reach"
)]

use alloc::vec::Vec;
use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;
use core::mem;
use core::panic::PanicInfo;
use core::ptr;

use countersign_core::Refusal;
use zeroize::Zeroize as _;

use crate::dispatch;
use crate::frame::{Fields, Reply};
use crate::handles::Handles;

/// Wipes what it takes back: replies may hold a token. Small blocks it keeps for whoever wants one of their
/// size: a signature takes and gives back some fifty, and each way is then a few instructions.
struct Wiping {
    large: dlmalloc::GlobalDlmalloc,
    /// By size, the last of the blocks that were given back; the first word of each is the one before.
    small: UnsafeCell<[*mut Small; SIZES]>,
}

/// What small blocks are made of.
#[derive(Clone, Copy)]
#[repr(C, align(8))]
union Small {
    before: *mut Small,
    bytes: [u8; 16],
}

/// Small are blocks of up to so many times 16 bytes.
const SIZES: usize = 24;

#[global_allocator]
static ALLOCATOR: Wiping = Wiping {
    large: dlmalloc::GlobalDlmalloc,
    small: UnsafeCell::new([ptr::null_mut(); SIZES]),
};

// SAFETY: the module is built without threads.
unsafe impl Sync for Wiping {}

impl Wiping {
    /// How many times 16 bytes a small block takes, and where those of its size are kept.
    fn kept(&self, layout: Layout) -> Option<(usize, *mut *mut Small)> {
        let times = layout.size().div_ceil(size_of::<Small>());
        let is_small = (1..=SIZES).contains(&times) && layout.align() <= align_of::<Small>();
        let first = self.small.get().cast::<*mut Small>();
        is_small.then(|| (times, first.wrapping_add(times - 1)))
    }
}

// SAFETY: a block is either what dlmalloc gave, or one of the same size that was given back. Reallocation and
// zeroed blocks are the trait's own: a new block, a copy, and the old block wiped.
unsafe impl GlobalAlloc for Wiping {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let Some((times, kept)) = self.kept(layout) else {
            // SAFETY: as this function demands.
            return unsafe { self.large.alloc(layout) };
        };
        // SAFETY: it is one of the array's, and nothing else looks at them now.
        let last = unsafe { *kept };
        if last.is_null() {
            let Ok(layout) = Layout::array::<Small>(times) else {
                return ptr::null_mut();
            };
            // SAFETY: its size is not zero.
            return unsafe { self.large.alloc(layout) };
        }
        // SAFETY: what is kept here is the start of a block that is nobody's, and was written by `dealloc`.
        unsafe { *kept = (*last).before };
        last.cast()
    }

    unsafe fn dealloc(&self, address: *mut u8, layout: Layout) {
        let Some((times, kept)) = self.kept(layout) else {
            // SAFETY: the block is the caller's until it is given back, and then nobody's.
            return unsafe {
                address.write_bytes(0, layout.size());
                self.large.dealloc(address, layout);
            };
        };
        let block = address.cast::<Small>();
        for at in 0..times {
            // SAFETY: the block is of so many, and nobody's now. Volatile, for wiping is not to be left out.
            unsafe { block.add(at).write_volatile(Small { bytes: [0; 16] }) };
        }
        // SAFETY: as before, and as in `alloc`.
        unsafe {
            (*block).before = *kept;
            *kept = block;
        }
    }
}

#[panic_handler]
fn trap(_: &PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}

#[derive(Default)]
struct State {
    handles: Handles,
    reply: Reply,
    /// Where JavaScript writes its frames.
    frame: Vec<u8>,
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
    let state = state();
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

fn state() -> &'static mut State {
    // SAFETY: one thread, and no verb calls back out of the module, so this is the only reference
    // while it lives. The reply that an earlier call gave out is dead by the contract of the doors.
    let state = unsafe { &mut *STATE.0.get() };
    state.get_or_insert_with(State::default)
}

/// Longer memory is given back when a shorter frame is to be written.
const MOST: usize = 1 << 18;

/// Takes the memory for frames, made anew if it is shorter than `length`, or longer than is worth keeping.
pub(crate) fn take_frame(length: usize) -> Vec<u8> {
    let frame = mem::take(&mut state().frame);
    if length == 0 || (length <= frame.len() && frame.len() <= MOST) {
        return frame;
    }
    // Before there are both.
    drop(frame);
    alloc::vec![0; length]
}

/// Puts it back.
pub(crate) fn keep_frame(frame: Vec<u8>) {
    state().frame = frame;
}

/// Runs the verb of this number on a frame, which is wiped if it carries secrets.
pub(crate) fn answer(verb: u32, frame: &mut [u8], door: Door) -> &'static [u8] {
    let run = &mut |handles: &mut Handles, reply: &mut Reply| {
        dispatch::run(verb, handles, reply, &mut Fields::new(frame))
    };
    let reply = respond(run, door);
    if dispatch::is_secret(verb) {
        frame.zeroize();
    }
    if dispatch::uses_key(verb) {
        wipe_stack();
    }
    reply
}

/// Wipes what a verb left on the stack, such as the padded key of an HMAC: for the caller of
/// [`respond`] to call after it.
#[inline(never)]
fn wipe_stack() {
    // One instruction for it all: each signature waits for it.
    let mut left = [0_u8; 16384];
    left.fill(0);
    core::hint::black_box(&mut left);
}
