//! How many things a message has, counted before any of them is made: an empty one is two bytes on the wire, and hundreds in
//! memory.

use super::Signal;

/// Resources, scopes, records and data points of one message together. Senders usually put 512 records into one.
const PARTS_MAX: usize = 50_000;
/// What one of these counts; each thing in one of them counts 1.
const PART: usize = 8;
/// What all things of a message may count.
const WEIGHT_MAX: usize = PARTS_MAX * PART;
/// Objects of a message in JSON. Each may become a hundred times as large in memory.
const OBJECTS_MAX: usize = 200_000;
/// Values in values that the decoder takes.
const DEPTH_MAX: usize = 100;

/// The fields of a message that hold messages: how much one counts, and what is in it.
struct Fields(&'static [(u32, usize, &'static Self)]);

static NOTHING: Fields = Fields(&[]);
static VALUE: Fields = Fields(&[(5, 1, &ARRAY), (6, 1, &ATTRIBUTES)]);
static ARRAY: Fields = Fields(&[(1, 1, &VALUE)]);
static ATTRIBUTES: Fields = Fields(&[(1, 1, &ATTRIBUTE)]);
static ATTRIBUTE: Fields = Fields(&[(2, 0, &VALUE)]);
static RESOURCE: Fields = Fields(&[(1, 1, &ATTRIBUTE), (3, 1, &ENTITY)]);
static ENTITY: Fields = Fields(&[(3, 1, &NOTHING), (4, 1, &NOTHING)]);
static SCOPE: Fields = Fields(&[(3, 1, &ATTRIBUTE)]);

static TRACES: Fields = Fields(&[(1, PART, &RESOURCE_SPANS)]);
static RESOURCE_SPANS: Fields = Fields(&[(1, 1, &RESOURCE), (2, PART, &SCOPE_SPANS)]);
static SCOPE_SPANS: Fields = Fields(&[(1, 1, &SCOPE), (2, PART, &SPAN)]);
static SPAN: Fields = Fields(&[(9, 1, &ATTRIBUTE), (11, 1, &EVENT), (13, 2, &LINK)]);
static EVENT: Fields = Fields(&[(3, 1, &ATTRIBUTE)]);
static LINK: Fields = Fields(&[(4, 1, &ATTRIBUTE)]);

static LOGS: Fields = Fields(&[(1, PART, &RESOURCE_LOGS)]);
static RESOURCE_LOGS: Fields = Fields(&[(1, 1, &RESOURCE), (2, PART, &SCOPE_LOGS)]);
static SCOPE_LOGS: Fields = Fields(&[(1, 1, &SCOPE), (2, PART, &LOG)]);
static LOG: Fields = Fields(&[(5, 1, &VALUE), (6, 1, &ATTRIBUTE)]);

static METRICS: Fields = Fields(&[(1, PART, &RESOURCE_METRICS)]);
static RESOURCE_METRICS: Fields = Fields(&[(1, 1, &RESOURCE), (2, PART, &SCOPE_METRICS)]);
static SCOPE_METRICS: Fields = Fields(&[(1, 1, &SCOPE), (2, PART, &METRIC)]);
static METRIC: Fields = Fields(&[
    (5, 1, &NUMBERS),
    (7, 1, &NUMBERS),
    (9, 1, &HISTOGRAMS),
    (10, 1, &EXPONENTIALS),
    (11, 1, &SUMMARIES),
    (12, 1, &ATTRIBUTE),
]);
static NUMBERS: Fields = Fields(&[(1, PART, &NUMBER)]);
static NUMBER: Fields = Fields(&[(5, 2, &EXEMPLAR), (7, 1, &ATTRIBUTE)]);
static HISTOGRAMS: Fields = Fields(&[(1, PART, &HISTOGRAM)]);
static HISTOGRAM: Fields = Fields(&[(8, 2, &EXEMPLAR), (9, 1, &ATTRIBUTE)]);
static EXPONENTIALS: Fields = Fields(&[(1, PART, &EXPONENTIAL)]);
static EXPONENTIAL: Fields = Fields(&[(1, 1, &ATTRIBUTE), (11, 2, &EXEMPLAR)]);
static SUMMARIES: Fields = Fields(&[(1, PART, &SUMMARY)]);
static SUMMARY: Fields = Fields(&[(6, 1, &NOTHING), (7, 1, &ATTRIBUTE)]);
static EXEMPLAR: Fields = Fields(&[(7, 1, &ATTRIBUTE)]);

/// Whether a protobuf message has few enough parts. What is no protobuf has none; its decoder says so.
pub(super) fn protobuf_fits(signal: Signal, bytes: &[u8]) -> bool {
    let fields = match signal {
        Signal::Traces => &TRACES,
        Signal::Logs => &LOGS,
        Signal::Metrics => &METRICS,
    };
    let mut left = WEIGHT_MAX;
    count(bytes, fields, DEPTH_MAX, &mut left).is_some()
}

/// Whether JSON has few enough parts.
pub(super) fn json_fits(bytes: &[u8]) -> bool {
    bytes.iter().filter(|byte| **byte == b'{').count() <= OBJECTS_MAX
}

/// Counts what is left after all of this; none if it is too much.
fn count(mut bytes: &[u8], fields: &Fields, depth: usize, left: &mut usize) -> Option<()> {
    let Some(below) = depth.checked_sub(1).filter(|_| !fields.0.is_empty()) else {
        return Some(());
    };
    while let Some((field, content)) = next(&mut bytes) {
        let content = match content {
            Content::Bytes(content) => content,
            Content::Number => continue,
            // A decoder reads over it; nothing here would.
            Content::Group => return None,
        };
        if let Some((_, weight, inside)) = fields.0.iter().find(|(known, _, _)| *known == field) {
            *left = left.checked_sub(*weight)?;
            count(content, inside, below, left)?;
        }
    }
    Some(())
}

/// What a field holds.
enum Content<'a> {
    Number,
    Bytes(&'a [u8]),
    /// An old way to nest, which OTLP does not have.
    Group,
}

/// The next field. None at the end, or where this is no protobuf.
fn next<'a>(bytes: &mut &'a [u8]) -> Option<(u32, Content<'a>)> {
    let tag = varint(bytes)?;
    let field = u32::try_from(tag >> 3).ok()?;
    let skipped = match tag & 7 {
        0 => {
            varint(bytes)?;
            return Some((field, Content::Number));
        }
        1 => 8,
        5 => 4,
        2 => {
            let length = usize::try_from(varint(bytes)?).ok()?;
            let (content, rest) = bytes.split_at_checked(length)?;
            *bytes = rest;
            return Some((field, Content::Bytes(content)));
        }
        3 | 4 => return Some((field, Content::Group)),
        _ => return None,
    };
    *bytes = bytes.get(skipped..)?;
    Some((field, Content::Number))
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
        assert!(protobuf_fits(Signal::Traces, &message(PARTS_MAX - 3)));
        assert!(!protobuf_fits(Signal::Traces, &message(PARTS_MAX)));
        let resources = [0x0a, 0].repeat(PARTS_MAX + 1);
        assert!(!protobuf_fits(Signal::Traces, &resources));
    }

    #[test]
    fn so_are_the_points_of_each_instrument_and_whatever_can_be_in_a_record() {
        let within = |path: &[u8], many: usize| {
            let (last, above) = path.split_last().unwrap();
            let innermost = [*last, 0].repeat(many);
            let wrapped = above.iter().rev();
            wrapped.fold(innermost, |content, tag| field(*tag, &content))
        };
        let (most, points) = (WEIGHT_MAX, PARTS_MAX);
        for (signal, path, many) in [
            (Signal::Metrics, &[0x0a, 0x12, 0x12, 0x2a, 0x0a][..], points),
            (Signal::Metrics, &[0x0a, 0x12, 0x12, 0x3a, 0x0a], points),
            (Signal::Metrics, &[0x0a, 0x12, 0x12, 0x4a, 0x0a], points),
            (Signal::Metrics, &[0x0a, 0x12, 0x12, 0x52, 0x0a], points),
            (Signal::Metrics, &[0x0a, 0x12, 0x12, 0x5a, 0x0a], points),
            (
                Signal::Metrics,
                &[0x0a, 0x12, 0x12, 0x4a, 0x0a, 0x42],
                most / 2,
            ),
            (Signal::Traces, &[0x0a, 0x12, 0x12, 0x4a], most),
            (Signal::Traces, &[0x0a, 0x12, 0x12, 0x5a], most),
            (Signal::Traces, &[0x0a, 0x12, 0x12, 0x6a], most / 2),
            (Signal::Traces, &[0x0a, 0x0a, 0x1a], most),
            (Signal::Logs, &[0x0a, 0x12, 0x12, 0x2a, 0x2a, 0x0a], most),
            (Signal::Logs, &[0x0a, 0x12, 0x12, 0x2a, 0x32, 0x0a], most),
        ] {
            assert!(!protobuf_fits(signal, &within(path, many)), "{path:x?}");
            assert!(protobuf_fits(signal, &within(path, many / 2)), "{path:x?}");
        }
    }

    #[test]
    fn a_group_hides_nothing() {
        let mut message = vec![0x9b, 0x06, 0x9c, 0x06];
        message.extend([0x0a, 0].repeat(PARTS_MAX + 1));
        assert!(!protobuf_fits(Signal::Logs, &message));
    }

    #[test]
    fn values_in_values_are_followed_no_deeper_than_they_are_decoded() {
        let deep = (0..10_000).fold(Vec::new(), |content, _| field(0x2a, &field(0x0a, &content)));
        let record = field(0x12, &field(0x2a, &deep));
        let message = field(0x0a, &field(0x12, &record));
        assert!(protobuf_fits(Signal::Logs, &message));
    }

    #[test]
    fn what_is_no_protobuf_ends_the_count() {
        for broken in [
            &b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"[..],
            b"\x0a\x7f",
            b"\x0f",
            b"\x09\x01",
        ] {
            assert!(protobuf_fits(Signal::Traces, broken));
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
