//! Keeps counters as files in the volume at `/data`: one file per counter, one line per bump. Appending needs no lock
//! between instances, and a counter's value is the sum of its lines.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

wit_bindgen::generate!({ path: "../wit", world: "store" });

use exports::weft_example::counter::counter::{Counter, Guest, GuestCounter};

const FOLDER: &str = "/data";

struct Store;

export!(Store);

impl Guest for Store {
    type Counter = File;
}

/// The resource: the file that holds one counter.
struct File {
    path: PathBuf,
}

impl GuestCounter for File {
    fn open(name: String) -> Result<Counter, String> {
        let plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
        if name.is_empty() || name.len() > 64 || !name.chars().all(plain) {
            return Err(format!(
                "`{name}` is no name for a counter: 1 to 64 letters, digits and hyphens"
            ));
        }
        if !Path::new(FOLDER).is_dir() {
            return Err(format!("no volume is mounted at {FOLDER}"));
        }
        Ok(Counter::new(Self {
            path: Path::new(FOLDER).join(name),
        }))
    }

    fn value(&self) -> Result<u64, String> {
        match fs::read_to_string(&self.path) {
            Ok(lines) => Ok(lines
                .lines()
                .filter_map(|line| line.parse::<u64>().ok())
                .sum()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(0),
            Err(error) => Err(self.failure("read", &error)),
        }
    }

    fn bump(&self, by: u32) -> Result<u64, String> {
        fs::OpenOptions::new()
            .append(true)
            .create(true)
            .open(&self.path)
            .and_then(|mut file| file.write_all(format!("{by}\n").as_bytes()))
            .map_err(|error| self.failure("write", &error))?;
        self.value()
    }
}

impl File {
    fn failure(&self, verb: &str, error: &std::io::Error) -> String {
        format!("cannot {verb} {}: {error}", self.path.display())
    }
}
