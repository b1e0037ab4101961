//! The pool of `examples/mysql-pool` and `examples/postgres-pool`: its protocol, the service alone with real databases,
//! and the whole workload in weft.

mod client;
mod hostile;
mod limits;
mod page;
mod protocol;
mod recovery;
mod service;
mod sessions;
mod shared;
mod values;
mod workload;
