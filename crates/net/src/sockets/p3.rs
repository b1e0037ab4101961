//! `wasi:sockets@0.3` over the sockets of this module.
//!
//! Each module is an interface, with `add_to_linker` and `add_to_linker_instance` for [`super::Sockets`].

mod convert;
mod lookup;
mod streams;
mod tcp_socket;
mod udp_socket;

mod bindings {
    wasmtime::component::bindgen!({
        path: "../../wit/wasi-0.3",
        world: "wasi:sockets/imports@0.3.2",
        imports: {
            "wasi:sockets/types.[method]tcp-socket.listen": store | trappable,
            "wasi:sockets/types.[method]tcp-socket.send": store | trappable,
            "wasi:sockets/types.[method]tcp-socket.receive": store | trappable,
            default: trappable,
        },
        trappable_error_type: {
            "wasi:sockets/types.error-code" => crate::sockets::p3::Failure,
        },
        with: {
            "wasi:clocks": wasmtime_wasi::p3::bindings::clocks,
            "wasi:sockets/types.tcp-socket": crate::sockets::p3::TcpSocket,
            "wasi:sockets/types.udp-socket": crate::sockets::p3::UdpSocket,
        },
    });
}

pub use bindings::wasi::sockets::{ip_name_lookup, types};

pub use super::error::Failure;
pub use tcp_socket::TcpSocket;
pub use udp_socket::UdpSocket;
