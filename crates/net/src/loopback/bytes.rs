//! Bytes on their way through a connection: a queue that takes memory as it fills and gives it back as it drains.
//!
//! Memory is counted in what was allocated, not in bytes that are there, so that a queue of one byte cannot hold
//! more than it is charged for.

use std::collections::VecDeque;

/// Pieces of memory are no smaller, whatever is written: many small writes share one.
pub(super) const SMALLEST_CHUNK: usize = 1024;
/// Nor larger, so that a queue that drains gives memory back before it is empty.
const LARGEST_CHUNK: usize = 16 << 10;
/// Entries for chunks that an empty queue keeps.
const FEW: usize = 4;

#[derive(Debug, Default)]
pub(super) struct ByteQueue {
    chunks: VecDeque<Chunk>,
    len: usize,
    held: usize,
}

#[derive(Debug)]
struct Chunk {
    bytes: Vec<u8>,
    read: usize,
}

impl ByteQueue {
    /// Bytes that wait to be read.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bytes of memory for them.
    pub(super) fn held(&self) -> usize {
        self.held
    }

    /// Bytes of memory that are not paid for with the socket: all but a first small piece.
    pub(super) fn charged(&self) -> usize {
        self.held.saturating_sub(SMALLEST_CHUNK)
    }

    /// Bytes of memory that `push` takes for so much data.
    pub(super) fn needs(&self, data: usize) -> usize {
        let free = self.chunks.back().map_or(0, Chunk::free);
        let rest = data.saturating_sub(free);
        let last = rest % LARGEST_CHUNK;
        let last = if last == 0 { 0 } else { chunk_for(last) };
        (rest - rest % LARGEST_CHUNK) + last
    }

    /// Whether at least one byte is taken with so much more memory.
    pub(super) fn takes(&self, allowance: usize) -> bool {
        allowance >= SMALLEST_CHUNK || self.chunks.back().is_some_and(|last| last.free() > 0)
    }

    /// Takes as much of the data as fits into what is held and `allowance` more bytes of memory; returns how much.
    pub(super) fn push(&mut self, data: &[u8], mut allowance: usize) -> usize {
        let mut rest = data;
        if let Some(last) = self.chunks.back_mut() {
            rest = last.fill(rest);
        }
        while !rest.is_empty() && allowance >= SMALLEST_CHUNK {
            let mut chunk = Chunk::new(chunk_for(rest.len()).min(allowance));
            let held = chunk.bytes.capacity();
            rest = chunk.fill(rest);
            self.held += held;
            allowance = allowance.saturating_sub(held);
            self.chunks.push_back(chunk);
        }
        let taken = data.len() - rest.len();
        self.len += taken;
        taken
    }

    /// Moves bytes into a buffer; returns how many.
    pub(super) fn pull(&mut self, buffer: &mut [u8]) -> usize {
        let mut read = 0;
        while let Some(first) = self.chunks.front_mut() {
            read += first.drain(buffer.get_mut(read..).unwrap_or_default());
            if first.read < first.bytes.len() {
                break;
            }
            self.held -= first.bytes.capacity();
            self.chunks.pop_front();
        }
        self.len -= read;
        if self.len == 0 && self.chunks.capacity() > FEW {
            self.chunks = VecDeque::new();
        }
        read
    }
}

/// The size of the next chunk for so much data.
fn chunk_for(data: usize) -> usize {
    data.min(LARGEST_CHUNK)
        .next_power_of_two()
        .max(SMALLEST_CHUNK)
}

impl Chunk {
    fn new(capacity: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(capacity),
            read: 0,
        }
    }

    fn free(&self) -> usize {
        self.bytes.capacity() - self.bytes.len()
    }

    /// Fills what is free, without growing; returns the rest.
    fn fill<'a>(&mut self, data: &'a [u8]) -> &'a [u8] {
        let (fits, rest) = data.split_at_checked(self.free()).unwrap_or((data, &[]));
        self.bytes.extend_from_slice(fits);
        rest
    }

    fn drain(&mut self, buffer: &mut [u8]) -> usize {
        let unread = self.bytes.get(self.read..).unwrap_or_default();
        let count = unread.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..count), unread.get(..count)) {
            to.copy_from_slice(from);
        }
        self.read += count;
        count
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn many_small_writes_share_one_piece_of_memory() {
        let mut queue = ByteQueue::default();
        for byte in 0..=255 {
            assert_eq!(queue.push(&[byte], 1 << 20), 1);
        }
        assert_eq!((queue.len(), queue.held()), (256, SMALLEST_CHUNK));
    }

    #[test]
    fn what_has_no_memory_is_not_taken() {
        let mut queue = ByteQueue::default();
        assert_eq!(queue.push(&[7; 5000], 2048), 2048);
        assert_eq!(queue.push(&[7; 5000], 1023), 0);
        assert_eq!((queue.len(), queue.held()), (2048, 2048));
    }

    #[test]
    fn a_queue_gives_its_memory_back_as_it_drains() {
        let mut queue = ByteQueue::default();
        assert_eq!(queue.push(&[7; 100_000], 1 << 20), 100_000);
        let full = queue.held();
        let mut buffer = vec![0; 50_000];
        assert_eq!(queue.pull(&mut buffer), 50_000);
        assert!(queue.held() <= full - 3 * LARGEST_CHUNK);
        assert_eq!(queue.pull(&mut vec![0; 100_000]), 50_000);
        assert_eq!((queue.len(), queue.held()), (0, 0));
        assert!(queue.chunks.capacity() <= FEW);
    }

    proptest! {
        #[test]
        fn bytes_come_out_as_they_went_in(
            steps in prop::collection::vec((any::<bool>(), 0_usize..3000, 0_usize..6000), 1..60)
        ) {
            let mut queue = ByteQueue::default();
            let (mut written, mut read, mut next) = (Vec::new(), Vec::new(), 0_u8);
            for (write, size, allowance) in steps {
                if write {
                    let data: Vec<u8> = (0..size).map(|_| { next = next.wrapping_add(1); next }).collect();
                    let before = queue.held();
                    let takes = queue.takes(allowance);
                    let needs = queue.needs(size);
                    let taken = queue.push(&data, allowance);
                    if allowance >= needs {
                        prop_assert_eq!((taken, queue.held()), (size, before + needs));
                    }
                    prop_assert!(queue.held() <= before + allowance);
                    prop_assert_eq!(taken > 0, takes && size > 0);
                    written.extend_from_slice(&data[..taken]);
                } else {
                    let mut buffer = vec![0; size];
                    let count = queue.pull(&mut buffer);
                    prop_assert!(count == size || queue.is_empty());
                    read.extend_from_slice(&buffer[..count]);
                }
                prop_assert_eq!(queue.len(), written.len() - read.len());
                prop_assert!(queue.held() >= queue.len());
                prop_assert_eq!(&written[..read.len()], &read[..]);
            }
        }
    }
}
