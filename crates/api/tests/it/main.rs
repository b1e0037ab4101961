//! Files that people write, from the outside: whole files in, values or messages out.

mod hostile;
mod manifests;
mod projects;
