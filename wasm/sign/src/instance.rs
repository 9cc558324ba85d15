//! What makes the module: its memory, and its exports (`docs/abi.md`).
#![expect(
    unsafe_code,
    reason = "a module has one thread, and a global is all that an export can reach"
)]

use core::alloc::{GlobalAlloc, Layout};
use core::arch::wasm32::{memory_grow, memory_size, unreachable};
use core::cell::UnsafeCell;
use core::panic::PanicInfo;
use core::{hint, ptr, slice};

use countersign_core::Code;
use countersign_core::signer::{Key, memory_for, open, sign};

unsafe extern "C" {
    static mut __heap_base: u8;
}

struct State {
    key: Option<(Key, &'static [u8])>,
    /// The bytes that the sender takes at the start of the memory.
    sender: usize,
    /// How much of the memory a call may use: what lies behind it is zero.
    size: usize,
}

struct Global(UnsafeCell<State>);

// SAFETY: the module is built without threads.
unsafe impl Sync for Global {}

static STATE: Global = Global(UnsafeCell::new(State {
    key: None,
    sender: 0,
    size: 0,
}));

/// Core can allocate; nothing that signs does.
struct NoHeap;

#[global_allocator]
static NO_HEAP: NoHeap = NoHeap;

// SAFETY: it gives nothing.
unsafe impl GlobalAlloc for NoHeap {
    unsafe fn alloc(&self, _: Layout) -> *mut u8 {
        ptr::null_mut()
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

const PAGE: usize = 1 << 16;

#[panic_handler]
fn trap(_: &PanicInfo<'_>) -> ! {
    unreachable()
}

/// All that lies behind the stack and the constants.
fn memory() -> &'static mut [u8] {
    let start = (&raw mut __heap_base).addr();
    let end = memory_size::<0>() * PAGE;
    // SAFETY: there is no allocator, so it is nobody's.
    unsafe { slice::from_raw_parts_mut(ptr::with_exposed_provenance_mut(start), end - start) }
}

/// Gives the address of room for a frame of so many bytes, and wipes what the last call left there.
#[unsafe(no_mangle)]
extern "C" fn room(length: usize) -> usize {
    // SAFETY: one thread, and no call is under way.
    let state = unsafe { &mut *STATE.0.get() };
    let room = memory().get_mut(state.sender..state.size);
    room.unwrap_or_default().fill(0);
    state.size = memory_for(state.sender + length);
    let missing = state.size.saturating_sub(memory().len());
    if memory_grow::<0>(missing.div_ceil(PAGE)) == usize::MAX {
        unreachable();
    }
    memory().as_ptr().addr() + state.sender
}

/// Runs a verb on the frame there: 0 takes a key in, 1 signs, 2 signs a chunk, any other forgets the key. The reply is
/// where the frame was. Gives 0, or the number of the refusal's code, from 1.
#[unsafe(no_mangle)]
extern "C" fn call(verb: u32, length: usize) -> usize {
    // SAFETY: one thread, and no call calls back out of the module.
    let state = unsafe { &mut *STATE.0.get() };
    let fault = run(state, verb, length).err();
    wipe_stack();
    fault.map_or(0, |code| usize::from(code.number()) + 1)
}

#[inline(never)]
fn run(state: &mut State, verb: u32, length: usize) -> Result<(), Code> {
    let memory = memory().get_mut(..state.size).unwrap_or_default();
    match &state.key {
        Some((key, program)) if verb == 1 || verb == 2 => {
            sign(memory, state.sender, length, key, program, verb == 2)
        }
        None if verb == 0 => {
            let (key, program, sender) = open(memory, length, crate::program)?;
            state.key = Some((key, program));
            state.sender = sender;
            Ok(())
        }
        _ => {
            state.key = None;
            state.sender = 0;
            memory.fill(0);
            Err(Code::HandleUnknown)
        }
    }
}

/// Wipes what a verb left on the stack, such as the padded key of an HMAC.
#[inline(never)]
fn wipe_stack() {
    let mut left = [0_u8; 8192];
    left.fill(0);
    hint::black_box(&mut left);
}
