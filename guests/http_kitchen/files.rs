//! The file routes, through plain std (that is, `wasi:filesystem@0.2`).

use std::fs;
use std::io::{Result, Seek, SeekFrom, Write};

use weft_guests::{number, part};

/// The answer of a file route, `error: ..` included; `None` when it is not one of them.
pub(crate) fn route(route: &str, query: &str) -> Option<String> {
    let path = part(query, 0);
    let answer = match route {
        "/read" => fs::read(&path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
        "/write" => fs::write(&path, part(query, 1)).map(|()| "written".into()),
        "/rm" => fs::remove_file(&path).map(|()| "removed".into()),
        "/fill" => fill(&path, number(query, 1)),
        "/ls" => list(&path),
        "/rename" => fs::rename(&path, part(query, 1)).map(|()| "renamed".into()),
        "/link" => fs::hard_link(&path, part(query, 1)).map(|()| "linked".into()),
        "/resize" => resize(&path, number(query, 1)),
        "/patch" => patch(&path, number(query, 1), &part(query, 2)),
        _ => return None,
    };
    Some(answer.unwrap_or_else(|error| format!("error: {error}")))
}

fn list(path: &str) -> Result<String> {
    let names: Result<Vec<_>> = fs::read_dir(path)?
        .map(|entry| Ok(entry?.file_name()))
        .collect();
    let mut names = names?;
    names.sort();
    Ok(names
        .iter()
        .map(|name| format!("{}\n", name.display()))
        .collect())
}

fn resize(path: &str, size: u64) -> Result<String> {
    let file = fs::OpenOptions::new().write(true).open(path)?;
    file.set_len(size).map(|()| "resized".into())
}

fn patch(path: &str, offset: u64, text: &str) -> Result<String> {
    let mut file = fs::OpenOptions::new().write(true).open(path)?;
    file.seek(SeekFrom::Start(offset))?;
    file.write_all(text.as_bytes()).map(|()| "patched".into())
}

/// Writes until `limit` bytes are in or the file refuses more: `wrote N bytes[; error: ..]`.
fn fill(path: &str, limit: u64) -> Result<String> {
    let block = [b'x'; 64 * 1024];
    let mut file = fs::File::create(path)?;
    let mut written = 0;
    while written < limit {
        let next = block.len().min((limit - written) as usize);
        match file.write(&block[..next]) {
            Ok(count) if count > 0 => written += count as u64,
            Ok(_) => {
                return Ok(format!(
                    "wrote {written} bytes; error: nothing more goes in"
                ));
            }
            Err(error) => return Ok(format!("wrote {written} bytes; error: {error}")),
        }
    }
    Ok(format!("wrote {written} bytes"))
}
