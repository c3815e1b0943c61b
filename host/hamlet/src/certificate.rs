//! The certificate with which a box speaks HTTPS, in `tls/` of the community's folder: made by the box itself before
//! anybody vouches for it, put there by somebody, or given by an authority (`acme`). A new one is used from the next
//! connection on, without a restart.

use std::fs;
use std::io::Write as _;
use std::net::IpAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use anyhow::{Context as _, Result};
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use sha2::{Digest as _, Sha256};
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;
use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate};

use crate::house;

/// The folder, and the files in it.
const FOLDER: &str = "tls";
const CHAIN: &str = "certificate.pem";
const KEY: &str = "key.pem";

/// The certificate that is shown, and where it is kept.
#[derive(Debug)]
pub struct Certificate {
    folder: PathBuf,
    shown: RwLock<Shown>,
}

/// What is shown, with what is said of it on pages: read once and not for each of them.
#[derive(Debug, Clone)]
struct Shown {
    key: Arc<CertifiedKey>,
    about: Option<About>,
    /// The box's own authority, where it is the one that signed this.
    root: Option<CertificateDer<'static>>,
}

impl Shown {
    fn of(folder: &Path, key: CertifiedKey) -> Self {
        let about = key.cert.first().and_then(about);
        let root =
            about.as_ref().filter(|about| house::is_by(folder, about)).and_then(|_| house::root(folder));
        Self { key: Arc::new(key), about, root }
    }
}

/// What a certificate says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// The first name that it is for.
    pub name: String,
    /// Whom it is about, as certificates write it.
    pub subject: String,
    /// Who signed it.
    pub issuer: String,
    /// When it begins, in seconds since 1970.
    pub begins: i64,
    /// When it ends, in seconds since 1970.
    pub ends: i64,
}

impl Certificate {
    /// The one in the community's folder; where there is none, a new one for this name and these addresses.
    pub fn open(home: &Path, host: &str, addresses: &[IpAddr]) -> Result<Arc<Self>> {
        let folder = home.join(FOLDER);
        finish_interrupted(&folder).context("a certificate that came cannot be put in its place")?;
        if !folder.join(CHAIN).exists() {
            make(&folder, host, addresses)
                .with_context(|| format!("no certificate could be made in `{}`", folder.display()))?;
        }
        let shown = RwLock::new(Shown::of(&folder, read(&folder)?));
        Ok(Arc::new(Self { folder, shown }))
    }

    /// Its folder, for what belongs with it.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn now(&self) -> Shown {
        self.shown.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// SHA-256 of the certificate, as browsers show it.
    pub fn fingerprint(&self) -> String {
        self.now().key.cert.first().map(fingerprint).unwrap_or_default()
    }

    /// What it says of itself; none where that cannot be read.
    pub fn about(&self) -> Option<About> {
        self.now().about
    }

    /// The box's own authority, where it is the one that vouches.
    pub fn root(&self) -> Option<CertificateDer<'static>> {
        self.now().root
    }

    /// Keeps a new one, as PEM, and shows it from now on. What does not belong together changes nothing.
    pub fn replace(&self, chain: &str, key: &str) -> Result<()> {
        let new = certified(
            CertificateDer::pem_slice_iter(chain.as_bytes()).collect::<Result<_, _>>()?,
            &PrivateKeyDer::from_pem_slice(key.as_bytes())?,
        )?;
        write(&self.folder.join(format!("{KEY}.new")), key)?;
        write(&self.folder.join(format!("{CHAIN}.new")), chain)?;
        finish_interrupted(&self.folder)?;
        *self.shown.write().unwrap_or_else(PoisonError::into_inner) = Shown::of(&self.folder, new);
        Ok(())
    }

    /// For the listener.
    pub fn config(self: &Arc<Self>) -> Result<Arc<ServerConfig>> {
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(self) as Arc<dyn ResolvesServerCert>);
        Ok(Arc::new(config))
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.shown.read().unwrap_or_else(PoisonError::into_inner).key))
    }
}

impl About {
    /// Whether somebody else signed it.
    pub fn vouched(&self) -> bool {
        self.issuer != self.subject
    }
}

/// SHA-256 of a certificate, as browsers and phones show it.
pub fn fingerprint(certificate: &CertificateDer<'_>) -> String {
    Sha256::digest(certificate).iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":")
}

/// What a certificate says of itself; none where that cannot be read.
pub fn about(certificate: &CertificateDer<'_>) -> Option<About> {
    let (_, read) = X509Certificate::from_der(certificate).ok()?;
    let names = read.subject_alternative_name().ok().flatten();
    let name = names.and_then(|names| {
        names.value.general_names.iter().find_map(|name| match name {
            GeneralName::DNSName(name) => Some((*name).to_owned()),
            _ => None,
        })
    });
    Some(About {
        name: name.unwrap_or_default(),
        subject: read.subject().to_string(),
        issuer: read.issuer().to_string(),
        begins: read.validity().not_before.timestamp(),
        ends: read.validity().not_after.timestamp(),
    })
}

fn read(folder: &Path) -> Result<CertifiedKey> {
    let (chain, key) = (folder.join(CHAIN), folder.join(KEY));
    let unread = |path: &Path| format!("`{}` holds no certificate or key that can be used", path.display());
    let certificates =
        CertificateDer::pem_file_iter(&chain).and_then(Iterator::collect).with_context(|| unread(&chain))?;
    certified(certificates, &PrivateKeyDer::from_pem_file(&key).with_context(|| unread(&key))?)
}

fn certified(chain: Vec<CertificateDer<'static>>, key: &PrivateKeyDer<'static>) -> Result<CertifiedKey> {
    let key = ring::sign::any_supported_type(key).context("the key is of a kind that is not known")?;
    let certified = CertifiedKey::new(chain, key);
    certified.keys_match().context("the certificate and its key do not belong together")?;
    Ok(certified)
}

/// Puts a new pair in its place: the key, then the certificate. Where only the key was put before the power went, the
/// certificate follows at the next start; where neither was, both do.
fn finish_interrupted(folder: &Path) -> Result<()> {
    let waits = |name: &str| folder.join(format!("{name}.new"));
    if !waits(CHAIN).exists() {
        return Ok(());
    }
    if waits(KEY).exists() {
        fs::rename(waits(KEY), folder.join(KEY))?;
    }
    fs::rename(waits(CHAIN), folder.join(CHAIN))?;
    fs::File::open(folder)?.sync_all()?;
    Ok(())
}

fn make(folder: &Path, host: &str, addresses: &[IpAddr]) -> Result<()> {
    let mut names = vec![host.to_owned(), "localhost".to_owned()];
    names.extend(addresses.iter().map(IpAddr::to_string));
    names.dedup();
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, host);
    let certificate = params.self_signed(&key)?;
    fs::create_dir_all(folder)?;
    write(&folder.join(KEY), &key.serialize_pem())?;
    // Last: where it is, the key is.
    write(&folder.join(CHAIN), &certificate.pem())
}

/// A file that its owner alone can read.
pub fn write(path: &Path, text: &str) -> Result<()> {
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_certificate_is_made_once_and_kept() {
        let home = tempfile::tempdir().unwrap();
        let address = "192.0.2.7".parse().unwrap();
        let first = Certificate::open(home.path(), "oak.example", &[address]).unwrap();
        let again = Certificate::open(home.path(), "elm.example", &[]).unwrap();
        assert_eq!(first.fingerprint(), again.fingerprint());
        assert_eq!(first.fingerprint().len(), 32 * 3 - 1);
        first.config().unwrap();
        let about = first.about().unwrap();
        assert_eq!((about.name.as_str(), about.vouched()), ("oak.example", false));
        assert!(about.begins < about.ends);
    }

    #[test]
    fn a_new_pair_is_used_at_once_and_a_wrong_one_changes_nothing() {
        let (home, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let ours = Certificate::open(home.path(), "oak.example", &[]).unwrap();
        let before = ours.fingerprint();
        make(other.path(), "elm.example", &[]).unwrap();
        let text = |folder: &Path, name: &str| fs::read_to_string(folder.join(name)).unwrap();
        let (chain, key) = (text(other.path(), CHAIN), text(other.path(), KEY));
        assert!(ours.replace(&chain, &text(ours.folder(), KEY)).is_err(), "another's key");
        assert!(ours.replace("no certificate", &key).is_err());
        assert_eq!(ours.fingerprint(), before);
        ours.replace(&chain, &key).unwrap();
        assert_eq!(ours.about().unwrap().name, "elm.example");
        let again = Certificate::open(home.path(), "oak.example", &[]).unwrap();
        assert_eq!(again.fingerprint(), ours.fingerprint());
    }

    #[test]
    fn the_own_authority_is_shown_as_long_as_it_is_the_one_that_vouches() {
        let home = tempfile::tempdir().unwrap();
        let ours = Certificate::open(home.path(), "oak.example", &[]).unwrap();
        assert!(ours.root().is_none(), "nobody vouches");
        let issued = house::issue(ours.folder(), "oak.home.arpa", std::time::SystemTime::now()).unwrap();
        ours.replace(&issued.chain, &issued.key).unwrap();
        assert!(ours.root().is_some() && ours.about().unwrap().vouched());
        let again = Certificate::open(home.path(), "oak.example", &[]).unwrap();
        assert_eq!(again.root(), ours.root(), "after a start too");
        let other = tempfile::tempdir().unwrap();
        make(other.path(), "elm.example", &[]).unwrap();
        let text = |name: &str| fs::read_to_string(other.path().join(name)).unwrap();
        ours.replace(&text(CHAIN), &text(KEY)).unwrap();
        assert!(ours.root().is_none(), "it lies there, and vouches for nothing that is shown");
    }

    #[test]
    fn a_pair_that_was_half_put_in_its_place_is_whole_at_the_next_start() {
        let other = tempfile::tempdir().unwrap();
        make(other.path(), "elm.example", &[]).unwrap();
        for key_is_there in [false, true] {
            let home = tempfile::tempdir().unwrap();
            let folder = home.path().join(FOLDER);
            Certificate::open(home.path(), "oak.example", &[]).unwrap();
            let key = if key_is_there { folder.join(KEY) } else { folder.join(format!("{KEY}.new")) };
            fs::copy(other.path().join(KEY), key).unwrap();
            fs::copy(other.path().join(CHAIN), folder.join(format!("{CHAIN}.new"))).unwrap();
            let opened = Certificate::open(home.path(), "oak.example", &[]).unwrap();
            assert_eq!(opened.about().unwrap().name, "elm.example", "{key_is_there}");
        }
    }

    #[test]
    fn a_certificate_that_cannot_be_read_is_named() {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir(home.path().join(FOLDER)).unwrap();
        fs::write(home.path().join(FOLDER).join(CHAIN), "no certificate").unwrap();
        let error = Certificate::open(home.path(), "oak.example", &[]).unwrap_err();
        assert!(
            error.to_string().contains("certificate.pem") || error.to_string().contains("key.pem"),
            "{error}"
        );
    }
}
