//! The viewer as programs and people use it: OTLP goes in over sockets; what comes out is asked for, or looked at in a
//! browser.
#![cfg(test)]

mod bounds;
mod guarded;
mod harness;
mod hostile;
mod intake;
mod page;
mod sent;
mod shared;
