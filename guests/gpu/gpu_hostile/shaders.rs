//! Programs: those that do not end, those that are none, too many of them, and what they find in memory.

use futures::future::join_all;

use crate::kit::{Gpu, program};
use crate::wasi::webgpu::webgpu::*;

/// Counts in memory: no compiler shortens that. Some drivers end every loop after 65,535 rounds, so it is the number of
/// workgroups that says how long it takes.
pub const SPIN: &str = "
    @group(0) @binding(0) var<storage, read_write> count: atomic<u32>;
    @compute @workgroup_size(1) fn main() {
        for (var i = 0u; i < 50000u; i++) { atomicAdd(&count, 1u); }
    }";

/// Workgroups of that which take seconds.
const SECONDS: u32 = 2_000;

/// Runs for so long that the device is lost; says why.
pub async fn endless(gpu: &Gpu) -> Result<String, String> {
    let counter = gpu.storage(&[0])?;
    gpu.run(SPIN, SECONDS, &[&counter]).await?;
    let info = gpu.device.lost().await;
    Ok(format!("lost: {:?}: {}", info.reason(), info.message()))
}

/// WGSL that is too long, too deep, too large or none.
pub async fn bad(gpu: &Gpu) -> String {
    let main = "@compute @workgroup_size(1) fn main() {";
    let many = |what: &str, times: usize| what.repeat(times);
    let mut chain = "const c0 = vec4u(1u);".to_owned();
    let mut calls = "fn f0() -> u32 { return 1u; }".to_owned();
    for at in 1..2000 {
        let before = at - 1;
        chain += &format!("const c{at} = c{before} + c{before} * c{before};");
        calls += &format!("fn f{at}() -> u32 {{ return f{before}() + f{before}(); }}");
    }
    let all = [
        format!("{main} }} {}", many("// nothing to see here\n", 50_000)),
        format!("{main} }} {}", many(" ", 250 << 10)),
        many("/*", 100_000),
        format!(
            "{main} let a = {}1{}; }}",
            many("(", 50_000),
            many(")", 50_000)
        ),
        format!("{main} let a = {}1; }}", many("-", 100_000)),
        format!("{main} {} {} }}", many("{", 50_000), many("}", 50_000)),
        format!("{main} {} }}", many("if true {} else ", 10_000)),
        format!(
            "{main} }} var<private> a: {}u32{};",
            many("array<", 20_000),
            many(", 2>", 20_000)
        ),
        format!("{main} a[0] = 1u; }} var<private> a: array<u32, 4294967295>;"),
        format!("{main} a[0] = 1u; }} var<workgroup> a: array<u32, 1073741824>;"),
        format!("{main} main(); }}"),
        format!("{main} }} struct S {{ s: S }}"),
        format!("{main} }} const {} = 1;", many("a", 200_000)),
        format!(
            "{main} }} \0 \u{feff} \u{202e} {}",
            many("\u{10ffff}", 10_000)
        ),
        format!("{main} let a = 1 / 0; }}"),
        format!("{main} let a = 1u << 4294967295u; }}"),
        "@compute @workgroup_size(4294967295, 4294967295, 4294967295) fn main() {}".to_owned(),
        format!("{chain} {main} _ = c1999; }}"),
        format!("{calls} {main} _ = f1999(); }}"),
        format!("{main} var a: array<u32, 10000000>; a[a[1]] = 1u; }}"),
        format!(
            "@group(0) @binding(0) var<storage, read_write> a: array<array<u32, 10000000>, 2>;
            {main} a[0] = a[1]; }}"
        ),
        String::new(),
    ];
    let mut refused = 0;
    for code in &all {
        refused += usize::from(gpu.pipeline(code).await.is_err());
        // The same with the calls that wait, of which errors come in another way.
        gpu.said(async || {
            let module = gpu.module(code);
            module.get_compilation_info().await.messages();
            drop(gpu.device.create_compute_pipeline(program(&module)));
        })
        .await;
    }
    format!("{refused} of {} refused", all.len())
}

/// So many pipelines, all different: half of them one after the other, half at once.
pub async fn storm(gpu: &Gpu, count: u32) -> Result<String, String> {
    let code = |number| {
        format!(
            "@group(0) @binding(0) var<storage, read_write> a: array<u32>;
            @compute @workgroup_size(1) fn main() {{
                for (var i = 0u; i < {number}u; i++) {{ a[i % 7u] = a[(i * {number}u) % 5u] + {number}u; }}
            }}"
        )
    };
    let mut kept = Vec::new();
    for number in 0..count / 2 {
        kept.push(gpu.pipeline(&code(number)).await?);
    }
    let codes: Vec<_> = (count / 2..count).map(code).collect();
    let made = join_all(codes.iter().map(|code| gpu.pipeline(code))).await;
    kept.extend(made.into_iter().collect::<Result<Vec<_>, _>>()?);
    Ok(format!("{} pipelines", kept.len()))
}

/// The GPU is told to take from memory how often it runs, and finds more there than there may be.
pub async fn indirect(gpu: &Gpu) -> Result<String, String> {
    let code = "@group(0) @binding(0) var<storage, read_write> count: atomic<u32>;
        @compute @workgroup_size(1) fn main() { atomicAdd(&count, 1u); }";
    let pipeline = gpu.pipeline(code).await?;
    let counter = gpu.storage(&[0])?;
    let group = gpu.group(&pipeline, &[&counter]);
    let usage = GpuBufferUsage::INDIRECT | GpuBufferUsage::COPY_DST;
    let counts = gpu.buffer(48, usage);
    let garbage = [
        [u32::MAX, u32::MAX, u32::MAX],
        [65_536, 1, 1],
        [1, u32::MAX, 1],
        [0, 1, u32::MAX],
    ];
    let bytes: Vec<u8> = garbage
        .iter()
        .flatten()
        .flat_map(|n: &u32| n.to_le_bytes())
        .collect();
    let written = gpu
        .queue
        .write_buffer_with_copy(&counts, 0, &bytes, None, None);
    written.map_err(|error| error.message)?;
    for at in [0, 12, 24, 36] {
        let commands = gpu.commands(&pipeline, &group, |pass| {
            pass.dispatch_workgroups_indirect(&counts, at);
        });
        gpu.queue.submit(&[&commands]);
    }
    let mut said = Vec::new();
    for at in [1, 40, 48, u64::MAX - 3] {
        let wrong = gpu.said(async || {
            let commands = gpu.commands(&pipeline, &group, |pass| {
                pass.dispatch_workgroups_indirect(&counts, at);
            });
            gpu.queue.submit(&[&commands]);
        });
        said.push(wrong.await);
    }
    let ran = gpu.read(&counter).await?;
    Ok(format!("ran {} times; {}", ran[0], said.join(", ")))
}

/// What a buffer's neighbours in memory are filled with.
const SECRET: u32 = 0x005e_c2e7;
/// What the buffer itself is filled with.
const OWN: u32 = 0x1111_1111;

/// Reads and writes far outside: what is found must be of the buffer itself, or nothing.
pub async fn out_of_bounds(gpu: &Gpu) -> Result<String, String> {
    let secrets: Vec<_> = (0..8)
        .map(|_| gpu.storage(&[SECRET; 4096]))
        .collect::<Result<_, _>>()?;
    let own = gpu.storage(&[OWN; 64])?;
    let found = gpu.storage(&[0; 256])?;
    let read = "
        @group(0) @binding(0) var<storage, read_write> found: array<u32>;
        @group(0) @binding(1) var<storage, read_write> own: array<u32>;
        var<private> mine: array<u32, 4>;
        var<workgroup> ours: array<u32, 4>;
        @compute @workgroup_size(1) fn main(@builtin(workgroup_id) id: vec3u) {
            let i = id.x;
            // Near and far: up to the last index that there is.
            let at = select(64u + i * 1024u, 4294967295u - i, i % 2u == 1u);
            found[i] = own[at] | mine[at] | ours[at] | u32(vec4u(own[at])[at]);
            own[at + 4096u] = 2863311530u;
            mine[at] = 1u;
            ours[at] = 1u;
        }";
    gpu.run(read, 256, &[&found, &own]).await?;
    let found = gpu.read(&found).await?;
    let strange = found
        .iter()
        .filter(|word| ![0, OWN, 0xaaaa_aaaa, OWN | 0xaaaa_aaaa].contains(word))
        .count();
    let mut harmed = 0;
    for secret in &secrets {
        harmed += gpu
            .read(secret)
            .await?
            .iter()
            .filter(|word| **word != SECRET)
            .count();
    }
    Ok(format!("{strange} strange words, {harmed} harmed"))
}

/// Memory of all kinds, before anything was written: there must be nothing in it.
pub async fn uninitialised(gpu: &Gpu) -> Result<String, String> {
    // What was in use before, and is free now.
    for _ in 0..4 {
        gpu.storage(&[SECRET; 65_536])?.destroy();
    }
    gpu.queue.on_submitted_work_done().await;
    let usage = GpuBufferUsage::STORAGE | GpuBufferUsage::COPY_SRC;
    let fresh: Vec<_> = (0..4).map(|_| gpu.buffer(65_536 * 4, usage)).collect();
    let found = gpu.buffer(256 * 4, usage);
    let code = "
        @group(0) @binding(0) var<storage, read_write> found: array<u32>;
        var<private> mine: array<u32, 64>;
        var<workgroup> ours: array<u32, 1024>;
        @compute @workgroup_size(1) fn main(@builtin(workgroup_id) id: vec3u) {
            var local: array<u32, 64>;
            for (var i = 0u; i < 1024u; i++) {
                found[id.x] |= ours[i] | mine[i % 64u] | local[i % 64u];
                ours[i] = 6211303u;
            }
        }";
    gpu.run(code, 256, &[&found]).await?;
    let mut dirty = gpu
        .read(&found)
        .await?
        .iter()
        .filter(|word| **word != 0)
        .count();
    for buffer in &fresh {
        dirty += gpu
            .read(buffer)
            .await?
            .iter()
            .filter(|word| **word != 0)
            .count();
    }
    Ok(format!("{dirty} words are not zero"))
}

/// So many submissions without waiting for any.
pub async fn submissions(gpu: &Gpu, count: u32) -> Result<String, String> {
    let code = "@group(0) @binding(0) var<storage, read_write> count: atomic<u32>;
        @compute @workgroup_size(1) fn main() { atomicAdd(&count, 1u); }";
    let pipeline = gpu.pipeline(code).await?;
    let counter = gpu.storage(&[0])?;
    let group = gpu.group(&pipeline, &[&counter]);
    for _ in 0..count {
        let commands = gpu.commands(&pipeline, &group, |pass| {
            pass.dispatch_workgroups(1, None, None);
        });
        gpu.queue.submit(&[&commands]);
    }
    Ok(format!("ran {} times", gpu.read(&counter).await?[0]))
}
