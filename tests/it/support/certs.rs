//! Certificates made on the spot, and the TLS configurations that show or trust them.

use std::sync::Arc;

use loadgate::plan::Identity;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, RootCertStore, ServerConfig};

/// A certificate authority of the tests' own.
pub(crate) struct Issuer {
    inner: CertifiedIssuer<'static, KeyPair>,
}

/// What a server's certificate says.
pub(crate) struct Leaf {
    /// The names and addresses it is for.
    pub(crate) names: Vec<String>,
    /// It ended long ago.
    pub(crate) expired: bool,
}

impl Leaf {
    /// For `localhost` and both loopback addresses.
    pub(crate) fn loopback() -> Self {
        Self::of(&["localhost", "127.0.0.1", "::1"])
    }

    /// For these names.
    pub(crate) fn of(names: &[&str]) -> Self {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        Self { names, expired: false }
    }

    fn params(&self) -> CertificateParams {
        let mut params = CertificateParams::new(self.names.clone()).expect("these are names");
        params.distinguished_name.push(DnType::CommonName, "loadgate test leaf");
        if self.expired {
            params.not_before = date_time_ymd(2001, 1, 1);
            params.not_after = date_time_ymd(2002, 1, 1);
        }
        params
    }
}

impl Issuer {
    /// A new authority with a new key.
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("no names are needed");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "loadgate test authority");
        let inner = CertifiedIssuer::self_signed(params, key()).expect("a key signs");
        Self { inner }
    }

    /// The authority's certificate, for `tls.ca`.
    pub(crate) fn pem(&self) -> Vec<u8> {
        self.inner.pem().into_bytes()
    }

    /// A client's certificate signed by this authority, and its key, both in PEM.
    pub(crate) fn identity(&self) -> Identity {
        let key = key();
        let cert = Leaf::of(&["client"]).params().signed_by(&key, &self.inner);
        let cert = cert.expect("the authority signs").pem().into_bytes();
        Identity { cert, key: key.serialize_pem().into_bytes() }
    }

    /// A server that takes only clients with a certificate of this authority.
    pub(crate) fn strict_server(&self) -> Arc<ServerConfig> {
        let provider = Arc::new(ring::default_provider());
        let roots = self.roots();
        let clients = WebPkiClientVerifier::builder_with_provider(roots, provider).build();
        let key = key();
        let cert = Leaf::loopback().params().signed_by(&key, &self.inner);
        let chain = vec![cert.expect("the authority signs").der().clone()];
        let builder = server_builder().with_client_cert_verifier(clients.expect("it has a root"));
        Arc::new(builder.with_single_cert(chain, private(&key)).expect("they fit"))
    }

    /// A server's configuration with a certificate signed by this authority.
    pub(crate) fn server(&self, leaf: &Leaf, alpn: &[&[u8]]) -> Arc<ServerConfig> {
        let key = key();
        let cert = leaf.params().signed_by(&key, &self.inner).expect("the authority signs");
        let builder = server_builder().with_no_client_auth();
        let chain = vec![cert.der().clone()];
        let mut config = builder.with_single_cert(chain, private(&key)).expect("they fit");
        config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
        Arc::new(config)
    }

    /// A client's configuration that trusts this authority alone.
    pub(crate) fn client(&self) -> Arc<ClientConfig> {
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let builder = builder.with_safe_default_protocol_versions().expect("ring speaks TLS");
        Arc::new(builder.with_root_certificates(self.roots()).with_no_client_auth())
    }

    fn roots(&self) -> Arc<RootCertStore> {
        let mut roots = RootCertStore::empty();
        let cert: CertificateDer<'static> = self.inner.der().clone();
        roots.add(cert).expect("our own certificate parses");
        Arc::new(roots)
    }
}

/// A server whose certificate vouches for itself, and that certificate in PEM. With `authority`, it
/// also claims to be one, as `openssl req -x509` makes it.
pub(crate) fn self_signed(leaf: &Leaf, authority: bool) -> (Arc<ServerConfig>, Vec<u8>) {
    let (key, mut params) = (key(), leaf.params());
    if authority {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    }
    let cert = params.self_signed(&key).expect("a key signs");
    let builder = server_builder().with_no_client_auth();
    let config = builder.with_single_cert(vec![cert.der().clone()], private(&key));
    (Arc::new(config.expect("they fit")), cert.pem().into_bytes())
}

fn server_builder() -> rustls::ConfigBuilder<ServerConfig, rustls::WantsVerifier> {
    ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring speaks TLS")
}

fn key() -> KeyPair {
    KeyPair::generate().expect("the machine has randomness")
}

fn private(key: &KeyPair) -> PrivateKeyDer<'static> {
    PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()))
}
