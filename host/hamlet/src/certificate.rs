//! The certificate with which a box speaks HTTPS before anybody vouches for it: made by itself, kept in `tls/` of the
//! community's folder. A certificate that somebody puts there instead is used as it is.

use std::fs;
use std::io::Write as _;
use std::net::IpAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use sha2::{Digest as _, Sha256};
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;

/// The folder, and the files in it.
const FOLDER: &str = "tls";
const CHAIN: &str = "certificate.pem";
const KEY: &str = "key.pem";

/// Where the certificate of a community lies.
pub fn chain_path(home: &Path) -> std::path::PathBuf {
    home.join(FOLDER).join(CHAIN)
}

/// A certificate and its key.
#[derive(Debug)]
pub struct Certificate {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl Certificate {
    /// The one in the community's folder; where there is none, a new one for this name and these addresses.
    pub fn open(home: &Path, host: &str, addresses: &[IpAddr]) -> Result<Self> {
        let folder = home.join(FOLDER);
        if !folder.join(CHAIN).exists() {
            make(&folder, host, addresses)
                .with_context(|| format!("no certificate could be made in `{}`", folder.display()))?;
        }
        Self::read(&folder)
    }

    fn read(folder: &Path) -> Result<Self> {
        let (chain, key) = (folder.join(CHAIN), folder.join(KEY));
        let unread =
            |path: &Path| format!("`{}` holds no certificate or key that can be used", path.display());
        Ok(Self {
            chain: CertificateDer::pem_file_iter(&chain)
                .and_then(Iterator::collect)
                .with_context(|| unread(&chain))?,
            key: PrivateKeyDer::from_pem_file(&key).with_context(|| unread(&key))?,
        })
    }

    /// SHA-256 of the certificate, as browsers show it.
    pub fn fingerprint(&self) -> String {
        let hash = self.chain.first().map(Sha256::digest).unwrap_or_default();
        hash.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":")
    }

    /// For the listener.
    pub fn config(&self) -> Result<Arc<ServerConfig>> {
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(self.chain.clone(), self.key.clone_key())
            .context("the certificate and its key do not belong together")?;
        Ok(Arc::new(config))
    }
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
fn write(path: &Path, text: &str) -> Result<()> {
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
