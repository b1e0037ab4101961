//! A command (`wasi:cli/run@0.2`), plain std but for `exit` and `symlink`: each sub-command does one thing.
//!
//! - no arguments or an unknown sub-command: prints the arguments, one a line
//! - `env NAME..`: prints `NAME=VALUE`, or `NAME is not set`
//! - `cat`: copies stdin to stdout
//! - `exit N`: ends with exit code N
//! - `stderr TEXT`: prints TEXT to stderr
//! - `spin`: says `spinning`, then loops for ever
//! - `trap`: executes `unreachable`
//! - `read PATH`, `write PATH TEXT`, `append PATH TEXT`, `ls PATH`, `rm PATH`, `mkdir PATH`, `stat PATH`
//! - `symlink TARGET LINK`, `rename FROM TO`, `readlink PATH`
//! - `fill PATH BYTES`: writes up to BYTES bytes in blocks of 64 KiB; prints how many went in, and the error if any
//! - `resize PATH BYTES`: sets the file's length
//!
//! A failed file operation prints `error: ..` to stdout and ends with exit code 1.

use std::fs;
use std::io::{self, Read, Write};
use std::process::ExitCode;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = match args.as_slice() {
        ["env", names @ ..] => print_env(names),
        ["cat"] => io::copy(&mut io::stdin().lock(), &mut io::stdout().lock()).map(|_| ()),
        ["exit", code] => exit(code.parse().expect("an exit code from 0 to 255")),
        ["stderr", text] => writeln!(io::stderr(), "{text}"),
        ["spin"] => spin(),
        ["trap"] => trap(),
        _ => match file_command(&args) {
            Some(done) => done,
            None => args
                .iter()
                .try_for_each(|arg| writeln!(io::stdout(), "{arg}")),
        },
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn print_env(names: &[&str]) -> io::Result<()> {
    for name in names {
        match std::env::var(name) {
            Ok(value) => println!("{name}={value}"),
            Err(_) => println!("{name} is not set"),
        }
    }
    Ok(())
}

/// std's own function knows success and failure only.
fn exit(code: u8) -> ! {
    wasip2::cli::exit::exit_with_code(code);
    unreachable!("the host ends the command")
}

fn spin() -> ! {
    println!("spinning");
    loop {
        std::hint::black_box(());
    }
}

fn trap() -> ! {
    std::process::abort()
}

fn file_command(args: &[&str]) -> Option<io::Result<()>> {
    Some(match args {
        ["read", path] => fs::File::open(path).and_then(|mut file| {
            let mut text = Vec::new();
            file.read_to_end(&mut text)?;
            io::stdout().write_all(&text)
        }),
        ["write", path, text] => fs::write(path, text),
        ["append", path, text] => fs::OpenOptions::new()
            .append(true)
            .create(true)
            .open(path)
            .and_then(|mut file| file.write_all(text.as_bytes())),
        ["fill", path, bytes] => fill(path, bytes.parse().expect("a number of bytes")),
        ["resize", path, bytes] => fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .and_then(|file| file.set_len(bytes.parse().expect("a number of bytes"))),
        ["ls", path] => list(path),
        ["rm", path] => fs::remove_file(path),
        ["mkdir", path] => fs::create_dir(path),
        ["stat", path] => fs::metadata(path).map(|meta| println!("{} bytes", meta.len())),
        ["symlink", target, link] => symlink(target, link),
        ["rename", from, to] => fs::rename(from, to),
        ["readlink", path] => fs::read_link(path).map(|target| println!("{}", target.display())),
        _ => return None,
    })
}

fn list(path: &str) -> io::Result<()> {
    let mut names = Vec::new();
    for entry in fs::read_dir(path)? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    names.iter().for_each(|name| println!("{name}"));
    Ok(())
}

/// std's own function is not stable for this target.
fn symlink(target: &str, link: &str) -> io::Result<()> {
    for (directory, root) in wasip2::filesystem::preopens::get_directories() {
        if let Some(inside) = link.strip_prefix(&root) {
            let made = directory.symlink_at(target, inside.trim_start_matches('/'));
            return made.map_err(|code| io::Error::other(code.message()));
        }
    }
    Err(io::Error::from(io::ErrorKind::NotFound))
}

/// Writes until `limit` bytes are in or the file refuses more.
fn fill(path: &str, limit: u64) -> io::Result<()> {
    let block = [b'x'; 64 * 1024];
    let mut file = fs::File::create(path)?;
    let mut written = 0;
    let refused = loop {
        let next = block
            .len()
            .min(usize::try_from(limit - written).unwrap_or(usize::MAX));
        if next == 0 {
            break None;
        }
        match file.write(&block[..next]) {
            Ok(0) => break Some(io::Error::from(io::ErrorKind::WriteZero)),
            Ok(count) => written += count as u64,
            Err(error) => break Some(error),
        }
    };
    println!("wrote {written} bytes");
    refused.map_or(Ok(()), Err)
}
