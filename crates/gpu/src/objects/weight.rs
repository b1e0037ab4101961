//! How much a driver has to do with a shader. Drivers put every function where it is called, copy values word by word and
//! keep variables on the stack: a few lines can stand for more than a machine has memory, and no time limit takes memory
//! back. So what a compiler would see is counted before it sees it.

use wgpu_core::naga::front::{Typifier, wgsl};
use wgpu_core::naga::proc::{GlobalCtx, ResolveContext};
use wgpu_core::naga::valid::Capabilities;
use wgpu_core::naga::{AddressSpace, Block, Function, Handle, Module, Statement, Type, TypeInner};

/// Values of 32 bits that a module works out, with every function where it is called.
const VALUES: u64 = 1 << 17;
/// Bytes of variables of one thread, with every function where it is called. WebGPU wants 8 KiB for each of two kinds.
const VARIABLES: u64 = 64 << 10;

/// What a function is for whoever calls it.
#[derive(Clone, Copy, Debug, Default)]
struct Weight {
    values: u64,
    variables: u64,
}

/// Whether a driver can be given this module. One that is none is for others to refuse.
pub(super) fn check(code: &str) -> Result<(), String> {
    let mut options = wgsl::Options::new();
    options.capabilities = Capabilities::all();
    let Ok(module) = wgsl::Frontend::new_with_options(options).parse(code) else {
        return Ok(());
    };
    let all = weight(&module);
    if all.values > VALUES {
        return Err(format!(
            "the shader works out {} values once its functions stand where they are called, and {VALUES} are allowed: use loops, and no copies of large arrays",
            all.values
        ));
    }
    if all.variables > VARIABLES {
        return Err(format!(
            "the variables of the shader take {} bytes for each thread once its functions stand where they are called, and {VARIABLES} are allowed: use storage buffers",
            all.variables
        ));
    }
    Ok(())
}

/// Of the heaviest entry point, and of what all entry points share.
fn weight(module: &Module) -> Weight {
    let mut known: Vec<Weight> = Vec::with_capacity(module.functions.len());
    // A function calls only those before it.
    for (_, function) in module.functions.iter() {
        known.push(of(module, function, &known));
    }
    let mut heaviest = Weight::default();
    for entry in &module.entry_points {
        let entry = of(module, &entry.function, &known);
        heaviest.values = heaviest.values.max(entry.values);
        heaviest.variables = heaviest.variables.max(entry.variables);
    }
    let private = module.global_variables.iter();
    for (_, variable) in private.filter(|(_, variable)| variable.space == AddressSpace::Private) {
        let bytes = size(module, variable.ty);
        heaviest.variables = heaviest.variables.saturating_add(bytes);
    }
    heaviest
}

fn of(module: &Module, function: &Function, known: &[Weight]) -> Weight {
    let context = module.to_ctx();
    let mut weight = called(&function.body, known);
    for (_, variable) in function.local_variables.iter() {
        let bytes = size(module, variable.ty);
        weight.variables = weight.variables.saturating_add(bytes);
    }
    let resolve =
        ResolveContext::with_locals(module, &function.local_variables, &function.arguments);
    let mut types = Typifier::new();
    for (expression, _) in function.expressions.iter() {
        if types
            .grow(expression, &function.expressions, &resolve)
            .is_err()
        {
            // The validator refuses it for the same reason.
            return weight;
        }
        let values = match types.get(expression, &module.types) {
            TypeInner::Pointer { .. } | TypeInner::ValuePointer { .. } => 1,
            value => bytes(value, context).div_ceil(4).max(1),
        };
        weight.values = weight.values.saturating_add(values);
    }
    weight
}

/// What the functions weigh that are called here.
fn called(body: &Block, known: &[Weight]) -> Weight {
    let mut weight = Weight::default();
    let mut blocks = vec![body];
    while let Some(block) = blocks.pop() {
        for statement in block {
            match statement {
                Statement::Block(block) => blocks.push(block),
                Statement::If { accept, reject, .. } => blocks.extend([accept, reject]),
                Statement::Switch { cases, .. } => {
                    blocks.extend(cases.iter().map(|case| &case.body));
                }
                Statement::Loop {
                    body, continuing, ..
                } => blocks.extend([body, continuing]),
                Statement::Call { function, .. } => {
                    let callee = known.get(function.index()).copied().unwrap_or_default();
                    weight.values = weight.values.saturating_add(callee.values);
                    weight.variables = weight.variables.saturating_add(callee.variables);
                }
                _ => {}
            }
        }
    }
    weight
}

/// Bytes of a variable of this type.
fn size(module: &Module, ty: Handle<Type>) -> u64 {
    let ty = module.types.get_handle(ty);
    ty.map_or(0, |ty| bytes(&ty.inner, module.to_ctx()))
}

/// Bytes of a value; more than there may be of one that is too large for naga.
fn bytes(of: &TypeInner, context: GlobalCtx<'_>) -> u64 {
    of.try_size(context).map_or(u64::from(u32::MAX), u64::from)
}
