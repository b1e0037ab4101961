//! The prices of examples/gpu-options by the machine's own driver and by its CPU: what the component is compared with.
//!
//! `cargo run --release -- [paths] [european|asian]` prices one option both ways and prints how many paths a second each does,
//! as JSON: `{"adapter":"..","price":..,"gpu":..,"cpu_price":..,"cpu":..,"threads":..}`.

mod cpu;

use std::time::Instant;

use gpu_options_pricing::Pricer;
use gpu_options_protocol::{Ask, Style};

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
    let gpu = ask.paths as f64 / quote.seconds;
    let start = Instant::now();
    let cpu_price = cpu::price(&ask);
    let cpu = ask.paths as f64 / start.elapsed().as_secs_f64();
    println!(
        r#"{{"adapter":{:?},"price":{},"gpu":{gpu},"cpu_price":{cpu_price},"cpu":{cpu},"threads":{}}}"#,
        pricer.adapter(),
        quote.estimates.price.value,
        cpu::threads()
    );
    Ok(())
}
