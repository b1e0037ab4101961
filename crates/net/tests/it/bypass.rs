//! Ways around the firewall that were tried on others. Each row is a test: with these entries, this attempt is refused.
// tidy: table

use weft_net::firewall::ask::{Ask, Protocol};
use weft_net::firewall::dial::{DialError, DialLimits};
use weft_net::firewall::gate::LookupError;

use crate::support::{LOOPBACK, Rig, Script, Setup};

/// What a guest tries. Names that are looked up on the way have the answers of the row.
enum Attempt {
    /// A request of `wasi:http`.
    Url(&'static str),
    /// A host that is given to a capability, for port 443.
    Host(&'static str),
    /// A socket that connects.
    Connect(&'static str),
    /// A datagram.
    Send(&'static str),
    /// A look-up.
    LookUp(&'static str),
    /// A look-up of `name.test`, then a socket to this address.
    LookUpAndConnect(&'static str),
    /// A look-up of `name.test`, then a request to it.
    LookUpAndRequest,
}

use Attempt::{Connect, Host, LookUp, LookUpAndConnect, LookUpAndRequest, Send, Url};

/// A firewall with these entries, their names for look-ups also, and no port of the host; every name that an attempt has
/// in it gets these answers, one after the other.
fn rig(entries: &[&str], attempt: &Attempt, answers: &[&[&str]]) -> Rig {
    let mut script = Script::of("name.test", answers);
    if let Url(text) = attempt
        && let Ok(url) = text.parse::<http::Uri>()
        && let Ok(ask) = Ask::url(&url)
    {
        script = script.and(&ask.host().to_string(), answers);
    }
    let names = entries.iter().filter(|entry| !entry.contains('/'));
    let lookups: Vec<_> = names.filter_map(|entry| entry.split(':').next()).collect();
    Setup {
        hosts: entries,
        lookups: &lookups,
        settings: LOOPBACK,
        script,
        ..Setup::default()
    }
    .build()
}

/// `true` when the attempt was refused by the firewall, and not for any other reason.
async fn is_refused(rig: &Rig, attempt: &Attempt) -> bool {
    let firewall = &rig.firewall;
    let dial = async |ask: &Ask| {
        let failed = firewall.dial(ask, DialLimits::default()).await;
        matches!(failed, Err(DialError::Denied(_)))
    };
    match attempt {
        Url(text) => match text.parse::<http::Uri>() {
            // No request with such a URL can be made.
            Err(_) => true,
            Ok(url) => match firewall.request(&url) {
                Err(_) => true,
                Ok(ask) => dial(&ask).await,
            },
        },
        Host(text) => match Ask::new("postgres", text, 443) {
            Err(_) => true,
            Ok(ask) => dial(&ask).await,
        },
        Connect(text) => firewall
            .socket(Protocol::Tcp, text.parse().expect("an address"))
            .is_err(),
        Send(text) => firewall
            .socket(Protocol::Udp, text.parse().expect("an address"))
            .is_err(),
        LookUp(text) => matches!(firewall.look_up(text).await, Err(LookupError::Denied(_))),
        LookUpAndConnect(text) => {
            firewall.look_up("name.test").await.expect("an answer");
            firewall
                .socket(Protocol::Tcp, text.parse().expect("an address"))
                .is_err()
        }
        LookUpAndRequest => {
            firewall.look_up("name.test").await.expect("an answer");
            dial(&Ask::new("http", "name.test", 80).expect("a destination")).await
        }
    }
}

macro_rules! refused {
    ($($name:ident: $entries:expr, $attempt:expr $(, $answer:expr)*;)+) => {
        $(#[tokio::test] async fn $name() {
            let attempt = $attempt;
            let answers: &[&[&str]] = &[$(&$answer),*];
            let rig = rig(&$entries, &attempt, answers);
            assert!(is_refused(&rig, &attempt).await);
        })+
    };
}

/// Entries as wide as they can be.
const ALL: [&str; 5] = ["*", "*.test", "name.test", "0.0.0.0/0", "[::/0]"];

// Addresses that nothing allows, as they are.
refused! {
    loopback: ALL, Url("http://127.0.0.1/");
    loopback_listed_itself: ["127.0.0.1", "127.0.0.0/8", "*"], Url("http://127.0.0.1/");
    loopback_other_than_the_first: ALL, Url("http://127.8.9.10/");
    loopback_ipv6: ALL, Url("http://[::1]/");
    loopback_ipv6_in_full: ALL, Url("http://[0000:0000:0000:0000:0000:0000:0000:0001]/");
    unspecified: ALL, Url("http://0.0.0.0/");
    unspecified_ipv6: ALL, Url("http://[::]/");
    this_network: ALL, Url("http://0.1.2.3/");
    metadata: ALL, Url("http://169.254.169.254/latest/meta-data/");
    metadata_listed_itself: ["169.254.169.254", "169.254.0.0/16:80"], Url("http://169.254.169.254/");
    metadata_of_containers: ALL, Url("http://169.254.170.2/");
    metadata_of_aws_ipv6: ALL, Url("http://[fd00:ec2::254]/");
    metadata_of_google_ipv6: ALL, Url("http://[fd20:ce::254]/");
    metadata_of_alibaba: ALL, Url("http://100.100.100.200/");
    metadata_of_azure_in_a_public_range: ALL, Url("http://168.63.129.16/");
    metadata_of_oracle: ALL, Url("http://192.0.0.192/");
    link_local_ipv6: ALL, Url("http://[fe80::1]/");
    site_local_ipv6: ALL, Url("http://[fec0::1]/");
    multicast: ALL, Url("http://224.0.0.1/");
    multicast_ipv6: ALL, Url("http://[ff02::1]/");
    broadcast: ALL, Send("255.255.255.255:9");
    reserved: ALL, Url("http://240.0.0.1/");
    documentation: ALL, Url("http://192.0.2.1/");
    documentation_ipv6: ALL, Url("http://[2001:db8::1]/");
    benchmarks: ALL, Url("http://198.18.0.1/");
    discarded: ALL, Url("http://[100::1]/");
    never_assigned: ALL, Url("http://[4000::1]/");
    a_socket_to_loopback: ALL, Connect("127.0.0.1:22");
    a_socket_to_metadata: ALL, Connect("169.254.169.254:80");
    a_datagram_to_metadata: ALL, Send("169.254.169.254:53");
    a_datagram_to_multicast: ALL, Send("239.255.255.250:1900");
    a_socket_to_link_local: ALL, Connect("[fe80::1]:80");
    a_socket_with_a_zone: ALL, Connect("[fe80::1%2]:80");
}

// One address inside another.
refused! {
    mapped_loopback: ALL, Url("http://[::ffff:127.0.0.1]/");
    mapped_loopback_in_hexadecimal: ALL, Url("http://[::ffff:7f00:1]/");
    mapped_metadata: ALL, Url("http://[::ffff:169.254.169.254]/");
    mapped_metadata_in_hexadecimal: ALL, Url("http://[0:0:0:0:0:ffff:a9fe:a9fe]/");
    mapped_private: ["*"], Url("http://[::ffff:10.0.0.1]/");
    mapped_private_socket: ["*"], Connect("[::ffff:10.0.0.1]:5432");
    mapped_loopback_socket: ALL, Connect("[::ffff:127.0.0.1]:22");
    mapped_unspecified: ALL, Url("http://[::ffff:0.0.0.0]/");
    compatible_loopback: ALL, Url("http://[::127.0.0.1]/");
    compatible_private: ALL, Url("http://[::10.0.0.1]/");
    compatible_metadata: ALL, Connect("[::169.254.169.254]:80");
    translated_loopback: ALL, Url("http://[::ffff:0:127.0.0.1]/");
    nat64_loopback: ALL, Url("http://[64:ff9b::127.0.0.1]/");
    nat64_metadata: ALL, Url("http://[64:ff9b::a9fe:a9fe]/");
    nat64_private: ALL, Url("http://[64:ff9b::10.0.0.1]/");
    nat64_local: ALL, Url("http://[64:ff9b:1::10.0.0.1]/");
    six_to_four_loopback: ALL, Url("http://[2002:7f00:1::]/");
    six_to_four_private: ALL, Url("http://[2002:a00:1::1]/");
    teredo: ALL, Url("http://[2001:0:a9fe:a9fe::1]/");
}

// IPv4 as only some programs read it.
refused! {
    decimal_loopback: ALL, Url("http://2130706433/");
    decimal_metadata: ALL, Url("http://2852039166/");
    hexadecimal_loopback: ALL, Url("http://0x7f000001/");
    hexadecimal_in_parts: ALL, Url("http://0x7f.0x0.0x0.0x1/");
    hexadecimal_in_capitals: ALL, Url("http://0X7F000001/");
    octal_loopback: ALL, Url("http://017700000001/");
    octal_in_parts: ALL, Url("http://0177.0.0.01/");
    octal_metadata: ALL, Url("http://0251.0376.0251.0376/");
    leading_zeros: ALL, Url("http://127.000.000.001/");
    leading_zero_of_a_private_address: ALL, Url("http://010.0.0.1/");
    short_of_two_parts: ALL, Url("http://127.1/");
    short_of_three_parts: ALL, Url("http://127.0.1/");
    short_zero: ALL, Url("http://0/");
    mixed_parts: ALL, Url("http://0x7f.1/");
    too_many_parts: ALL, Url("http://127.0.0.1.1/");
    part_too_large: ALL, Url("http://127.0.0.257/");
    number_too_large: ALL, Url("http://4294967297/");
    number_with_a_dot: ALL, Url("http://2130706433./");
    last_part_hexadecimal: ALL, Url("http://127.0.0.0x1/");
    percent_encoded_address: ALL, Host("%31%32%37.0.0.1");
    full_width_address: ALL, Host("１２７.０.０.１");
    circled_address: ALL, Host("①②⑦.⓪.⓪.①");
    ideographic_dots: ALL, Host("127。0。0。1");
    half_width_dots: ALL, Host("127｡0｡0｡1");
    full_width_dots_of_metadata: ALL, Host("169．254．169．254");
    address_with_a_dot: ALL, Url("http://127.0.0.1./");
    decimal_for_a_capability: ALL, Host("2130706433");
    short_for_a_look_up: ALL, LookUp("127.1");
    arabic_digits: ALL, Host("١٢٧.٠.٠.١");
}

// What names resolve to.
refused! {
    name_at_loopback: ALL, Url("http://name.test/"), ["127.0.0.1"];
    name_at_loopback_ipv6: ALL, Url("http://name.test/"), ["::1"];
    name_at_metadata: ALL, Url("http://name.test/"), ["169.254.169.254"];
    name_at_unspecified: ALL, Url("http://name.test/"), ["0.0.0.0"];
    name_at_mapped_loopback: ALL, Url("http://name.test/"), ["::ffff:127.0.0.1"];
    name_at_nat64: ALL, Url("http://name.test/"), ["64:ff9b::a9fe:a9fe"];
    name_at_6to4: ALL, Url("http://name.test/"), ["2002:7f00:1::"];
    name_at_link_local: ALL, Url("http://name.test/"), ["fe80::1"];
    name_at_several_special_addresses: ALL, Url("http://name.test/"), ["127.0.0.1", "::1", "169.254.169.254"];
    name_at_the_address_of_the_host_loopback: ALL, Url("http://name.test/"), ["127.255.255.254"];
    name_below_a_wildcard_at_a_private_address: ["*.test"], Url("http://name.test/"), ["10.0.0.1"];
    name_below_a_star_at_a_private_address: ["*"], Url("http://name.test/"), ["192.168.0.1"];
    name_at_a_carrier_address: ["*"], Url("http://name.test/"), ["100.64.0.1"];
    name_at_a_unique_local_address: ["*"], Url("http://name.test/"), ["fd12::1"];
    name_at_a_mapped_private_address: ["*"], Url("http://name.test/"), ["::ffff:172.16.0.1"];
    name_at_private_and_special_addresses: ["*"], Url("http://name.test/"), ["10.0.0.1", "127.0.0.1"];
    name_that_spells_an_address: ["*"], Url("http://127.0.0.1.name.test/"), ["127.0.0.1"];
    rebound_after_a_look_up: ALL, LookUpAndRequest, ["1.1.1.1"], ["127.0.0.1"];
    rebound_to_metadata: ALL, LookUpAndRequest, ["1.1.1.1"], ["169.254.169.254"];
    rebound_to_a_private_address: ["*"], LookUpAndRequest, ["1.1.1.1"], ["10.0.0.1"];
    found_at_loopback_and_connected: ALL, LookUpAndConnect("127.0.0.1:80"), ["127.0.0.1"];
    found_at_metadata_and_connected: ALL, LookUpAndConnect("169.254.169.254:80"), ["169.254.169.254"];
    found_under_a_wildcard_at_a_private_address: ["*.test"], LookUpAndConnect("10.0.0.1:80"), ["10.0.0.1"];
    found_but_another_address_connected: ["name.test"], LookUpAndConnect("1.1.1.2:80"), ["1.1.1.1"];
    found_but_another_port_connected: ["name.test:443"], LookUpAndConnect("1.1.1.1:80"), ["1.1.1.1"];
}

// Names that look like listed ones.
refused! {
    apex_of_a_wildcard: ["*.example.com"], Url("http://example.com/");
    suffix_without_a_dot: ["*.example.com"], Url("http://evilexample.com/");
    suffix_in_front: ["*.example.com"], Url("http://example.com.evil.test/");
    listed_name_in_front: ["example.com"], Url("http://example.com.evil.test/");
    listed_name_behind: ["example.com"], Url("http://evil-example.com/");
    name_below_a_listed_one: ["example.com"], Url("http://a.example.com/");
    homograph_with_a_cyrillic_letter: ["apple.com"], Host("аpple.com");
    homograph_in_punycode: ["apple.com"], Url("http://xn--pple-43d.com/");
    homograph_with_a_dotless_i: ["github.com"], Host("gıthub.com");
    empty_label_inside: ["*.example.com"], Url("http://a..example.com/");
    empty_label_in_front: ["*.example.com"], Url("http://.example.com/");
    two_dots_behind: ["example.com"], Url("http://example.com../");
    only_dots: ALL, Host("...");
    user_before_the_host: ["example.com"], Url("http://example.com@evil.test/");
    user_and_password_before_the_host: ["example.com"], Url("http://example.com:80@evil.test/");
    user_before_a_listed_host: ["example.com"], Url("http://user@example.com/");
    user_that_is_empty: ["example.com"], Url("http://@example.com/");
    backslash_in_the_host: ["example.com"], Url("http://evil.test\\.example.com/");
    fragment_in_the_host: ["*.example.com"], Host("evil.test#.example.com");
    question_mark_in_the_host: ["*.example.com"], Host("evil.test?.example.com");
    slash_in_the_host: ["*.example.com"], Host("evil.test/.example.com");
    percent_encoded_slash: ["*.example.com"], Host("evil.test%2f.example.com");
    percent_encoded_dot: ["*.example.com"], Host("evil%2eexample.com");
    zero_byte: ["*.example.com"], Host("evil.test\0.example.com");
    new_line: ["*.example.com"], Host("evil.test\r\n.example.com");
    space_before: ["example.com"], Host(" evil.test");
    space_behind_the_name: ["example.com"], Host("example.com evil.test");
    tab_inside: ["example.com"], Host("example\t.com");
    colon_in_the_host: ["example.com"], Host("example.com:80");
    fraction_that_becomes_a_slash: ["*.example.com"], Host("evil℀.example.com");
    label_too_long: ALL, Host("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.test");
    name_too_long: ALL, Host("a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.test");
    empty_host: ALL, Host("");
    punycode_that_is_broken: ALL, Url("http://xn--a-.test/");
    look_up_of_an_unlisted_name: ["example.com"], LookUp("evil.test");
    look_up_of_the_apex: ["*.example.com"], LookUp("example.com");
    look_up_that_carries_data_below_a_listed_name: ["example.com"], LookUp("secret.example.com");
    localhost: ALL, Url("http://localhost/"), ["127.0.0.1"];
    localhost_in_capitals_with_a_dot: ALL, Url("http://LOCALHOST./"), ["127.0.0.1"];
    name_below_localhost: ALL, Url("http://a.localhost/"), ["127.0.0.1"];
    name_of_the_service_asked_of_dns: ALL, LookUp("service.weft.internal");
}

// Schemes, ports, and the loopback of the host.
refused! {
    ftp: ALL, Url("ftp://example.com/");
    file: ALL, Url("file:///etc/passwd");
    gopher: ALL, Url("gopher://127.0.0.1:6379/_INFO");
    unix_socket: ALL, Url("unix:///var/run/docker.sock");
    web_socket: ALL, Url("ws://example.com/");
    no_scheme: ALL, Url("//example.com/");
    no_host: ALL, Url("http:///path");
    relative: ALL, Url("/path");
    http_where_https_is_listed: ["https://example.com"], Url("http://example.com/");
    http_at_the_port_of_https: ["https://example.com"], Url("http://example.com:443/");
    socket_where_https_is_listed: ["https://1.1.1.1"], Connect("1.1.1.1:443");
    datagram_where_tcp_is_listed: ["tcp://1.1.1.1:53"], Send("1.1.1.1:53");
    other_port: ["example.com:443"], Url("https://example.com:8443/");
    port_zero: ALL, Url("http://example.com:0/");
    port_zero_of_a_socket: ALL, Connect("1.1.1.1:0");
    port_too_large: ALL, Url("http://example.com:65616/");
    port_that_wraps_around: ["example.com:80"], Url("http://example.com:4294967376/");
    port_with_a_sign: ALL, Url("http://example.com:+80/");
    empty_port: ALL, Url("http://example.com:/");
    two_ports: ["example.com:80"], Url("http://example.com:80:8080/");
    loopback_of_the_host_by_name: ALL, Url("http://host.weft.internal:5432/");
    loopback_of_the_host_by_the_name_of_wasmcloud: ALL, Url("http://host.wasmcloud.internal:5432/");
    loopback_of_the_host_by_address: ALL, Connect("127.255.255.254:5432");
    loopback_of_the_host_by_mapped_address: ALL, Connect("[::ffff:127.255.255.254]:5432");
    loopback_of_the_host_by_datagram: ALL, Send("127.255.255.254:53");
    name_below_the_loopback_of_the_host: ALL, Url("http://a.host.weft.internal/"), ["127.0.0.1"];
    private_address_without_an_entry: ["*"], Connect("10.0.0.1:5432");
    private_address_at_another_port: ["10.0.0.0/8:5432"], Connect("10.0.0.1:5433");
    private_address_outside_the_block: ["10.1.0.0/16"], Connect("10.2.0.1:80");
    nothing_listed: [], Url("https://example.com/"), ["1.1.1.1"];
    nothing_listed_for_a_socket: [], Connect("1.1.1.1:443");
    nothing_listed_for_a_look_up: [], LookUp("example.com");
}
