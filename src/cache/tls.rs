//! TLS to a cache (rediss): the system's authorities, or those of a file.
//!
//! A certificate must be for the load balancer's name or for the address that was asked. Client certificates are not
//! offered.

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
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
        .with_custom_certificate_verifier(Arc::new(EitherName { inner, names }))
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// Everything that rustls checks, but for one of several names.
#[derive(Debug)]
struct EitherName {
    inner: Arc<WebPkiServerVerifier>,
    names: Vec<ServerName<'static>>,
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
        let mut last = self.inner.verify_server_cert(end_entity, intermediates, asked, ocsp, now);
        for name in &self.names {
            if last.is_ok() {
                break;
            }
            let tried = self.inner.verify_server_cert(end_entity, intermediates, name, ocsp, now);
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
