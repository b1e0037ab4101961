//! A program of calls: any bytes are one, so that a property test and a fuzzer share it.

use std::time::Duration;

use arbitrary::{Arbitrary, Unstructured};
use weft_gpu::error::ErrorKind;
use weft_gpu::objects::LIMITS;
use weft_gpu::quota::Quota;

use super::number::{Choice, Number, Slot};
use super::world::World;
use super::{commands, passes, programs, resources, scene};

/// Calls of one program; what the bytes have beyond is not looked at.
const MOST: usize = 400;

/// What two tenants may have, the calls that they make, and what is let go of first.
#[derive(Debug)]
pub(crate) struct Program {
    means: [Means; 2],
    calls: Vec<Call>,
    first: u8,
}

/// What a tenant may have: enough, too little, or too little time.
#[derive(Arbitrary, Clone, Debug)]
struct Means {
    few_objects: Choice,
    little_memory: Choice,
    deadline: Choice,
    commands: Choice,
    shader: Choice,
}

#[derive(Arbitrary, Clone, Debug)]
enum Call {
    Resource(resources::Call),
    Program(programs::Call),
    Command(commands::Call),
    Pass(passes::Call),
    Scene(scene::Scene),
    Device(DeviceCall),
    Drop(u8, Slot),
    /// Looks whether what is awaited has come.
    Look,
}

#[derive(Arbitrary, Clone, Debug)]
enum DeviceCall {
    Request(bool, bool, Option<(u8, Number)>),
    Destroy(Slot),
    PushScope(Slot, Choice),
    PopScope(Slot),
    Lost(Slot),
    Label(Slot),
}

impl Means {
    fn quota(&self) -> Quota {
        Quota {
            memory: self.little_memory.of(&[4 << 20, 1 << 10, 1 << 16]),
            staging: self.little_memory.of(&[1 << 20, 256, 1 << 14]),
            objects: self.few_objects.of(&[1000, 0, 1, 4, 12]),
            devices: 3,
            submission_deadline: self.deadline.of(&[
                Duration::from_secs(30),
                Duration::ZERO,
                Duration::from_micros(50),
            ]),
            commands: self.commands.of(&[10_000, 0, 1, 8]),
            shader: self.shader.of(&[64 << 10, 0, 100]),
            exact_timestamps: true,
            ..Quota::default()
        }
    }
}

impl Program {
    /// The program that these bytes are.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let mut u = Unstructured::new(bytes);
        let mut program = Self {
            // Without bytes everything that is arbitrary is nought: nothing here fails.
            means: Arbitrary::arbitrary(&mut u).unwrap(),
            first: Arbitrary::arbitrary(&mut u).unwrap(),
            calls: Vec::new(),
        };
        while !u.is_empty() && program.calls.len() < MOST {
            program.calls.extend(Call::arbitrary(&mut u));
        }
        program
    }

    /// Runs it, lets go of everything, and looks whether everything came back: the number of calls.
    ///
    /// # Errors
    ///
    /// Something stays charged.
    pub(crate) fn run(self) -> Result<usize, String> {
        let mut world = World::new(self.means.map(|means| means.quota()));
        let calls = self.calls.len();
        for call in self.calls {
            // `None`: there is no handle of the kind that it needs.
            let _ = call.run(&mut world);
        }
        world.end(self.first)?;
        Ok(calls)
    }
}

impl Call {
    fn run(self, world: &mut World) -> Option<()> {
        match self {
            Self::Resource(call) => call.run(world)?,
            Self::Program(call) => call.run(world)?,
            Self::Command(call) => call.run(world)?,
            Self::Pass(call) => call.run(world)?,
            Self::Scene(scene) => scene.run(world),
            Self::Device(call) => call.run(world)?,
            Self::Drop(kind, slot) => world.drop_one(kind, slot),
            Self::Look => world.look(),
        }
        Some(())
    }
}

impl DeviceCall {
    fn run(self, world: &mut World) -> Option<()> {
        match self {
            Self::Request(second, timestamps, limit) => {
                let features: &[&str] = if timestamps {
                    &["timestamp-query"]
                } else {
                    &[]
                };
                let limit = limit.map(|(name, value)| {
                    let name = LIMITS[usize::from(name) % LIMITS.len()].name;
                    (name, value.0)
                });
                world.request_device(usize::from(second), features, limit);
            }
            Self::Destroy(slot) if slot.0 % 4 == 0 => world.devices.get(slot)?.destroy(),
            Self::Destroy(_) => {}
            Self::PushScope(slot, kind) => {
                world.devices.get(slot)?.errors().push_scope(kind.of(&[
                    ErrorKind::Validation,
                    ErrorKind::OutOfMemory,
                    ErrorKind::Internal,
                ]))
            }
            Self::PopScope(slot) => {
                let _ = world.devices.get(slot)?.errors().pop_scope();
            }
            Self::Lost(slot) => {
                let lost = world.devices.get(slot)?.errors().lost();
                world.wait(async move { drop(lost.await) });
            }
            Self::Label(slot) => {
                let device = world.devices.get(slot)?;
                device.set_label("a device".to_owned());
                assert_eq!(device.label(), "a device");
            }
        }
        Some(())
    }
}
