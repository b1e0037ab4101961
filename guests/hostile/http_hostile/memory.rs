//! Memory of the guest's own.
//!
//! - `/grow?PAGES`: asks for PAGES more pages until that is refused; answers how many bytes there are then
//! - `/grow-touch?PAGES`: the same, and writes to every page, so that the host has to find real memory for it
//! - `/oom`: takes memory until the allocator gives up, which is a trap
//! - `/fill`: fills as much memory as it gets again and again, each time with one instruction

use core::arch::wasm32::{memory_grow, memory_size};

use weft_guests::number;

const PAGE: usize = 64 << 10;

/// The answer of a route of this file.
pub(crate) fn text(route: &str, query: &str) -> Option<String> {
    let pages = (number(query, 0) as usize).max(1);
    Some(match route {
        "/grow" => {
            while grow(pages).is_some() {}
            size()
        }
        "/grow-touch" => {
            while let Some(added) = grow(pages) {
                added.iter_mut().step_by(4096).for_each(|byte| *byte = 1);
            }
            size()
        }
        "/oom" => loop {
            std::mem::forget(std::hint::black_box(vec![1_u8; 1 << 20]));
        },
        "/fill" => {
            let mut all: &mut [u8] = &mut [];
            // From large to small, so that one piece is as large as the host lets it be.
            for pages in [4096, 3072, 2048, 1024, 512, 256] {
                if all.is_empty() {
                    all = grow(pages).unwrap_or_default();
                }
            }
            loop {
                all.fill(std::hint::black_box(7));
            }
        }
        _ => return None,
    })
}

/// New pages; none when they are refused.
fn grow(pages: usize) -> Option<&'static mut [u8]> {
    let before = memory_grow::<0>(pages);
    // SAFETY: pages that were just added belong to nobody else; the allocator only uses those that it asked for.
    (before != usize::MAX).then(|| unsafe {
        core::slice::from_raw_parts_mut((before * PAGE) as *mut u8, pages * PAGE)
    })
}

fn size() -> String {
    (memory_size::<0>() * PAGE).to_string()
}
