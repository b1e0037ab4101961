//! `GPUCompilationInfo`: what the compiler said of a shader, with places in it as a guest counts them: in UTF-16.

/// Bytes of a message that are kept.
const LONGEST: usize = 8 << 10;

/// `GPUCompilationInfo`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CompilationInfo {
    /// All messages.
    pub messages: Vec<CompilationMessage>,
}

/// How grave a message is: `GPUCompilationMessageType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompilationMessageType {
    /// The module is invalid.
    Error,
    /// It may not do what its author thinks.
    Warning,
    /// Something else.
    Info,
}

/// `GPUCompilationMessage`. Numbers are 0 where the message has no place in the code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompilationMessage {
    /// What it says.
    pub message: String,
    /// How grave it is.
    pub kind: CompilationMessageType,
    /// The line, from 1.
    pub line_num: u64,
    /// The place in the line in UTF-16 code units, from 1.
    pub line_pos: u64,
    /// The place in the code in UTF-16 code units, from 0.
    pub offset: u64,
    /// How many UTF-16 code units it is about.
    pub length: u64,
}

impl CompilationInfo {
    /// One error that has no place in the code.
    pub(super) fn of_text(text: String) -> Self {
        Self {
            messages: vec![CompilationMessage::at(text, None, "")],
        }
    }
}

impl CompilationMessage {
    /// An error about bytes of the code: first and how many.
    pub(super) fn at(mut message: String, bytes: Option<(u32, u32)>, code: &str) -> Self {
        if message.len() > LONGEST {
            message.truncate(message.floor_char_boundary(LONGEST));
        }
        let mut made = Self {
            message,
            kind: CompilationMessageType::Error,
            line_num: 0,
            line_pos: 0,
            offset: 0,
            length: 0,
        };
        let Some((start, length)) = bytes else {
            return made;
        };
        let (start, length) = (start as usize, length as usize);
        let before = code.get(..start).unwrap_or(code);
        let about = code.get(start..).unwrap_or_default();
        let about = about.get(..length).unwrap_or(about);
        let line = before.rsplit('\n').next().unwrap_or(before);
        made.line_num = before.matches('\n').count() as u64 + 1;
        made.line_pos = utf16(line) + 1;
        made.offset = utf16(before);
        made.length = utf16(about);
        made
    }
}

fn utf16(text: &str) -> u64 {
    text.chars()
        .map(|character| character.len_utf16() as u64)
        .sum()
}

#[cfg(test)]
mod tests {
    use super::CompilationMessage;

    #[test]
    fn places_are_counted_in_utf_16() {
        let code = "a\n\u{1F600}x yz";
        let at = u32::try_from(code.find("yz").unwrap()).unwrap();
        let message = CompilationMessage::at(String::new(), Some((at, 2)), code);
        assert_eq!((message.line_num, message.line_pos), (2, 5));
        assert_eq!((message.offset, message.length), (6, 2));
    }

    #[test]
    fn a_place_that_is_not_in_the_code_is_no_panic() {
        let message = CompilationMessage::at(String::new(), Some((1, 90)), "\u{e4}");
        assert_eq!(message.line_num, 1);
    }
}
