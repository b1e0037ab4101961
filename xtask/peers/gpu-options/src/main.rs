//! The prices of the component, by the machine's own driver and by its CPU: what a component is compared with.
//!
//! `cargo run --release -- [paths] [european|asian]` prices one option three ways and says how many paths a second each does.

mod cpu;

use std::time::Instant;

use gpu_options_pricing::Pricer;
use gpu_options_protocol::{Ask, Style, closed_form};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut ask = Ask {
        paths: 10_000_000,
        ..Ask::default()
    };
    if let Some(paths) = arguments.next() {
        ask.paths = paths.parse()?;
    }
    if arguments.next().as_deref() == Some("asian") {
        ask.style = Style::Asian;
    }
    let problems = ask.problems();
    if !problems.is_empty() {
        return Err(problems.join("; ").into());
    }
    let instance = wgpu::Instance::default();
    let adapter =
        pollster::block_on(instance.request_adapter(&wgpu::RequestAdapterOptions::default()))?;
    let (device, queue) =
        pollster::block_on(adapter.request_device(&wgpu::DeviceDescriptor::default()))?;
    let pricer = Pricer::new(device, queue);
    // The first run finds out how much the GPU takes at a time.
    pollster::block_on(pricer.price(&ask))?;
    let quote = pollster::block_on(pricer.price(&ask))?;
    let price = quote.estimates.price;
    println!(
        "{}: {:.4} +- {:.4}, {:.1} million paths/s",
        pricer.adapter(),
        price.value,
        price.standard_error,
        ask.paths as f64 / quote.seconds / 1e6
    );
    let start = Instant::now();
    let (value, standard_error) = cpu::price(&ask);
    println!(
        "CPU, {} threads: {value:.4} +- {standard_error:.4}, {:.1} million paths/s",
        cpu::threads(),
        ask.paths as f64 / start.elapsed().as_secs_f64() / 1e6
    );
    if let Some(exact) = closed_form(&ask) {
        println!("exact: {:.4}", exact.price);
    }
    Ok(())
}
