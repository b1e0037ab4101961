//! Waiting, waking, and what is left behind.
