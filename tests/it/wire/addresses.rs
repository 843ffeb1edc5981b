use loadgate::load::wire::{address, resolve};
use loadgate::plan::Target;

/// Every way that is known to write an address that never gets load, for hosts in a gate file.
const NEVER: [&str; 61] = [
    // Metadata of clouds: plain, and what resolvers take for the same.
    "169.254.169.254",
    "2852039166",
    "0xa9fea9fe",
    "0xA9FEA9FE",
    "0xa9.0xfe.0xa9.0xfe",
    "0251.0376.0251.0376",
    "025177524776",
    "169.16689662",
    "169.254.43518",
    "0xa9.254.0251.254",
    "0xa9.0xfea9fe",
    "169.254.0xa9fe",
    "0251.254.169.254",
    "169.0376.169.254",
    "169.254.169.0xfe",
    "100.100.100.200",
    "0x646464c8",
    "1684301000",
    "168.63.129.16",
    "0xa83f8110",
    "192.0.0.192",
    "0xc00000c0",
    "fd00:ec2::254",
    "fd00:0ec2:0:0:0:0:0:0254",
    "fd20:ce::254",
    // The same within IPv6.
    "::ffff:169.254.169.254",
    "::ffff:a9fe:a9fe",
    "0:0:0:0:0:ffff:a9fe:a9fe",
    "::FFFF:A9FE:A9FE",
    "::169.254.169.254",
    "::a9fe:a9fe",
    "::ffff:0:169.254.169.254",
    "64:ff9b::169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::a9fe:a9fe",
    "2002:a9fe:a9fe::",
    "2002:a9fe:a9fe::1",
    "2001:0:1:2:3:4:5601:5601",
    "2001:db8::5efe:a9fe:a9fe",
    "2001:db8::200:5efe:169.254.169.254",
    "fe80::5efe:a9fe:a9fe",
    "::ffff:100.100.100.200",
    // Link-local.
    "169.254.0.1",
    "169.254.255.255",
    "0xa9fe0001",
    "fe80::1",
    "fe80:0:0:0:0:0:0:1",
    "febf::1",
    "::ffff:169.254.1.1",
    // Multicast and broadcast.
    "224.0.0.1",
    "239.255.255.250",
    "0xe0000001",
    "ff02::1",
    "ff0e::1",
    "::ffff:224.0.0.1",
    "255.255.255.255",
    "0xffffffff",
    "::ffff:255.255.255.255",
    // Nobody.
    "0.0.0.0",
    "0",
    "::",
];

#[test]
fn link_local_metadata_and_multicast_never_get_load_however_they_are_written() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    let mut reached = Vec::new();
    for host in NEVER {
        let target = Target { host: host.to_owned(), ..super::drive("h", 1, Vec::new()).target };
        let found = runtime.block_on(resolve(&target));
        reached.extend(found.ok().map(|found| format!("{host} is {found:?}")));
    }
    assert_eq!(reached, Vec::<String>::new());
}

#[test]
fn other_addresses_do() {
    for ip in [
        "127.0.0.1",
        "10.0.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "8.8.8.8",
        "::1",
        "fd12::1",
        "::ffff:127.0.0.1",
        "2001:db8::1",
        "2002:a00:1::1",
        "64:ff9b::808:808",
    ] {
        assert_eq!(address::forbidden(ip.parse().expect("an address")), None, "{ip}");
    }
}
