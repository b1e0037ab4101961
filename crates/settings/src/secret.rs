//! A value that is wiped from memory when its last owner drops it, and that nothing prints.

use std::fmt;
use std::sync::Arc;

use zeroize::{Zeroize, Zeroizing};

/// A value that may be secret: any bytes, up to megabytes. Clones share one copy.
#[derive(Clone)]
pub struct Secret(Arc<Zeroizing<Vec<u8>>>);

impl Secret {
    /// Takes the bytes over; they are not copied.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Arc::new(Zeroizing::new(bytes)))
    }

    /// The bytes themselves. A copy that is made of them is not wiped.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The bytes as text, if they are UTF-8.
    pub fn expose_text(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self::new(text.into_bytes())
    }
}

/// The same for every value, so that not even its length is told.
impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// A value that is being put together. What it leaves behind when it grows is wiped.
#[derive(Default)]
pub(crate) struct Wiped(Zeroizing<Vec<u8>>);

impl Wiped {
    pub(crate) fn push_str(&mut self, text: &str) {
        self.push(text.as_bytes());
    }

    pub(crate) fn push_char(&mut self, character: char) {
        let mut bytes = [0; 4];
        self.push(character.encode_utf8(&mut bytes).as_bytes());
        bytes.zeroize();
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) {
        let wanted = self.0.len().saturating_add(bytes.len());
        if wanted > self.0.capacity() {
            let room = wanted.max(self.0.capacity().saturating_mul(2));
            let mut larger = Zeroizing::new(Vec::with_capacity(room));
            larger.extend_from_slice(&self.0);
            self.0 = larger;
        }
        self.0.extend_from_slice(bytes);
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Removes white space from the end. The rest stays text.
    pub(crate) fn trim_end(&mut self) {
        let text = std::str::from_utf8(&self.0).unwrap_or_default();
        let length = text.trim_end().len();
        self.0.truncate(length);
    }

    pub(crate) fn into_secret(mut self) -> Secret {
        Secret::new(std::mem::take(&mut *self.0))
    }
}

#[cfg(test)]
mod tests {
    use zeroize::{ZeroizeOnDrop, Zeroizing};

    use super::{Secret, Wiped};

    #[test]
    fn nothing_of_a_value_is_shown_not_even_its_length() {
        let short = Secret::from("a".to_owned());
        let long = Secret::new(vec![b'x'; 1 << 20]);
        assert_eq!(format!("{short:?}"), format!("{long:?}"));
        assert_eq!(format!("{short:#?}"), "Secret(…)");
    }

    #[test]
    fn the_bytes_are_in_a_type_that_wipes_them_on_drop() {
        fn wiped<T: ZeroizeOnDrop>(_: &T) {}
        wiped::<Zeroizing<Vec<u8>>>(&Secret::new(vec![1]).0);
        wiped(&Wiped::default().0);
    }

    #[test]
    fn binary_values_are_kept_and_are_no_text() {
        let bytes: Vec<u8> = (0..=255).collect();
        let secret = Secret::new(bytes.clone());
        assert_eq!(secret.expose(), bytes);
        assert_eq!(secret.expose_text(), None);
    }

    #[test]
    fn a_value_that_grows_stays_whole() {
        let mut value = Wiped::default();
        let mut expected = String::new();
        for number in 0..1000 {
            value.push_str(&number.to_string());
            value.push_char('é');
            expected.push_str(&format!("{number}é"));
        }
        assert_eq!(value.into_secret().expose_text(), Some(expected.as_str()));
    }
}
