//! TLS: who is trusted, and what is said about the others.

use std::{
    fs::{self, File},
    io,
    net::Ipv4Addr,
    path::PathBuf,
    process,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use futures_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
        version::TLS12,
    },
    server::TlsStream,
};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, SanType,
    date_time_ymd,
};
use smol::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use wanctl::{
    control::failure::FailureKind,
    router::{
        error::{Hint, RouterError},
        http::RestClient,
        op::Reply,
        settings::{Host, Scheme, Settings, Trust},
    },
};

use super::{
    server::{Accept, Act, Server},
    talk::{read_tree, run, settings, tree_list, tree_reply},
};

/// HTTPS with TLS 1.2, all that RouterOS speaks.
struct Tls(TlsAcceptor);

impl Accept for Tls {
    type Stream = TlsStream<TcpStream>;

    async fn accept(&self, stream: TcpStream) -> io::Result<Self::Stream> {
        self.0.accept(stream).await
    }
}

/// A server that answers the first bytes of a TLS session with these, and hangs up.
struct NoTls(&'static [u8]);

impl Accept for NoTls {
    type Stream = TcpStream;

    async fn accept(&self, mut stream: TcpStream) -> io::Result<TcpStream> {
        // All that is sent, as unread bytes would reset the connection.
        let mut hello = [0; 4096];
        let _ = stream.read(&mut hello).await?;
        stream.write_all(self.0).await?;
        stream.close().await?;
        Err(io::ErrorKind::Other.into())
    }
}

/// A file that lives as long as the test.
struct TempFile(PathBuf);

impl TempFile {
    fn new(text: &str) -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("wanctl-test-{}-{number}.pem", process::id());
        let path = std::env::temp_dir().join(name);
        File::create(&path)
            .and_then(|mut file| io::Write::write_all(&mut file, text.as_bytes()))
            .unwrap();
        Self(path)
    }

    fn trust(&self) -> Trust {
        Trust::CaFile(self.0.clone())
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// A certificate for 127.0.0.1 as it should be.
fn good() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.subject_alt_names = vec![SanType::IpAddress(Ipv4Addr::LOCALHOST.into())];
    params
}

fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, name);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// The server with this certificate, and the certificate in PEM.
fn tls(
    params: &CertificateParams,
    authority: Option<&CertifiedIssuer<'static, KeyPair>>,
) -> (Tls, String) {
    let key = KeyPair::generate().unwrap();
    let certificate = match authority {
        Some(authority) => params.signed_by(&key, authority).unwrap(),
        None => params.self_signed(&key).unwrap(),
    };
    let der = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_protocol_versions(&[&TLS12])
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], der)
        .unwrap();
    (Tls(TlsAcceptor::from(Arc::new(config))), certificate.pem())
}

/// Two reads from a server, by a client that trusts so; and how many connections they took.
fn reads(accept: impl Accept, trust: Trust) -> (Result<Reply, RouterError>, usize) {
    run(async |executor| {
        let list = Act::json(200, &tree_list("q", "*1", 7));
        let server = Server::start(executor, accept, vec![list.clone(), list]).await;
        let scheme = Scheme::Https(trust);
        let mut client = RestClient::new(&Settings { scheme, ..settings(server.port) })?;
        client.perform(&read_tree("q")).await?;
        let second = client.perform(&read_tree("q")).await;
        Ok((second, server.connections()))
    })
    .unwrap_or_else(|error: RouterError| (Err(error), 0))
}

fn refused(accept: impl Accept, trust: Trust) -> (FailureKind, String, Option<Hint>) {
    let error = reads(accept, trust).0.unwrap_err();
    (error.kind, error.detail.as_str().to_owned(), error.hint)
}

#[test]
fn a_certificate_signed_by_the_ca_in_the_file_is_trusted_on_one_connection() {
    let ca = authority("ca");
    let file = TempFile::new(&ca.pem());
    assert_eq!(reads(tls(&good(), Some(&ca)).0, file.trust()), (Ok(tree_reply(7)), 1));
}

#[test]
fn the_routers_own_certificate_in_the_file_is_trusted() {
    let (server, pem) = tls(&good(), None);
    assert_eq!(reads(server, TempFile::new(&pem).trust()), (Ok(tree_reply(7)), 1));
}

#[test]
fn a_file_may_hold_several_certificates() {
    let (server, pem) = tls(&good(), None);
    let file = TempFile::new(&format!("{}\n{pem}", authority("other").pem()));
    assert_eq!(reads(server, file.trust()), (Ok(tree_reply(7)), 1));
}

#[test]
fn certificates_that_do_not_hold_are_refused_in_words_with_a_remedy() {
    let ca = authority("ca");
    let with = |change: fn(&mut CertificateParams)| {
        let mut params = good();
        change(&mut params);
        params
    };
    let is_ca = with(|params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained));
    let no_san = with(|params| params.subject_alt_names.clear());
    let other_san = with(|params| {
        let name = "router.example".try_into().unwrap();
        params.subject_alt_names = vec![SanType::DnsName(name)];
    });
    let expired = with(|params| params.not_after = date_time_ymd(2020, 1, 1));
    let early = with(|params| params.not_before = date_time_ymd(3020, 1, 1));
    let client_only = with(|params| {
        params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth];
    });
    let renew = Some(Hint::RenewCertificate);
    let file = TempFile::new(&ca.pem());
    for (params, words, hint) in [
        (is_ca, "a CA certificate as its own", renew),
        (no_san, "no subject-alt-name", renew),
        (other_san, "no subject-alt-name", renew),
        (expired, "has expired", renew),
        (early, "not valid yet", None),
        (client_only, "key usage tls-server", renew),
    ] {
        let (kind, detail, found) = refused(tls(&params, Some(&ca)).0, file.trust());
        assert_eq!((kind, found), (FailureKind::Tls, hint), "{detail}");
        assert!(detail.contains(words), "{detail}");
    }
}

#[test]
fn a_ca_that_serves_its_own_certificate_is_refused_though_it_is_in_the_file() {
    let mut params = good();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let (server, pem) = tls(&params, None);
    let (kind, detail, hint) = refused(server, TempFile::new(&pem).trust());
    assert_eq!((kind, hint), (FailureKind::Tls, Some(Hint::RenewCertificate)));
    assert!(detail.contains("a CA certificate as its own"), "{detail}");
}

#[test]
fn another_ca_is_not_trusted_whatever_its_name() {
    let file = TempFile::new(&authority("ca").pem());
    for (name, words) in [("other", "nothing in tls_ca"), ("ca", "another CA of the same name")] {
        let (kind, detail, _) = refused(tls(&good(), Some(&authority(name))).0, file.trust());
        assert_eq!(kind, FailureKind::Tls);
        assert!(detail.contains(words), "{detail}");
    }
}

#[test]
fn the_systems_authorities_do_not_vouch_for_a_private_ca() {
    let ca = authority("ca");
    let (kind, ..) = refused(tls(&good(), Some(&ca)).0, Trust::System);
    assert_eq!(kind, FailureKind::Tls);
}

#[test]
fn trusting_anyone_accepts_any_certificate_for_any_name() {
    let mut params = good();
    params.subject_alt_names = vec![SanType::DnsName("router.example".try_into().unwrap())];
    params.not_after = date_time_ymd(2020, 1, 1);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    assert_eq!(reads(tls(&params, None).0, Trust::Anyone), (Ok(tree_reply(7)), 1));
}

#[test]
fn a_port_without_tls_is_a_tls_failure() {
    let file = TempFile::new(&authority("ca").pem());
    let (kind, detail, hint) = refused(NoTls(b"HTTP/1.1 400 Bad Request\r\n\r\n"), file.trust());
    assert_eq!((kind, hint), (FailureKind::Tls, Some(Hint::CheckUrl)), "{detail}");
}

#[test]
fn a_handshake_that_is_cut_off_is_a_tls_failure() {
    let file = TempFile::new(&authority("ca").pem());
    let (kind, detail, hint) = refused(NoTls(b""), file.trust());
    assert_eq!((kind, hint), (FailureKind::Tls, Some(Hint::AssignCertificate)), "{detail}");
}

#[test]
fn a_file_that_is_missing_or_holds_no_certificate_is_said_at_once() {
    let missing = Trust::CaFile("/nonexistent/ca.pem".into());
    let empty = TempFile::new("");
    let binary = TempFile::new("\u{0}\u{1}");
    for (trust, words) in [
        (missing, "tls_ca /nonexistent/ca.pem: No such file"),
        (empty.trust(), "no certificate in PEM format"),
        (binary.trust(), "no certificate in PEM format"),
    ] {
        let scheme = Scheme::Https(trust);
        let error = RestClient::new(&Settings { scheme, ..settings(443) }).unwrap_err();
        assert_eq!((error.kind, error.hint), (FailureKind::Tls, Some(Hint::FixCaFile)));
        assert!(error.detail.contains(words), "{error}");
    }
}

#[test]
fn a_file_with_a_damaged_certificate_is_said_at_the_first_connection() {
    let pem = authority("ca").pem().replace("MII", "AAA");
    let file = TempFile::new(&pem);
    let (kind, detail, hint) = refused(tls(&good(), None).0, file.trust());
    assert_eq!((kind, hint), (FailureKind::Tls, Some(Hint::FixCaFile)), "{detail}");
}

#[test]
fn a_replaced_file_counts_from_the_next_connection() {
    let (server, pem) = tls(&good(), None);
    let file = TempFile::new(&authority("ca").pem());
    run(async |executor| {
        let list = Act::json(200, &tree_list("q", "*1", 7));
        let server = Server::start(executor, server, vec![list]).await;
        let scheme = Scheme::Https(file.trust());
        let settings = Settings { scheme, ..settings(server.port) };
        let mut client = RestClient::new(&settings).unwrap();
        assert!(client.perform(&read_tree("q")).await.is_err());
        File::create(&file.0)
            .and_then(|mut file| io::Write::write_all(&mut file, pem.as_bytes()))
            .unwrap();
        assert_eq!(client.perform(&read_tree("q")).await, Ok(tree_reply(7)));
    });
}

#[test]
fn a_name_in_the_url_is_the_name_that_is_checked() {
    let mut params = good();
    params.subject_alt_names = vec![SanType::DnsName("localhost".try_into().unwrap())];
    let (server, pem) = tls(&params, None);
    let file = TempFile::new(&pem);
    run(async |executor| {
        let list = Act::json(200, &tree_list("q", "*1", 7));
        let server = Server::start(executor, server, vec![list]).await;
        let (scheme, host) = (Scheme::Https(file.trust()), Host::Name("localhost".to_owned()));
        let settings = Settings { scheme, host, ..settings(server.port) };
        let mut client = RestClient::new(&settings).unwrap();
        assert_eq!(client.perform(&read_tree("q")).await, Ok(tree_reply(7)));
    });
}
