//! Files that people write, from the outside: whole files in, values or messages out.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops at the first surprise; clippy allows that only inside the test functions themselves"
)]

mod hostile;
mod manifests;
mod projects;
mod secrets;
