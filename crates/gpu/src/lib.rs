//! `wasi:webgpu` for many tenants.
