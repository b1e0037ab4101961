//! What the host provides to the entry component of a program, interface by interface: each notes that it was called, so
//! that a trap can say what the guest did last.

use wasmtime::component::{HasData, Linker, ResourceTable};
use wasmtime_wasi::cli::{WasiCli, WasiCliView};
use wasmtime_wasi::clocks::{WasiClocks, WasiClocksView};
use wasmtime_wasi::filesystem::{WasiFilesystem, WasiFilesystemView};
use wasmtime_wasi::random::{WasiRandom, WasiRandomView};
use wasmtime_wasi::{p2, p3};
use wasmtime_wasi_http::{WasiHttp, WasiHttpView};
use weft_caps::{config, logging, otel, secrets};
use weft_net::sockets::Sockets;

use super::filesystem;
use crate::host_state::HostState;

/// Binds interfaces of one package: the Rust module of each under its name in WIT.
macro_rules! package {
    ($linker:ident, $data:ty, $view:path, { $($name:literal => $($module:ident)::+),+ $(,)? }) => {
        $($($module)::+::add_to_linker::<HostState, $data>($linker, |state| {
            $view(state.called($name))
        })?;)+
    };
}

/// The table alone, for `wasi:io`.
struct HasTable;

impl HasData for HasTable {
    type Data<'a> = &'a mut ResourceTable;
}

pub(super) fn add(linker: &mut Linker<HostState>) -> wasmtime::Result<()> {
    add_p2(linker)?;
    add_p3(linker)?;
    add_http(linker)?;
    filesystem::limit_writes(linker)?;
    config::add_to_linker(linker, |state: &mut HostState| {
        state.called("wasi:config/store").config(0)
    })?;
    logging::add_to_linker(linker, |state: &mut HostState| {
        state.called("wasi:logging/logging").logging(0)
    })?;
    otel::add_to_linker(linker, |state: &mut HostState| {
        state.called("wasi:otel").otel(0)
    })?;
    weft_gpu::v0::add_to_linker(linker, |state: &mut HostState| {
        state.called("wasi:webgpu").gpu()
    })?;
    weft_gpu::v3::add_to_linker(linker, |state: &mut HostState| {
        state.called("wasi:webgpu").gpu()
    })?;
    secrets::add_to_linker(linker, |state: &mut HostState| {
        state.called("wasmcloud:secrets").secrets(0)
    })
}

fn add_p2(linker: &mut Linker<HostState>) -> wasmtime::Result<()> {
    use p2::bindings::{cli, clocks, filesystem, io, random};
    use weft_net::sockets::p2 as sockets;
    package!(linker, HasTable, HostState::resources, {
        "wasi:io/error" => io::error,
        "wasi:io/poll" => io::poll,
        "wasi:io/streams" => io::streams,
    });
    package!(linker, WasiClocks, WasiClocksView::clocks, {
        "wasi:clocks/monotonic-clock" => clocks::monotonic_clock,
        "wasi:clocks/wall-clock" => clocks::wall_clock,
    });
    package!(linker, WasiRandom, WasiRandomView::random, {
        "wasi:random/random" => random::random,
        "wasi:random/insecure" => random::insecure,
        "wasi:random/insecure-seed" => random::insecure_seed,
    });
    package!(linker, WasiCli, WasiCliView::cli, {
        "wasi:cli/exit" => cli::exit,
        "wasi:cli/environment" => cli::environment,
        "wasi:cli/stdin" => cli::stdin,
        "wasi:cli/stdout" => cli::stdout,
        "wasi:cli/stderr" => cli::stderr,
        "wasi:cli/terminal-input" => cli::terminal_input,
        "wasi:cli/terminal-output" => cli::terminal_output,
        "wasi:cli/terminal-stdin" => cli::terminal_stdin,
        "wasi:cli/terminal-stdout" => cli::terminal_stdout,
        "wasi:cli/terminal-stderr" => cli::terminal_stderr,
    });
    package!(linker, WasiFilesystem, WasiFilesystemView::filesystem, {
        "wasi:filesystem/types" => filesystem::types,
        "wasi:filesystem/preopens" => filesystem::preopens,
    });
    let network = sockets::network::LinkOptions::default();
    sockets::network::add_to_linker::<HostState, Sockets>(linker, &network, |state| {
        state.called("wasi:sockets/network").sockets(0)
    })?;
    package!(linker, Sockets, HostState::own_sockets, {
        "wasi:sockets/tcp" => sockets::tcp,
        "wasi:sockets/udp" => sockets::udp,
        "wasi:sockets/tcp-create-socket" => sockets::tcp_create_socket,
        "wasi:sockets/udp-create-socket" => sockets::udp_create_socket,
        "wasi:sockets/instance-network" => sockets::instance_network,
        "wasi:sockets/ip-name-lookup" => sockets::ip_name_lookup,
    });
    Ok(())
}

fn add_p3(linker: &mut Linker<HostState>) -> wasmtime::Result<()> {
    use p3::bindings::{cli, clocks, filesystem, random};
    use weft_net::sockets::p3 as sockets;
    package!(linker, WasiCli, WasiCliView::cli, {
        "wasi:cli/exit" => cli::exit,
        "wasi:cli/environment" => cli::environment,
        "wasi:cli/stdin" => cli::stdin,
        "wasi:cli/stdout" => cli::stdout,
        "wasi:cli/stderr" => cli::stderr,
        "wasi:cli/terminal-input" => cli::terminal_input,
        "wasi:cli/terminal-output" => cli::terminal_output,
        "wasi:cli/terminal-stdin" => cli::terminal_stdin,
        "wasi:cli/terminal-stdout" => cli::terminal_stdout,
        "wasi:cli/terminal-stderr" => cli::terminal_stderr,
    });
    package!(linker, WasiClocks, WasiClocksView::clocks, {
        "wasi:clocks/types" => clocks::types,
        "wasi:clocks/monotonic-clock" => clocks::monotonic_clock,
        "wasi:clocks/system-clock" => clocks::system_clock,
    });
    package!(linker, WasiRandom, WasiRandomView::random, {
        "wasi:random/random" => random::random,
        "wasi:random/insecure" => random::insecure,
        "wasi:random/insecure-seed" => random::insecure_seed,
    });
    package!(linker, WasiFilesystem, WasiFilesystemView::filesystem, {
        "wasi:filesystem/types" => filesystem::types,
        "wasi:filesystem/preopens" => filesystem::preopens,
    });
    package!(linker, Sockets, HostState::own_sockets, {
        "wasi:sockets/types" => sockets::types,
        "wasi:sockets/ip-name-lookup" => sockets::ip_name_lookup,
    });
    Ok(())
}

fn add_http(linker: &mut Linker<HostState>) -> wasmtime::Result<()> {
    use wasmtime_wasi_http::p2::bindings::{LinkOptions, http as http2};
    use wasmtime_wasi_http::p3::bindings::http as http3;
    package!(linker, WasiHttp, WasiHttpView::http, {
        "wasi:http/outgoing-handler" => http2::outgoing_handler,
        "wasi:http/client" => http3::client,
        "wasi:http/types" => http3::types,
    });
    let options = LinkOptions::default();
    http2::types::add_to_linker::<HostState, WasiHttp>(linker, &(&options).into(), |state| {
        WasiHttpView::http(state.called("wasi:http/types"))
    })
}
