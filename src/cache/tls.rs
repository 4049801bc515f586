//! TLS to a cache (rediss): the system's authorities, or those of a file.
//!
//! A certificate must be for the load balancer's name or for the address that was asked. One that signed itself may be
//! its own authority (`openssl req -x509` marks it as one). Client certificates are not offered.

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use std::path::Path;
use std::sync::Arc;

/// Settings for every cache; words where no authority can be read.
pub fn authorities(file: Option<&Path>) -> Result<RootCertStore, String> {
    let mut store = RootCertStore::empty();
    match file {
        Some(path) => {
            let found = CertificateDer::pem_file_iter(path).map_err(|e| e.to_string())?;
            for certificate in found {
                store.add(certificate.map_err(|e| e.to_string())?).map_err(|e| e.to_string())?;
            }
        }
        None => {
            store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    if store.is_empty() { Err("holds no certificate".to_owned()) } else { Ok(store) }
}

/// The settings for one cache, whose certificate may be for either of `names`.
pub fn client_config(store: &Arc<RootCertStore>, names: [&str; 2]) -> Result<Arc<ClientConfig>, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let inner = WebPkiServerVerifier::builder_with_provider(Arc::clone(store), Arc::clone(&provider))
        .build()
        .map_err(|e| e.to_string())?;
    let names = names.iter().filter_map(|n| ServerName::try_from((*n).to_owned()).ok()).collect();
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| e.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(EitherName { inner, known: Arc::clone(store), names }))
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// Everything that rustls checks, but for one of several names, and authorities for themselves.
#[derive(Debug)]
struct EitherName {
    inner: Arc<WebPkiServerVerifier>,
    known: Arc<RootCertStore>,
    names: Vec<ServerName<'static>>,
}

impl EitherName {
    fn verify(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let verified = self.inner.verify_server_cert(end_entity, intermediates, name, ocsp, now);
        if !verified.as_ref().is_err_and(is_of_an_authority) {
            return verified;
        }
        // its dates were looked at before that; with the name and the key of a known authority it is that authority
        let mut own = RootCertStore::empty();
        own.add(end_entity.clone())?;
        if !own.roots.iter().all(|root| self.known.roots.contains(root)) {
            return Err(CertificateError::UnknownIssuer.into());
        }
        verify_server_name(&ParsedCertificate::try_from(end_entity)?, name)?;
        Ok(ServerCertVerified::assertion())
    }
}

// webpki's own error is not ours to name: it comes in its words
fn is_of_an_authority(error: &rustls::Error) -> bool {
    matches!(error, rustls::Error::InvalidCertificate(CertificateError::Other(other))
        if other.to_string() == "CaUsedAsEndEntity")
}

impl ServerCertVerifier for EitherName {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        asked: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let mut last = self.verify(end_entity, intermediates, asked, ocsp, now);
        for name in &self.names {
            if last.is_ok() {
                break;
            }
            let tried = self.verify(end_entity, intermediates, name, ocsp, now);
            last = tried.or(last);
        }
        last
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls12_signature(message, cert, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls13_signature(message, cert, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}
