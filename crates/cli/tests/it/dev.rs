//! `weft dev`: real projects in folders of their own. The build commands only copy guests that are there already.

mod build;
mod chain;
mod harness;
mod project;
mod requests;
mod services;
mod settings;
mod stop;
mod viewer;
mod watch;
