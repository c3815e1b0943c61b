//! The memory of a plugin: lists of free blocks by size.
//!
//! A function allocates a few dozen small things and frees them all, so what counts is that taking a block and giving it
//! back are a handful of instructions each. Blocks of up to [`SMALL_BYTES_MAX`] come from lists, one for each multiple of
//! [`STEP`]; an empty list is filled from a chunk. Chunks, and all that is larger, come from the allocator of the standard
//! library. A small block is never given back to that: a plugin holds at most what it once held at the same time, by size.
//!
//! If this is wrong, a plugin garbles its own memory; it has no other.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::UnsafeCell;
use std::ptr;

/// Blocks are multiples of so many bytes, and aligned to them.
const STEP: usize = 16;
/// Larger ones are the standard library's business.
const SMALL_BYTES_MAX: usize = 1_024;
const LISTS: usize = SMALL_BYTES_MAX / STEP;
/// What is taken from the standard library's allocator at once.
const CHUNK_BYTES: usize = 16 * 1_024;

#[global_allocator]
static BLOCKS: Blocks = Blocks(UnsafeCell::new(Lists { free: [ptr::null_mut(); LISTS], next: 0, left: 0 }));

struct Blocks(UnsafeCell<Lists>);

struct Lists {
    /// Each free block begins with the address of the next one.
    free: [*mut u8; LISTS],
    /// What is left of the newest chunk.
    next: usize,
    left: usize,
}

#[expect(unsafe_code, reason = "an allocator is unsafe by its trait")]
// SAFETY: a component has one thread, and nothing here calls anything that could come back in.
unsafe impl Sync for Blocks {}

/// The list of blocks for a layout; none: it is not small.
const fn list_of(layout: Layout) -> Option<usize> {
    if layout.size() <= SMALL_BYTES_MAX && layout.align() <= STEP && layout.size() > 0 {
        Some((layout.size() - 1) / STEP)
    } else {
        None
    }
}

impl Blocks {
    #[cold]
    #[inline(never)]
    fn carve(&self, list: usize) -> *mut u8 {
        let bytes = (list + 1) * STEP;
        #[expect(unsafe_code, reason = "an allocator is unsafe by its trait")]
        // SAFETY: nobody else has a reference to the lists while this runs (see `Sync`), and the layout is not empty.
        unsafe {
            let lists = &mut *self.0.get();
            if lists.left < bytes {
                let chunk = System.alloc(Layout::from_size_align_unchecked(CHUNK_BYTES, STEP));
                if chunk.is_null() {
                    return chunk;
                }
                lists.next = chunk.expose_provenance();
                lists.left = CHUNK_BYTES;
            }
            let block = lists.next;
            lists.next += bytes;
            lists.left -= bytes;
            ptr::with_exposed_provenance_mut(block)
        }
    }
}

#[expect(unsafe_code, reason = "an allocator is unsafe by its trait")]
// SAFETY: a block of a list has at least the size of every layout of that list and is aligned to `STEP`: chunks are, and
// blocks are multiples of it. `dealloc` gets the layout that `alloc` got, so a block returns to its own list, and what
// came from the standard library's allocator returns there. A block is on a list or given out, never both.
unsafe impl GlobalAlloc for Blocks {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let Some(list) = list_of(layout) else { return unsafe { System.alloc(layout) } };
        unsafe {
            let head = (*self.0.get()).free.as_mut_ptr().add(list);
            let block = *head;
            if block.is_null() {
                return self.carve(list);
            }
            *head = *block.cast::<*mut u8>();
            block
        }
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        let Some(list) = list_of(layout) else { return unsafe { System.dealloc(block, layout) } };
        unsafe {
            let head = (*self.0.get()).free.as_mut_ptr().add(list);
            *block.cast::<*mut u8>() = *head;
            *head = block;
        }
    }

    #[inline]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let new = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        match (list_of(layout), list_of(new)) {
            (Some(old), Some(new)) if old == new => block,
            (None, None) => unsafe { System.realloc(block, layout, size) },
            _ => unsafe {
                let to = self.alloc(new);
                if !to.is_null() {
                    ptr::copy_nonoverlapping(block, to, layout.size().min(size));
                    self.dealloc(block, layout);
                }
                to
            },
        }
    }
}
