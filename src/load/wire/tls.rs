//! TLS: whom we trust, who we are, and a handshake's failure told so that a person knows what to
//! do.

use std::io;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    AlertDescription, CertificateError, ClientConfig, DigitallySignedStruct, Error, OtherError,
    RootCertStore, SignatureScheme,
};

use super::Unfit;
use super::fault::{self, Fault};
use crate::plan::{Identity, Tls};
use crate::sample::Failure;

/// The TLS of a target.
pub(super) fn config(tls: &Tls) -> Result<ClientConfig, Unfit> {
    let provider = Arc::new(ring::default_provider());
    let trust = Arc::new(Trust::of(tls, &provider)?);
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring speaks TLS 1.2 and 1.3")
        .dangerous()
        .with_custom_certificate_verifier(trust);
    match &tls.identity {
        None => Ok(builder.with_no_client_auth()),
        Some(identity) => {
            let (chain, key) = read_identity(identity)?;
            let fit = builder.with_client_auth_cert(chain, key);
            fit.map_err(|error| Unfit(format!("`tls.cert` and `tls.key`: {error}")))
        }
    }
}

fn read_identity(
    identity: &Identity,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), Unfit> {
    let chain = certificates(&identity.cert, "tls.cert")?;
    let key = PrivateKeyDer::from_pem_slice(&identity.key);
    let key = key.map_err(|_| Unfit("`tls.key` holds no private key in PEM".to_owned()))?;
    Ok((chain, key))
}

fn certificates(pem: &[u8], key: &str) -> Result<Vec<CertificateDer<'static>>, Unfit> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    read.ok()
        .filter(|found| !found.is_empty())
        .ok_or_else(|| Unfit(format!("`{key}` holds no certificate in PEM")))
}

/// Whom we trust.
#[derive(Debug)]
struct Trust {
    provider: Arc<CryptoProvider>,
    /// `None`: everybody (`tls.insecure`).
    roots: Option<Arc<WebPkiServerVerifier>>,
    /// The certificates of `tls.ca`; one of them may be the target's own.
    own: Vec<CertificateDer<'static>>,
}

/// The certificate vouches for itself.
#[derive(Debug)]
struct SelfSigned;

impl std::fmt::Display for SelfSigned {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("self-signed")
    }
}

impl std::error::Error for SelfSigned {}

impl Trust {
    fn of(tls: &Tls, provider: &Arc<CryptoProvider>) -> Result<Self, Unfit> {
        let own = match &tls.ca {
            Some(pem) => certificates(pem, "tls.ca")?,
            None => Vec::new(),
        };
        let provider = Arc::clone(provider);
        if tls.insecure {
            return Ok(Self { provider, roots: None, own });
        }
        let mut store = RootCertStore::empty();
        if own.is_empty() {
            store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            if store.is_empty() {
                store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
            }
        } else {
            store.add_parsable_certificates(own.clone());
        }
        let built = WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider.clone());
        let roots = built.build().map_err(|error| Unfit(format!("`tls.ca`: {error}")))?;
        Ok(Self { provider, roots: Some(roots), own })
    }
}

impl ServerCertVerifier for Trust {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(roots) = &self.roots else { return Ok(ServerCertVerified::assertion()) };
        let checked =
            roots.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        match checked {
            // `openssl req -x509` marks what it makes as an authority, which webpki takes from no
            // server. Whoever names just this certificate in `tls.ca` means it.
            Err(Error::InvalidCertificate(CertificateError::Other(_)))
                if self.own.contains(end_entity) =>
            {
                verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
                Ok(ServerCertVerified::assertion())
            }
            Err(Error::InvalidCertificate(
                CertificateError::UnknownIssuer | CertificateError::Other(_),
            )) if is_self_signed(end_entity) => {
                let why = OtherError(Arc::new(SelfSigned));
                Err(Error::InvalidCertificate(CertificateError::Other(why)))
            }
            checked => checked,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let known = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, cert, dss, known)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let known = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, cert, dss, known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

fn is_self_signed(certificate: &CertificateDer<'_>) -> bool {
    webpki::EndEntityCert::try_from(certificate).is_ok_and(|cert| cert.issuer() == cert.subject())
}

/// The fault that an error means once a connection was made, in the words of TLS where it is one of
/// TLS.
pub(super) fn exchanging(error: &io::Error) -> Fault {
    let fault = fault::exchanging(error);
    if fault.why == Failure::Tls { Fault::new(Failure::Tls, told(error)) } else { fault }
}

/// Why a handshake failed, and what to do about it.
#[expect(clippy::wildcard_enum_match_arm, reason = "the list of errors is not ours, and open")]
pub(super) fn told(error: &io::Error) -> String {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    let Some(error) = inner else {
        return "the target closed the connection inside the TLS handshake".to_owned();
    };
    match error {
        Error::InvalidCertificate(why) => told_of_certificate(why),
        Error::InvalidMessage(_) => {
            "the target does not speak TLS on this port: is it http://?".to_owned()
        }
        Error::AlertReceived(AlertDescription::NoApplicationProtocol) => {
            "the target does not offer this HTTP version (ALPN): try `http = \"auto\"`".to_owned()
        }
        Error::AlertReceived(AlertDescription::CertificateRequired) => {
            "the target asks for a client certificate: set `tls.cert` and `tls.key`".to_owned()
        }
        Error::AlertReceived(AlertDescription::UnrecognisedName) => {
            "the target does not know itself by this host name".to_owned()
        }
        Error::AlertReceived(alert) => {
            format!("the target refused the TLS handshake ({alert:?})")
        }
        Error::PeerIncompatible(why) => {
            format!("the target and we have no TLS in common ({why:?})")
        }
        other => format!("the TLS handshake failed: {other}"),
    }
}

/// What is wrong with the target's certificate.
#[expect(clippy::wildcard_enum_match_arm, reason = "the list of errors is not ours, and open")]
fn told_of_certificate(why: &CertificateError) -> String {
    match why {
        CertificateError::Expired => "the certificate has expired".to_owned(),
        CertificateError::ExpiredContext { time, not_after } => {
            let days = time.as_secs().saturating_sub(not_after.as_secs()) / 86_400;
            format!("the certificate expired {days} days ago")
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "the certificate is not valid yet: is a clock wrong?".to_owned()
        }
        CertificateError::NotValidForName => "the certificate is for another host name".to_owned(),
        CertificateError::NotValidForNameContext { expected, presented } => {
            let some = presented.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
            let expected = expected.to_str();
            format!("the certificate is for another host name: {some}, not {expected}")
        }
        CertificateError::UnknownIssuer => {
            "the certificate is from an unknown authority: `tls.ca` can name it".to_owned()
        }
        CertificateError::BadSignature => {
            "the certificate is from an unknown authority with a known one's name: is `tls.ca` old?"
                .to_owned()
        }
        CertificateError::Revoked => "the certificate was revoked".to_owned(),
        CertificateError::Other(OtherError(why)) if why.is::<SelfSigned>() => {
            "the certificate is self-signed: `tls.ca` can name it".to_owned()
        }
        other => format!("the certificate is not acceptable: {other}"),
    }
}
