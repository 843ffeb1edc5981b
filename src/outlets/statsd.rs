//! `StatsD`: datagrams, to nobody in particular. What is lost on the way is lost.

use tokio::net::UdpSocket;

use super::Bring;
use crate::plan::outlet::Flavour;
use crate::telemetry::{Snapshot, statsd};

/// Where datagrams go, and what was told before.
pub(super) struct Station {
    host: String,
    port: u16,
    flavour: Flavour,
    socket: Option<UdpSocket>,
    before: Option<Snapshot>,
}

impl Station {
    pub(super) fn new(host: &str, port: u16, flavour: Flavour) -> Self {
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        Self { host, port, flavour, socket: None, before: None }
    }

    /// A socket to the first address of the name that there is a way to.
    async fn connected(&self) -> Result<UdpSocket, String> {
        let found = tokio::net::lookup_host((self.host.as_str(), self.port)).await;
        let mut why = "its name leads nowhere".to_owned();
        for address in found.map_err(|error| error.to_string())? {
            let any = if address.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
            match UdpSocket::bind(any).await {
                Ok(socket) => match socket.connect(address).await {
                    Ok(()) => return Ok(socket),
                    Err(error) => why = error.to_string(),
                },
                Err(error) => why = error.to_string(),
            }
        }
        Err(why)
    }
}

impl Bring for Station {
    async fn bring(&mut self, now: &Snapshot) -> Result<(), String> {
        if self.socket.is_none() {
            self.socket = Some(self.connected().await?);
        }
        let Some(socket) = &self.socket else { return Ok(()) };
        let datagrams = statsd::render(now, self.before.as_ref(), self.flavour);
        self.before = Some(now.clone());
        for datagram in datagrams {
            // A closed port is told at the next one; whoever opens it later hears what comes then.
            socket.send(datagram.as_bytes()).await.map_err(|error| error.to_string())?;
        }
        Ok(())
    }
}
