//! Whom to trust over TLS, and by what to be trusted.

/// How to trust the target, and how to be trusted. PEM bytes, read with the gate file.
#[derive(Clone, Debug, Default)]
pub struct Tls {
    /// The only roots to trust; the system's when absent.
    pub ca: Option<Vec<u8>>,
    /// Our certificate chain and its key (mutual TLS).
    pub identity: Option<Identity>,
    /// Certificates are not checked; said in every report.
    pub insecure: bool,
}

/// Our certificate chain and its key, in PEM.
#[derive(Clone)]
pub struct Identity {
    /// The chain, leaf first.
    pub cert: Vec<u8>,
    /// The private key.
    pub key: Vec<u8>,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Identity(…)")
    }
}
