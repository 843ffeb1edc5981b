//! Where the target is: its name resolved once, and the addresses that never get load.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::oneshot;

use super::Unreachable;
use crate::plan::Target;
use crate::sample::Failure;

/// How long a name may take to resolve.
const PATIENCE: Duration = Duration::from_secs(10);

/// Resolves the target's host, once; all addresses, in the resolver's order.
///
/// # Errors
/// The name has no address, or one that never gets load: link-local, metadata of a cloud,
/// multicast, broadcast.
pub async fn resolve(target: &Target) -> Result<Vec<SocketAddr>, Unreachable> {
    let host = &target.host;
    let unknown = |what: String| Unreachable { why: Failure::Dns, what };
    let found = match tokio::time::timeout(PATIENCE, look_up(host, target.port)).await {
        Ok(Ok(found)) => found,
        Ok(Err(NotFound::Unknown)) => {
            return Err(unknown(format!("the name {host} does not resolve")));
        }
        Ok(Err(NotFound::NoThread(why))) => {
            let what = format!("this machine gives no thread to look up the name {host}: {why}");
            return Err(unknown(what));
        }
        Err(_) => {
            let waited = PATIENCE.as_secs();
            return Err(unknown(format!("the name {host} did not resolve within {waited}s")));
        }
    };
    let mut addresses: Vec<SocketAddr> = Vec::new();
    for address in found {
        if let Some(kind) = forbidden(address.ip()) {
            let ip = address.ip();
            let what = format!("{host} is {ip}, {kind} address: load never goes there");
            return Err(Unreachable { why: Failure::Connect, what });
        }
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    if addresses.is_empty() {
        return Err(unknown(format!("the name {host} has no address")));
    }
    Ok(addresses)
}

/// Why there is no address.
enum NotFound {
    /// The resolver knows none.
    Unknown,
    /// Nobody could be sent to ask.
    NoThread(io::Error),
}

/// Asks the system's resolver, in a thread of its own: it may take long, and where the runtime's
/// own threads cannot be had, that is a panic.
async fn look_up(host: &str, port: u16) -> Result<Vec<SocketAddr>, NotFound> {
    if let Ok(ip) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(ip, port)]);
    }
    let (tell, told) = oneshot::channel();
    let name = (host.to_owned(), port);
    let ask = move || {
        // Whoever asked may have lost patience.
        let _ = tell.send(name.to_socket_addrs().map(Vec::from_iter));
    };
    std::thread::Builder::new().name("names".to_owned()).spawn(ask).map_err(NotFound::NoThread)?;
    match told.await {
        Ok(Ok(found)) => Ok(found),
        Ok(Err(_)) | Err(_) => Err(NotFound::Unknown),
    }
}

/// What kind of address it is, if it is one that never gets load.
#[must_use]
pub fn forbidden(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(four) => forbidden_four(four),
        IpAddr::V6(six) => forbidden_six(six),
    }
}

fn forbidden_four(address: Ipv4Addr) -> Option<&'static str> {
    // Beside 169.254.169.254, which is link-local: Alibaba, Azure, Oracle.
    const CLOUD: [[u8; 4]; 3] = [[100, 100, 100, 200], [168, 63, 129, 16], [192, 0, 0, 192]];
    if address.octets()[0] == 0 {
        Some("an unspecified")
    } else if address == Ipv4Addr::new(169, 254, 169, 254) || CLOUD.contains(&address.octets()) {
        Some("a cloud's metadata")
    } else if address.is_link_local() {
        Some("a link-local")
    } else if address.is_multicast() {
        Some("a multicast")
    } else {
        address.is_broadcast().then_some("a broadcast")
    }
}

fn forbidden_six(address: Ipv6Addr) -> Option<&'static str> {
    // Amazon's and Google's.
    let metadata = [
        Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254),
        Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254),
    ];
    if metadata.contains(&address) {
        Some("a cloud's metadata")
    } else if address.is_unspecified() {
        Some("an unspecified")
    } else if address.is_unicast_link_local() {
        Some("a link-local")
    } else if address.is_multicast() {
        Some("a multicast")
    } else {
        embedded(address).and_then(forbidden_four)
    }
}

/// The IPv4 address that an IPv6 address stands for: mapped, compatible, NAT64 (RFC 6052), ISATAP
/// (RFC 5214), 6to4 (RFC 3056), Teredo (RFC 4380).
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let octets = address.octets();
    let last = Ipv4Addr::new(octets[12], octets[13], octets[14], octets[15]);
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 1] => None,
        [0, 0, 0, 0, 0, 0 | 0xffff, ..] | [0, 0, 0, 0, 0xffff, 0, ..] | [0x64, 0xff9b, ..] => {
            Some(last)
        }
        [_, _, _, _, 0 | 0x200, 0x5efe, ..] => Some(last),
        [0x2001, 0, ..] => Some(Ipv4Addr::from_bits(!last.to_bits())),
        [0x2002, ..] => Some(Ipv4Addr::new(octets[2], octets[3], octets[4], octets[5])),
        _ => None,
    }
}

/// One address of the target, and how connecting to it went.
#[derive(Debug)]
pub(super) struct Door {
    pub(super) address: SocketAddr,
    tried: AtomicU64,
    failed: AtomicU64,
}

impl Door {
    pub(super) fn new(address: SocketAddr) -> Self {
        Self { address, tried: AtomicU64::new(0), failed: AtomicU64::new(0) }
    }

    /// Counts an attempt to connect.
    pub(super) fn count(&self, failed: bool) {
        self.tried.fetch_add(1, Ordering::Relaxed);
        self.failed.fetch_add(u64::from(failed), Ordering::Relaxed);
    }

    /// Forgets what was counted.
    pub(super) fn forget(&self) {
        self.tried.store(0, Ordering::Relaxed);
        self.failed.store(0, Ordering::Relaxed);
    }

    pub(super) fn reached(&self, used: bool) -> Reached {
        Reached {
            address: self.address,
            used,
            tried: self.tried.load(Ordering::Relaxed),
            failed: self.failed.load(Ordering::Relaxed),
        }
    }
}

/// How connecting to one address of the target went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reached {
    /// The address.
    pub address: SocketAddr,
    /// Whether it gets load; one that did not answer before the load, where another did, gets none.
    pub used: bool,
    /// Connections tried.
    pub tried: u64,
    /// Connections that failed.
    pub failed: u64,
}

impl fmt::Display for Reached {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { address, used, tried, failed } = self;
        if *used {
            write!(out, "{address}: {failed} of {tried} connections failed")
        } else {
            write!(out, "{address}: no answer before the load, not used")
        }
    }
}
