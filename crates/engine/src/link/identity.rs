//! The interfaces that bear identity, and those that are imported under a label, bound to one part of a program.
//!
//! `compose` gives the linked parts their own names for these; here each name is bound to the part it belongs to, so
//! that who asks is settled when the program is linked and never looked up while it runs.

use wasmtime::component::{Access, Accessor, Linker, LinkerInstance, Resource, StreamReader};
use wasmtime::{StoreContextMut, bail};
use wasmtime_wasi::cli::{WasiCli, WasiCliCtxView};
use wasmtime_wasi::{p2, p3};
use wasmtime_wasi_http::{WasiHttp, WasiHttpCtxView};
use weft_caps::{config, logging, otel, secrets};
use weft_net::sockets::{self, Sockets};

use super::filesystem;
use crate::compose::Scoped;
use crate::host_state::HostState;

/// How one part's state is found in the store. Plain function pointers, because that is what `Access` takes.
struct Getters {
    cli: fn(&mut HostState) -> WasiCliCtxView<'_>,
    http: fn(&mut HostState) -> WasiHttpCtxView<'_>,
    sockets: fn(&mut HostState) -> sockets::View<'_>,
}

const fn getters<const PART: usize>() -> Getters {
    Getters {
        cli: |state| state.called("wasi:cli").cli(PART),
        http: |state| state.called("wasi:http").outbound_http(PART),
        sockets: |state| state.called("wasi:sockets").sockets(PART),
    }
}

/// One row for each part that a program may have (`plan::resolve::MAX_PARTS`).
const GETTERS: [Getters; 16] = [
    getters::<0>(),
    getters::<1>(),
    getters::<2>(),
    getters::<3>(),
    getters::<4>(),
    getters::<5>(),
    getters::<6>(),
    getters::<7>(),
    getters::<8>(),
    getters::<9>(),
    getters::<10>(),
    getters::<11>(),
    getters::<12>(),
    getters::<13>(),
    getters::<14>(),
    getters::<15>(),
];

/// Binds one renamed import.
pub(super) fn bind(linker: &mut Linker<HostState>, import: &Scoped) -> wasmtime::Result<()> {
    let part = import.part;
    let Some(getters) = GETTERS.get(part) else {
        bail!("the program has more parts than can be linked")
    };
    let mut root = linker.root();
    let mut instance = root.instance(&import.name)?;
    let name = &import.interface;
    let track = name.track().unwrap_or_default();
    match (
        name.package.as_str(),
        name.interface.as_str(),
        track.as_str(),
    ) {
        ("cli", "environment", "0.2") => environment2(&mut instance, getters.cli),
        ("cli", "environment", "0.3") => environment3(&mut instance, getters.cli),
        ("cli", "stdin" | "stdout" | "stderr", "0.2") => {
            stdio2(&mut instance, getters.cli, &name.interface)
        }
        ("cli", "stdin" | "stdout" | "stderr", "0.3") => {
            stdio3(&mut instance, getters.cli, &name.interface)
        }
        ("filesystem", "preopens", "0.2" | "0.3") => filesystem::preopens(&mut instance, part),
        ("http", "outgoing-handler", "0.2") => outgoing_handler(&mut instance, getters.http),
        ("http", "client", "0.3") => client(&mut instance, getters.http),
        ("sockets", interface, "0.2") => sockets2(&mut instance, getters.sockets, interface),
        ("sockets", interface, "0.3") => sockets3(&mut instance, getters.sockets, interface),
        ("config", ..) => config::add_to_instance(&mut instance, move |state: &mut HostState| {
            state.config(part)
        }),
        ("logging", ..) => logging::add_to_instance(&mut instance, move |state: &mut HostState| {
            state.logging(part)
        }),
        ("otel", interface, _) => {
            otel::add_to_instance(&mut instance, interface, move |state: &mut HostState| {
                state.otel(part)
            })
        }
        ("secrets", interface, _) => {
            secrets_of(&mut instance, part, interface, import.label.as_deref())
        }
        _ => bail!("`{name}` cannot be bound to one component"),
    }
}

type Cli = fn(&mut HostState) -> WasiCliCtxView<'_>;
type Http = fn(&mut HostState) -> WasiHttpCtxView<'_>;
type SocketsOf = fn(&mut HostState) -> sockets::View<'_>;
type Instance<'a> = LinkerInstance<'a, HostState>;
type Cx<'a> = StoreContextMut<'a, HostState>;

fn secrets_of(
    instance: &mut Instance<'_>,
    part: usize,
    interface: &str,
    label: Option<&str>,
) -> wasmtime::Result<()> {
    match (interface, label) {
        ("store", None) => secrets::add_store(instance, view_of(part)),
        ("reveal", None) => secrets::add_reveal(instance, view_of(part)),
        ("secret", Some(key)) => secrets::add_labelled(instance, key, view_of(part)),
        _ => bail!("`wasmcloud:secrets/{interface}` cannot be bound to one component"),
    }
}

fn view_of(
    part: usize,
) -> impl for<'a> Fn(&'a mut HostState) -> secrets::View<'a> + Copy + Send + Sync + 'static {
    move |state| state.called("wasmcloud:secrets").secrets(part)
}

fn environment2(instance: &mut Instance<'_>, cli: Cli) -> wasmtime::Result<()> {
    use p2::bindings::cli::environment::Host;
    instance.func_wrap("get-environment", move |mut cx: Cx<'_>, (): ()| {
        Ok((cli(cx.data_mut()).get_environment()?,))
    })?;
    instance.func_wrap("get-arguments", move |mut cx: Cx<'_>, (): ()| {
        Ok((cli(cx.data_mut()).get_arguments()?,))
    })?;
    instance.func_wrap("initial-cwd", move |mut cx: Cx<'_>, (): ()| {
        Ok((cli(cx.data_mut()).initial_cwd()?,))
    })
}

fn environment3(instance: &mut Instance<'_>, cli: Cli) -> wasmtime::Result<()> {
    use p3::bindings::cli::environment::Host;
    instance.func_wrap("get-environment", move |mut cx: Cx<'_>, (): ()| {
        Ok((cli(cx.data_mut()).get_environment()?,))
    })?;
    instance.func_wrap("get-arguments", move |mut cx: Cx<'_>, (): ()| {
        Ok((cli(cx.data_mut()).get_arguments()?,))
    })?;
    instance.func_wrap("get-initial-cwd", move |mut cx: Cx<'_>, (): ()| {
        Ok((cli(cx.data_mut()).get_initial_cwd()?,))
    })
}

fn stdio2(instance: &mut Instance<'_>, cli: Cli, stream: &str) -> wasmtime::Result<()> {
    use p2::bindings::cli::{stderr, stdin, stdout};
    match stream {
        "stdin" => instance.func_wrap("get-stdin", move |mut cx: Cx<'_>, (): ()| {
            Ok((stdin::Host::get_stdin(&mut cli(cx.data_mut()))?,))
        }),
        "stdout" => instance.func_wrap("get-stdout", move |mut cx: Cx<'_>, (): ()| {
            Ok((stdout::Host::get_stdout(&mut cli(cx.data_mut()))?,))
        }),
        _ => instance.func_wrap("get-stderr", move |mut cx: Cx<'_>, (): ()| {
            Ok((stderr::Host::get_stderr(&mut cli(cx.data_mut()))?,))
        }),
    }
}

fn stdio3(instance: &mut Instance<'_>, cli: Cli, stream: &str) -> wasmtime::Result<()> {
    use p3::bindings::cli::{stderr, stdin, stdout};
    match stream {
        "stdin" => instance.func_wrap("read-via-stream", move |cx: Cx<'_>, (): ()| {
            Ok((
                <WasiCli as stdin::HostWithStore<HostState>>::read_via_stream(Access::<
                    HostState,
                    WasiCli,
                >::new(
                    cx, cli
                ))?,
            ))
        }),
        "stdout" => instance.func_wrap(
            "write-via-stream",
            move |cx: Cx<'_>, (data,): (StreamReader<u8>,)| {
                Ok((
                    <WasiCli as stdout::HostWithStore<HostState>>::write_via_stream(
                        Access::<HostState, WasiCli>::new(cx, cli),
                        data,
                    )?,
                ))
            },
        ),
        _ => instance.func_wrap(
            "write-via-stream",
            move |cx: Cx<'_>, (data,): (StreamReader<u8>,)| {
                Ok((
                    <WasiCli as stderr::HostWithStore<HostState>>::write_via_stream(
                        Access::<HostState, WasiCli>::new(cx, cli),
                        data,
                    )?,
                ))
            },
        ),
    }
}

fn outgoing_handler(instance: &mut Instance<'_>, http: Http) -> wasmtime::Result<()> {
    use wasmtime_wasi_http::p2::bindings::http::outgoing_handler::{
        Host, OutgoingRequest, RequestOptions,
    };
    type Params = (Resource<OutgoingRequest>, Option<Resource<RequestOptions>>);
    instance.func_wrap(
        "handle",
        move |mut cx: Cx<'_>, (request, options): Params| match http(cx.data_mut())
            .handle(request, options)
        {
            Ok(response) => Ok((Ok(response),)),
            Err(error) => Ok((Err(error.downcast()?),)),
        },
    )
}

fn sockets2(
    instance: &mut Instance<'_>,
    sockets: SocketsOf,
    interface: &str,
) -> wasmtime::Result<()> {
    use weft_net::sockets::p2::{ip_name_lookup, tcp_create_socket, udp_create_socket};
    match interface {
        "tcp-create-socket" => {
            tcp_create_socket::add_to_linker_instance::<HostState, Sockets>(instance, sockets)
        }
        "udp-create-socket" => {
            udp_create_socket::add_to_linker_instance::<HostState, Sockets>(instance, sockets)
        }
        "ip-name-lookup" => {
            ip_name_lookup::add_to_linker_instance::<HostState, Sockets>(instance, sockets)
        }
        _ => bail!("`wasi:sockets/{interface}` bears no identity"),
    }
}

fn sockets3(
    instance: &mut Instance<'_>,
    sockets: SocketsOf,
    interface: &str,
) -> wasmtime::Result<()> {
    use weft_net::sockets::p3::{ip_name_lookup, types};
    match interface {
        "types" => types::add_to_linker_instance::<HostState, Sockets>(instance, sockets),
        "ip-name-lookup" => {
            ip_name_lookup::add_to_linker_instance::<HostState, Sockets>(instance, sockets)
        }
        _ => bail!("`wasi:sockets/{interface}` bears no identity"),
    }
}

fn client(instance: &mut Instance<'_>, http: Http) -> wasmtime::Result<()> {
    use wasmtime_wasi_http::p3::Request;
    use wasmtime_wasi_http::p3::bindings::http::client::HostWithStore;
    instance.func_wrap_concurrent(
        "send",
        move |accessor: &Accessor<HostState>, (request,): (Resource<Request>,)| {
            let accessor = accessor.with_getter::<WasiHttp>(http);
            Box::pin(async move {
                match <WasiHttp as HostWithStore<HostState>>::send(&accessor, request).await {
                    Ok(response) => Ok((Ok(response),)),
                    Err(error) => Ok((Err(error.downcast()?),)),
                }
            })
        },
    )
}
