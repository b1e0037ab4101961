//! How many things a message has, counted before any of them is made.

/// Resources, scopes and records of one message together. Senders usually put 512 records into one.
pub(super) const PARTS_MAX: usize = 50_000;

/// The fields that lead from a message to its records: resource, scope, record. They are the same for spans, log records
/// and instruments.
const PATH: [u32; 3] = [1, 2, 2];

/// Whether a protobuf message has few enough parts. What is no protobuf has none; its decoder says so.
pub(super) fn protobuf_fits(bytes: &[u8]) -> bool {
    let mut left = PARTS_MAX;
    count(bytes, &PATH, &mut left);
    left > 0
}

/// Whether JSON has few enough parts. Each object of it may become a hundred times as large in memory.
pub(super) fn json_fits(bytes: &[u8]) -> bool {
    bytes.iter().filter(|byte| **byte == b'{').count() <= PARTS_MAX * 8
}

fn count(mut bytes: &[u8], path: &[u32], left: &mut usize) {
    let Some((wanted, below)) = path.split_first() else {
        return;
    };
    while let Some((field, content)) = next(&mut bytes) {
        if field != *wanted {
            continue;
        }
        if let Some(content) = content {
            *left = left.saturating_sub(1);
            if *left == 0 {
                return;
            }
            count(content, below, left);
        }
    }
}

/// The next field, and what is in it if it has a length. None at the end, or where this is no protobuf.
fn next<'a>(bytes: &mut &'a [u8]) -> Option<(u32, Option<&'a [u8]>)> {
    let tag = varint(bytes)?;
    let field = u32::try_from(tag >> 3).ok()?;
    let skipped = match tag & 7 {
        0 => {
            varint(bytes)?;
            return Some((field, None));
        }
        1 => 8,
        5 => 4,
        2 => {
            let length = usize::try_from(varint(bytes)?).ok()?;
            let (content, rest) = bytes.split_at_checked(length)?;
            *bytes = rest;
            return Some((field, Some(content)));
        }
        _ => return None,
    };
    *bytes = bytes.get(skipped..)?;
    Some((field, None))
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_spans_are_counted_before_they_become_large() {
        // One resource with one scope with many spans of two bytes each.
        let message = |spans: usize| {
            let spans = [0x12, 0].repeat(spans);
            let scope = field(0x12, &spans);
            field(0x0a, &scope)
        };
        assert!(protobuf_fits(&message(PARTS_MAX - 3)));
        assert!(!protobuf_fits(&message(PARTS_MAX)));
        assert!(!protobuf_fits(&[0x0a, 0].repeat(PARTS_MAX)));
    }

    #[test]
    fn what_is_no_protobuf_ends_the_count() {
        for broken in [
            &b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"[..],
            b"\x0a\x7f",
            b"\x0f",
            b"\x09\x01",
        ] {
            assert!(protobuf_fits(broken));
        }
    }

    fn field(tag: u8, content: &[u8]) -> Vec<u8> {
        let mut bytes = vec![tag];
        let mut length = content.len();
        while length >= 0x80 {
            bytes.push((length & 0x7f) as u8 | 0x80);
            length >>= 7;
        }
        bytes.push(length as u8);
        bytes.extend(content);
        bytes
    }
}
