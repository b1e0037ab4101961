//! A service (`wasi:cli/run@0.2`), plain std but for `exit`: the variable `DO` says what it does, step by step, separated
//! by spaces.
//!
//! - `ready`: says that it is ready; `say:WORD`: prints a word
//! - `listen:ADDR`: accepts connections, one thread of control for one after the other, until the listener fails, and goes
//!   on with the next step then. A connection sends lines and gets each back; the lines `trap`, `exit`, `fail`, `spin`
//!   and `quit` are done instead
//! - `http:ADDR`: the same for HTTP; each request is answered with its first line and the address that it was sent to
//! - `hold:N&ADDR`: accepts N connections and holds them all, then writes a line to each and closes it
//! - `deaf:ADDR`: accepts connections, holds them and never reads
//! - `pour:ADDR`: as `listen`, but writes to each connection until it takes no more, and closes it then
//! - `once:PATH`: goes on if the file is not there, and makes it; skips the next step otherwise
//! - `exit:CODE`, `trap`, `panic`, `spin`, `sleep` (for ever)
//!
//! After the last step it returns.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};

fn main() {
    let steps = std::env::var("DO").unwrap_or_default();
    let mut steps = steps.split(' ').filter(|step| !step.is_empty());
    while let Some(step) = steps.next() {
        let (name, value) = step.split_once(':').unwrap_or((step, ""));
        match name {
            "ready" => println!("READY=1"),
            "say" => println!("{value}"),
            "listen" => listen(value, serve),
            "http" => listen(value, answer),
            "pour" => listen(value, pour),
            "hold" => hold(value).expect("connections"),
            "deaf" => deaf(value).expect("connections"),
            "once" if std::fs::exists(value).unwrap_or_default() => {
                steps.next();
            }
            "once" => std::fs::write(value, "").expect("a volume"),
            _ => end(name, value),
        }
    }
}

fn listen(addr: &str, serve: fn(&TcpStream) -> io::Result<()>) {
    let listener = match TcpListener::bind(addr) {
        Ok(listener) => listener,
        Err(error) => {
            println!("cannot listen: {error}");
            exit(9);
        }
    };
    loop {
        match listener.accept() {
            Ok((stream, _)) => drop(serve(&stream)),
            Err(error) => {
                println!("no more connections: {:?}", error.kind());
                return;
            }
        }
    }
}

fn serve(stream: &TcpStream) -> io::Result<()> {
    let mut to = stream;
    for line in BufReader::new(stream).lines() {
        let line = line?;
        match line.as_str() {
            "quit" => return Ok(()),
            "trap" | "exit" | "fail" | "spin" | "panic" => end(&line, "3"),
            _ => writeln!(to, "{line}")?,
        }
    }
    Ok(())
}

fn hold(value: &str) -> io::Result<()> {
    let (count, addr) = value.split_once('&').unwrap_or(("1", value));
    let listener = TcpListener::bind(addr)?;
    let count = count.parse().expect("a number of connections");
    let held: Vec<TcpStream> = listener.incoming().take(count).collect::<io::Result<_>>()?;
    held.iter()
        .try_for_each(|mut stream| stream.write_all(b"held\n"))
}

fn pour(mut stream: &TcpStream) -> io::Result<()> {
    stream.set_nonblocking(true)?;
    let block = [b'x'; 100_000];
    while stream.write(&block)? > 0 {}
    Ok(())
}

fn deaf(addr: &str) -> io::Result<()> {
    let listener = TcpListener::bind(addr)?;
    let mut held = Vec::new();
    for stream in listener.incoming() {
        held.push(stream?);
    }
    Ok(())
}

fn answer(stream: &TcpStream) -> io::Result<()> {
    let lines = BufReader::new(stream).lines().map_while(Result::ok);
    let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
    let host = head.iter().find_map(|line| line.strip_prefix("host: "));
    let text = format!(
        "{} for {}",
        head.first().map_or("", String::as_str),
        host.unwrap_or_default()
    );
    let length = text.len();
    let mut to = stream;
    write!(
        to,
        "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{text}"
    )
}

fn end(how: &str, value: &str) -> ! {
    match how {
        "exit" => exit(value.parse().expect("a code from 0 to 255")),
        "fail" => std::process::exit(1),
        "trap" => std::process::abort(),
        "panic" => panic!("as it was told to"),
        "sleep" => loop {
            std::thread::sleep(std::time::Duration::from_secs(3600));
        },
        "spin" => loop {
            std::hint::black_box(());
        },
        _ => panic!("`{how}` is nothing to do"),
    }
}

/// std's own function knows success and failure only.
fn exit(code: u8) -> ! {
    wasip2::cli::exit::exit_with_code(code);
    unreachable!("the host ends the service")
}
