//! How deep WGSL is nested, before a compiler sees it. Naga bounds how deep its parser goes, but not how long a chain of
//! operators or `else if` is, and what comes after the parser follows those chains by recursion.

/// Operators, brackets and templates within one expression, all levels together.
const DEEPEST: usize = 4000;
/// `else` in one module: naga nests each into the one before.
const ELSES: usize = 4000;

/// Whether a compiler can be given this code.
pub(super) fn check(code: &str) -> Result<(), String> {
    let code = code.as_bytes();
    let mut at = 0;
    let mut levels = vec![0_usize];
    let mut depth = 0_usize;
    let mut elses = 0_usize;
    while let Some(byte) = code.get(at) {
        let rest = code.get(at..).unwrap_or_default();
        if rest.starts_with(b"//") {
            at += line_comment(rest);
            continue;
        }
        if rest.starts_with(b"/*") {
            at += block_comment(rest);
            continue;
        }
        if rest.starts_with(b"else") {
            elses += 1;
        }
        match byte {
            b';' | b'{' | b'}' => {
                levels.clear();
                levels.push(0);
                depth = 0;
            }
            b',' => depth -= levels.last_mut().map_or(0, std::mem::take),
            b')' | b']' if levels.len() > 1 => depth -= levels.pop().unwrap_or(0),
            b'(' | b'[' => {
                // The bracket itself is a level of the expression that it stands in.
                add(&mut levels, &mut depth);
                levels.push(0);
            }
            b'+' | b'-' | b'*' | b'/' | b'%' | b'&' | b'|' | b'^' | b'<' | b'>' | b'=' | b'!'
            | b'~' | b'.' => add(&mut levels, &mut depth),
            _ => {}
        }
        if depth > DEEPEST {
            return Err(format!(
                "an expression of the shader is nested too deep: more than {DEEPEST} operators and brackets; use variables"
            ));
        }
        if elses > ELSES {
            return Err(format!(
                "the shader has more than {ELSES} times `else`; use `switch`"
            ));
        }
        at += 1;
    }
    Ok(())
}

fn add(levels: &mut [usize], depth: &mut usize) {
    if let Some(level) = levels.last_mut() {
        *level += 1;
        *depth += 1;
    }
}

fn line_comment(code: &[u8]) -> usize {
    // WGSL ends lines at more than LF; whoever writes another one is taken at their word one line later.
    code.iter()
        .position(|byte| matches!(byte, b'\n' | b'\r' | 0x0b | 0x0c))
        .or_else(|| code.windows(2).position(|two| two == [0xc2, 0x85]))
        .unwrap_or(code.len())
        .max(2)
}

fn block_comment(code: &[u8]) -> usize {
    let mut open = 0_usize;
    let mut at = 0;
    while let Some(two) = code.get(at..at + 2) {
        match two {
            b"/*" => {
                open += 1;
                at += 2;
            }
            b"*/" => {
                open -= 1;
                at += 2;
                if open == 0 {
                    return at;
                }
            }
            _ => at += 1,
        }
    }
    code.len()
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn long_chains_are_refused_in_every_form() {
        let long = [
            "+a".repeat(5000),
            "+f(a,b)".repeat(5000),
            "/*;*/+a".repeat(5000),
            "[0]".repeat(5000),
            "array<".repeat(5000),
            "!".repeat(5000),
            "else if x {}".repeat(5000),
        ];
        for code in long {
            assert!(check(&code).is_err(), "{}", &code[..20]);
        }
    }

    #[test]
    fn what_is_long_but_flat_is_allowed() {
        let flat = [
            "-1.5,".repeat(50_000),
            "a=b+c;".repeat(50_000),
            format!("//{}\n", "-".repeat(50_000)),
            format!("/*{}*/", "-".repeat(50_000)),
            "(a)".repeat(1000),
        ];
        for code in flat {
            assert_eq!(check(&code), Ok(()));
        }
    }

    #[test]
    fn closed_without_being_open_is_no_panic() {
        for code in [")", "*/", "/*", "//", "/*/", ",,)]", "/", ""] {
            assert_eq!(check(code), Ok(()));
        }
    }
}
