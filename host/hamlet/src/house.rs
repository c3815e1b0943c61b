//! The box's own certificate authority, for a name on a network without the internet: one that each phone is told once to
//! believe, and that can vouch for that one name and nothing else (name constraints, RFC 5280, 4.2.1.10). Whoever steals
//! its key can be this box to those phones, and no bank.
//!
//! It lies beside the certificate (`certificate`); renewing needs nobody, so it goes on without the internet for as long as
//! the authority itself: ten years.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result};
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose, NameConstraints,
};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;

use crate::acme::Issued;
use crate::certificate::{self, About};

/// Its certificate and its key, in the folder of the box's certificate.
const ROOT: &str = "authority.pem";
const KEY: &str = "authority-key.pem";
const DAY: Duration = Duration::from_hours(24);
/// How long it vouches at all.
const ROOT_DAYS: u32 = 3_650;
/// How long a certificate of its holds: as long as browsers take one (CA/Browser Forum, 2020).
const LEAF_DAYS: u32 = 397;

/// A certificate for a name, by the authority for that name: the one that is there, or a new one.
pub fn issue(folder: &Path, name: &str, now: SystemTime) -> Result<Issued> {
    let known = root(folder).and_then(|root| certificate::about(&root)).is_some_and(|root| root.name == name);
    if !known {
        found(folder, name, now).context("the box's own authority cannot be made")?;
    }
    let root = root(folder)
        .and_then(|root| certificate::about(&root))
        .context("the authority's certificate cannot be read")?;
    let key = KeyPair::from_pem(&fs::read_to_string(folder.join(KEY))?)
        .context("the authority's key cannot be read")?;
    let authority = Issuer::new(of_authority(name)?, key);
    let leaf_key = KeyPair::generate()?;
    let mut leaf = CertificateParams::new(vec![name.to_owned()])?;
    leaf.distinguished_name = called(name);
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    leaf.use_authority_key_identifier_extension = true;
    // A day early: a phone's clock may be behind.
    leaf.not_before = (now - DAY).into();
    let ends = SystemTime::UNIX_EPOCH + Duration::from_secs(root.ends.try_into()?);
    leaf.not_after = (now + DAY * LEAF_DAYS).min(ends).into();
    let chain = leaf.signed_by(&leaf_key, &authority)?.pem();
    Ok(Issued { chain, key: leaf_key.serialize_pem() })
}

/// The authority's certificate; none where there is no authority.
pub fn root(folder: &Path) -> Option<CertificateDer<'static>> {
    CertificateDer::from_pem_file(folder.join(ROOT)).ok()
}

/// Makes a new authority for a name. One for another name vouches for it no longer.
fn found(folder: &Path, name: &str, now: SystemTime) -> Result<()> {
    let key = KeyPair::generate()?;
    let mut params = of_authority(name)?;
    params.not_before = (now - DAY).into();
    params.not_after = (now + DAY * ROOT_DAYS).into();
    let root = params.self_signed(&key)?;
    certificate::write(&folder.join(KEY), &key.serialize_pem())?;
    // Last: where it is, the key is.
    certificate::write(&folder.join(ROOT), &root.pem())
}

/// What the authority for a name is: it signs certificates for that name, and none for an address or another name.
fn of_authority(name: &str) -> Result<CertificateParams> {
    // The name stands in it too, so that whoever looks at it on her phone sees for what it is.
    let mut params = CertificateParams::new(vec![name.to_owned()])?;
    params.distinguished_name = called(&format!("{name}, its own authority"));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let all = |address: IpAddr| GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(address, 0));
    params.name_constraints = Some(NameConstraints {
        permitted_subtrees: vec![GeneralSubtree::DnsName(name.to_owned())],
        excluded_subtrees: vec![all(Ipv4Addr::UNSPECIFIED.into()), all(Ipv6Addr::UNSPECIFIED.into())],
    });
    Ok(params)
}

fn called(name: &str) -> DistinguishedName {
    let mut called = DistinguishedName::new();
    called.push(DnType::CommonName, name);
    called
}

/// Whether a certificate is of the authority that lies in this folder.
pub fn is_by(folder: &Path, about: &About) -> bool {
    let root = root(folder).and_then(|root| certificate::about(&root));
    root.is_some_and(|root| root.subject == about.issuer && root.name == about.name)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use rustls_pki_types::{ServerName, UnixTime};
    use tokio_rustls::rustls::RootCertStore;
    use tokio_rustls::rustls::client::WebPkiServerVerifier;
    use tokio_rustls::rustls::client::danger::ServerCertVerifier as _;
    use tokio_rustls::rustls::crypto::ring;

    use super::*;

    const NAME: &str = "oak.home.arpa";

    /// Whether a browser that was told to believe the authority of a folder believes this certificate.
    fn is_believed(folder: &Path, chain: &str, name: &str, at: SystemTime) -> bool {
        let mut roots = RootCertStore::empty();
        roots.add(root(folder).unwrap()).unwrap();
        let provider = std::sync::Arc::new(ring::default_provider());
        let verifier = WebPkiServerVerifier::builder_with_provider(std::sync::Arc::new(roots), provider)
            .build()
            .unwrap();
        let leaf = CertificateDer::from_pem_slice(chain.as_bytes()).unwrap();
        let name = ServerName::try_from(name.to_owned()).unwrap();
        let at = UnixTime::since_unix_epoch(at.duration_since(SystemTime::UNIX_EPOCH).unwrap());
        verifier.verify_server_cert(&leaf, &[], &name, &[], at).is_ok()
    }

    #[test]
    fn a_phone_that_believes_the_authority_believes_the_box_under_its_name_alone() {
        let (folder, now) = (tempfile::tempdir().unwrap(), SystemTime::now());
        let folder = folder.path();
        let issued = issue(folder, NAME, now).unwrap();
        assert!(is_believed(folder, &issued.chain, NAME, now));
        assert!(!is_believed(folder, &issued.chain, "bank.example", now));
        // Whoever stole its key signs what he likes.
        let stolen = || KeyPair::from_pem(&fs::read_to_string(folder.join(KEY)).unwrap()).unwrap();
        let thief = Issuer::new(of_authority(NAME).unwrap(), stolen());
        for (of, believed) in
            [("bank.example", false), ("192.0.2.1", false), ("home.arpa", false), (NAME, true)]
        {
            let key = KeyPair::generate().unwrap();
            let leaf = CertificateParams::new(vec![of.to_owned()]).unwrap().signed_by(&key, &thief).unwrap();
            assert_eq!(is_believed(folder, &leaf.pem(), of, now), believed, "{of}");
        }
    }

    #[test]
    fn it_renews_for_years_without_anybody_and_phones_need_not_be_told_again() {
        let (folder, now) = (tempfile::tempdir().unwrap(), SystemTime::now());
        let folder = folder.path();
        let first = issue(folder, NAME, now).unwrap();
        let believed = root(folder).unwrap();
        for years in 1..10 {
            let later = now + DAY * 365 * years;
            assert!(!is_believed(folder, &first.chain, NAME, later + DAY * 365), "it has ended");
            let renewed = issue(folder, NAME, later).unwrap();
            assert!(is_believed(folder, &renewed.chain, NAME, later), "year {years}");
            let about =
                certificate::about(&CertificateDer::from_pem_slice(renewed.chain.as_bytes()).unwrap());
            assert!(is_by(folder, &about.unwrap()));
        }
        assert_eq!(root(folder).unwrap(), believed);
        issue(folder, "elm.home.arpa", now).unwrap();
        assert_ne!(root(folder).unwrap(), believed, "another name is another authority's");
    }
}
