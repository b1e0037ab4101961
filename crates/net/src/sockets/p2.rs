//! `wasi:sockets@0.2` over the sockets of this module.
//!
//! Each module is an interface, with `add_to_linker` and `add_to_linker_instance` for [`super::Sockets`].

mod convert;
mod lookup;
mod streams;
mod tcp_socket;
mod udp_socket;

mod bindings {
    wasmtime::component::bindgen!({
        path: "../../wit/wasi-0.2",
        world: "wasi:sockets/imports@0.2.12",
        imports: { default: trappable },
        require_store_data_send: true,
        trappable_error_type: {
            "wasi:sockets/network.error-code" => crate::sockets::p2::Failure,
        },
        with: {
            "wasi:io": wasmtime_wasi::p2::bindings::io,
            "wasi:clocks": wasmtime_wasi::p2::bindings::clocks,
            "wasi:sockets/network.network": crate::sockets::p2::Network,
            "wasi:sockets/tcp.tcp-socket": crate::sockets::p2::TcpSocket,
            "wasi:sockets/udp.udp-socket": crate::sockets::p2::UdpSocket,
            "wasi:sockets/udp.incoming-datagram-stream": crate::sockets::p2::IncomingDatagrams,
            "wasi:sockets/udp.outgoing-datagram-stream": crate::sockets::p2::OutgoingDatagrams,
            "wasi:sockets/ip-name-lookup.resolve-address-stream": crate::sockets::p2::Resolution,
        },
    });
}

pub use bindings::wasi::sockets::{
    instance_network, ip_name_lookup, network, tcp, tcp_create_socket, udp, udp_create_socket,
};

pub use super::error::Failure;
pub use convert::Network;
pub use lookup::Resolution;
pub use tcp_socket::TcpSocket;
pub use udp_socket::{IncomingDatagrams, OutgoingDatagrams, UdpSocket};
