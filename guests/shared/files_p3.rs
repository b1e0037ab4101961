//! Files over `wasi:filesystem@0.3` itself: std goes through 0.2.

use wasip3::filesystem::preopens;
use wasip3::filesystem::types::{Descriptor, DescriptorFlags, ErrorCode, OpenFlags, PathFlags};
use wasip3::wit_stream;

/// The answer of a file command on `path`, `error: ..` included; `None` when there is no such command.
/// `read`, `write` (TEXT), `append` (TEXT), `fill` (BYTES), `ls`, `rm`.
pub async fn command(command: &str, path: &str, argument: &str) -> Option<String> {
    let answer = match command {
        "read" => read(path).await,
        "write" => write(path, argument).await,
        "append" => append(path, argument).await,
        "fill" => fill(path, argument.parse().unwrap_or_default()).await,
        "ls" => list(path).await,
        "rm" => remove(path).await,
        _ => return None,
    };
    Some(answer.unwrap_or_else(|code| format!("error: {}", name(&code))))
}

/// The error code's name, such as `InsufficientSpace`.
fn name(code: &ErrorCode) -> String {
    format!("{code:?}")
        .trim_start_matches("ErrorCode::")
        .to_owned()
}

/// The preopened directory that holds `path`, and the rest of the path.
fn locate(path: &str) -> Result<(Descriptor, &str), ErrorCode> {
    let directories = preopens::get_directories().into_iter();
    let (directory, rest) = directories
        .filter_map(|(directory, root)| {
            Some((directory, root.len(), path.strip_prefix(root.as_str())?))
        })
        .max_by_key(|(_, length, _)| *length)
        .map(|(directory, _, rest)| (directory, rest.trim_start_matches('/')))
        .ok_or(ErrorCode::NoEntry)?;
    Ok((directory, if rest.is_empty() { "." } else { rest }))
}

async fn open(path: &str, how: OpenFlags, flags: DescriptorFlags) -> Result<Descriptor, ErrorCode> {
    let (directory, rest) = locate(path)?;
    directory
        .open_at(PathFlags::SYMLINK_FOLLOW, rest.to_owned(), how, flags)
        .await
}

async fn read(path: &str) -> Result<String, ErrorCode> {
    let file = open(path, OpenFlags::empty(), DescriptorFlags::READ).await?;
    let (stream, done) = file.read_via_stream(0);
    let bytes = stream.collect().await;
    done.await?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

async fn write(path: &str, text: &str) -> Result<String, ErrorCode> {
    let file = open(
        path,
        OpenFlags::CREATE | OpenFlags::TRUNCATE,
        DescriptorFlags::WRITE,
    )
    .await?;
    let (mut writer, reader) = wit_stream::new();
    let done = file.write_via_stream(reader, 0);
    let _ = writer.write_all(text.as_bytes().to_vec()).await;
    drop(writer);
    done.await?;
    Ok("written".into())
}

async fn append(path: &str, text: &str) -> Result<String, ErrorCode> {
    let file = open(path, OpenFlags::CREATE, DescriptorFlags::WRITE).await?;
    let (mut writer, reader) = wit_stream::new();
    let done = file.append_via_stream(reader);
    let _ = writer.write_all(text.as_bytes().to_vec()).await;
    drop(writer);
    done.await?;
    Ok("appended".into())
}

/// Writes until `limit` bytes are in or the file refuses more: `wrote N bytes[; error: NAME]`.
/// N is the file's size afterwards: a stream may take bytes that never reach the file.
async fn fill(path: &str, limit: usize) -> Result<String, ErrorCode> {
    let how = OpenFlags::CREATE | OpenFlags::TRUNCATE;
    let file = open(path, how, DescriptorFlags::READ | DescriptorFlags::WRITE).await?;
    let (mut writer, reader) = wit_stream::new();
    let done = file.write_via_stream(reader, 0);
    let mut left = limit;
    while left > 0 {
        let next = left.min(64 * 1024);
        if !writer.write_all(vec![b'x'; next]).await.is_empty() {
            break;
        }
        left -= next;
    }
    drop(writer);
    let outcome = done.await;
    let size = file.stat().await?.size;
    Ok(match outcome {
        Ok(()) => format!("wrote {size} bytes"),
        Err(code) => format!("wrote {size} bytes; error: {}", name(&code)),
    })
}

async fn list(path: &str) -> Result<String, ErrorCode> {
    let directory = open(path, OpenFlags::DIRECTORY, DescriptorFlags::READ).await?;
    let (entries, done) = directory.read_directory();
    let mut names: Vec<_> = entries
        .collect()
        .await
        .into_iter()
        .map(|entry| entry.name + "\n")
        .collect();
    done.await?;
    names.sort();
    Ok(names.concat())
}

async fn remove(path: &str) -> Result<String, ErrorCode> {
    let (directory, rest) = locate(path)?;
    directory.unlink_file_at(rest.to_owned()).await?;
    Ok("removed".into())
}
