//! The simulated router speaks TLS 1.2, with good certificates and with bad ones.

use std::sync::Arc;

use futures_rustls::{
    TlsConnector,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
    rustls::{
        CertificateError, ClientConfig, Error, ProtocolVersion, RootCertStore,
        SupportedProtocolVersion,
        crypto::ring,
        version::{TLS12, TLS13},
    },
};
use smol::io::{AsyncReadExt as _, AsyncWriteExt as _};
use wanctl::sim::https::{Leaf, Pki, RouterServer};

use super::https::{answer, get, start};

/// A client that trusts this PEM text alone and speaks this version of TLS.
fn tls_client(trust_pem: &str, version: &'static SupportedProtocolVersion) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(trust_pem.as_bytes()).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}

/// Two requests over one TLS connection; the bodies, or why no connection came about.
fn ask_tls(server: &RouterServer, client: &TlsConnector) -> std::io::Result<Vec<String>> {
    smol::block_on(async {
        let stream = smol::net::TcpStream::connect(server.address()).await?;
        let name = ServerName::from(server.address().ip());
        let mut stream = client.connect(name, stream).await?;
        assert_eq!(stream.get_ref().1.protocol_version(), Some(ProtocolVersion::TLSv1_2));
        let mut bodies = Vec::new();
        for _ in 0..2 {
            stream.write_all(get("/rest/system/identity").as_bytes()).await?;
            stream.flush().await?;
            let mut bytes = Vec::new();
            while answer(&bytes).is_none() {
                let mut chunk = [0; 512];
                let count = stream.read(&mut chunk).await?;
                assert_ne!(count, 0);
                bytes.extend(chunk.into_iter().take(count));
            }
            bodies.push(answer(&bytes).unwrap().1);
        }
        Ok(bodies)
    })
}

#[test]
fn good_certificates_are_accepted_by_whoever_trusts_them() {
    for leaf in [Leaf::Signed, Leaf::SelfSigned] {
        let pki = Pki::new(leaf).unwrap();
        let (server, _router) = start(pki.tls());
        let bodies = ask_tls(&server, &tls_client(pki.trust_pem(), &TLS12)).unwrap();
        assert_eq!(bodies, [r#"{"name":"MikroTik"}"#; 2]);
        assert_eq!((server.log().connections(), server.log().requests()), (1, 2));
        assert!(server.url().starts_with("https://127.0.0.1:"));
    }
}

#[test]
fn nothing_newer_than_tls_1_2_is_spoken() {
    let pki = Pki::new(Leaf::Signed).unwrap();
    let (server, _router) = start(pki.tls());
    assert!(ask_tls(&server, &tls_client(pki.trust_pem(), &TLS13)).is_err());
}

#[test]
fn bad_certificates_are_bad_in_the_way_they_are_meant_to_be() {
    let refusal = |leaf, trust: Option<&Pki>| {
        let pki = Pki::new(leaf).unwrap();
        let (server, _router) = start(pki.tls());
        let trusted = trust.unwrap_or(&pki).trust_pem();
        let error = ask_tls(&server, &tls_client(trusted, &TLS12)).unwrap_err();
        match error.into_inner().unwrap().downcast::<Error>().map(|error| *error) {
            Ok(Error::InvalidCertificate(reason)) => reason,
            other => panic!("{other:?}"),
        }
    };
    let stranger = Pki::new(Leaf::Signed).unwrap();
    let unknown = refusal(Leaf::Signed, Some(&stranger));
    // The same name as the trusted authority, but another key.
    let forged =
        matches!(unknown, CertificateError::BadSignature | CertificateError::UnknownIssuer);
    assert!(forged, "{unknown:?}");
    let expired = refusal(Leaf::Expired, None);
    assert!(matches!(expired, CertificateError::ExpiredContext { .. }), "{expired:?}");
    for leaf in [Leaf::OtherName, Leaf::NoName] {
        let name = refusal(leaf, None);
        assert!(matches!(name, CertificateError::NotValidForNameContext { .. }), "{name:?}");
    }
    let authority = refusal(Leaf::Authority, None);
    assert!(format!("{authority:?}").contains("CaUsedAsEndEntity"), "{authority:?}");
}

#[test]
fn a_changed_certificate_shows_with_the_next_connection() {
    let (before, after) =
        (Pki::new(Leaf::SelfSigned).unwrap(), Pki::new(Leaf::SelfSigned).unwrap());
    assert_ne!(before.certificate_pem(), after.certificate_pem());
    let (server, _router) = start(before.tls());
    let client = tls_client(before.trust_pem(), &TLS12);
    assert!(ask_tls(&server, &client).is_ok());
    server.change_tls(after.tls());
    assert!(ask_tls(&server, &client).is_err());
    assert!(ask_tls(&server, &tls_client(after.trust_pem(), &TLS12)).is_ok());
}
