//! Certificates for the simulated router, made on the spot.
//! Promises: names 127.0.0.1 and `::1` unless it is meant to be wrong; every call makes new keys.
//! Knows nothing of connections.

use std::{io, sync::Arc};

use futures_rustls::{
    pki_types::{CertificateDer, PrivateKeyDer},
    rustls::{ServerConfig, crypto::ring, version::TLS12},
};
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd,
};

use super::face::Tls;

/// What kind of certificate the server shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaf {
    /// A good one, signed by an authority of its own.
    Signed,
    /// A good one, signed by itself, that is no authority; clients can trust it directly.
    SelfSigned,
    /// Signed by an authority, but expired years ago.
    Expired,
    /// Signed by an authority, but for another address.
    OtherName,
    /// Signed by an authority, but without the names that modern clients look for (only a common
    /// name), as old routers have it.
    NoName,
    /// Signed by itself, and an authority: what routers make when told nothing else. TLS libraries
    /// refuse an authority as server.
    Authority,
}

/// A server's certificate and what a client has to trust for it.
#[derive(Clone, Debug)]
pub struct Pki {
    trust_pem: String,
    certificate_pem: String,
    server: Arc<ServerConfig>,
}

impl Pki {
    /// A new key and certificate of this kind.
    pub fn new(leaf: Leaf) -> io::Result<Self> {
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let params = params(leaf).map_err(io::Error::other)?;
        let (certificate, trust_pem) = match leaf {
            Leaf::SelfSigned | Leaf::Authority => {
                let own = params.self_signed(&key).map_err(io::Error::other)?;
                let pem = own.pem();
                (own, pem)
            }
            Leaf::Signed | Leaf::Expired | Leaf::OtherName | Leaf::NoName => {
                signed(&params, &key).map_err(io::Error::other)?
            }
        };
        let server = server_config(certificate.der().clone(), &key)?;
        Ok(Self { trust_pem, certificate_pem: certificate.pem(), server })
    }

    /// What a client has to trust: the authority's certificate, or the self-signed one.
    pub fn trust_pem(&self) -> &str {
        &self.trust_pem
    }

    /// The server's own certificate.
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    /// A server that shows this certificate.
    pub fn tls(&self) -> Tls {
        Tls::Certificate(Arc::clone(&self.server))
    }
}

fn params(leaf: Leaf) -> Result<CertificateParams, rcgen::Error> {
    let names: &[&str] = match leaf {
        Leaf::Signed | Leaf::SelfSigned | Leaf::Expired | Leaf::Authority => &["127.0.0.1", "::1"],
        // An address from the block for documentation (RFC 5737).
        Leaf::OtherName => &["192.0.2.1"],
        Leaf::NoName => &[],
    };
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name.push(DnType::CommonName, "simulated router");
    params.not_before = date_time_ymd(2001, 1, 1);
    params.not_after = date_time_ymd(if leaf == Leaf::Expired { 2002 } else { 2049 }, 1, 1);
    params.is_ca = match leaf {
        Leaf::Authority => IsCa::Ca(BasicConstraints::Unconstrained),
        Leaf::Signed | Leaf::SelfSigned | Leaf::Expired | Leaf::OtherName | Leaf::NoName => {
            IsCa::ExplicitNoCa
        }
    };
    Ok(params)
}

/// The certificate signed by a new authority, and that authority's certificate.
fn signed(
    params: &CertificateParams,
    key: &KeyPair,
) -> Result<(Certificate, String), rcgen::Error> {
    let mut authority = CertificateParams::new(Vec::new())?;
    authority.distinguished_name.push(DnType::CommonName, "simulated authority");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_key = KeyPair::generate()?;
    let authority_pem = authority.self_signed(&authority_key)?.pem();
    let certificate = params.signed_by(key, &Issuer::new(authority, authority_key))?;
    Ok((certificate, authority_pem))
}

/// TLS 1.2 alone: RouterOS documents nothing newer.
fn server_config(
    certificate: CertificateDer<'static>,
    key: &KeyPair,
) -> io::Result<Arc<ServerConfig>> {
    let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&TLS12])
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(vec![certificate], key));
    config.map(Arc::new).map_err(io::Error::other)
}
