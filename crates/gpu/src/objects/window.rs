//! A part of a list that a guest names by its start and its length.

/// The part is not within the list: a `RangeError`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{length} elements from element {start} on are not within the {whole} that there are")]
pub struct WindowError {
    start: u64,
    length: u64,
    whole: u64,
}

/// The part; without a length, to the end.
pub(super) fn window<T>(list: &[T], start: u64, length: Option<u64>) -> Result<&[T], WindowError> {
    let whole = list.len() as u64;
    let length = length.unwrap_or_else(|| whole.saturating_sub(start));
    let part = start.checked_add(length).and_then(|end| {
        let start = usize::try_from(start).ok()?;
        list.get(start..usize::try_from(end).ok()?)
    });
    part.ok_or(WindowError {
        start,
        length,
        whole,
    })
}

#[cfg(test)]
mod tests {
    use super::window;

    #[test]
    fn a_window_is_within_its_list_or_refused() {
        assert_eq!(window(&[1, 2, 3], 1, None), Ok(&[2, 3][..]));
        assert_eq!(window(&[1, 2, 3], 3, Some(0)), Ok(&[][..]));
        assert!(window(&[1, 2, 3], 4, None).is_err());
        assert!(window(&[1, 2, 3], 2, Some(2)).is_err());
        assert!(window(&[1, 2, 3], 1, Some(u64::MAX)).is_err());
    }
}
