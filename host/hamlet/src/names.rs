//! The name of a box: what stewards are shown of it, certificates for it from an authority, and their renewal.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Result;
use hamlet_gateway::{Challenges, Later, NameOrder, Reach, ReachError, Reached, Root, Step, Vouched, Way};
use tokio::sync::Mutex;

use crate::acme::{self, Issued};
use crate::certificate::{self, About, Certificate};
use crate::community::{AuthorityFile, CommunityFile};
use crate::house;
use crate::session::Session;

/// How often it looks whether a certificate is to be renewed.
const LOOK: Duration = Duration::from_hours(6);
/// The first look comes soon after the start: a box may have been off for a month.
const FIRST_LOOK: Duration = Duration::from_mins(1);

/// The name of the box and its certificate. Of several communities on one box it is the first one's.
pub struct Names {
    home: PathBuf,
    certificate: Arc<Certificate>,
    challenges: Arc<Challenges>,
    port: u16,
    /// What waits for a record in a zone. One order at a time.
    begun: Mutex<Option<(acme::Begun, NameOrder)>>,
}

impl fmt::Debug for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Names").field("home", &self.home).finish_non_exhaustive()
    }
}

impl Names {
    /// `port`: where it listens for HTTPS.
    pub fn new(home: &Path, certificate: Arc<Certificate>, port: u16, challenges: Arc<Challenges>) -> Self {
        Self { home: home.to_owned(), certificate, challenges, port, begun: Mutex::default() }
    }

    fn authority(&self) -> Result<AuthorityFile, ReachError> {
        let file = CommunityFile::load(&self.home).map_err(|error| kept(&error))?;
        Ok(file.authority.unwrap_or_default())
    }

    async fn begin(&self, order: NameOrder) -> Result<Step, ReachError> {
        let mut begun = self.begun.lock().await;
        if order.way == Way::House {
            let issued = house::issue(self.certificate.folder(), &order.name, SystemTime::now());
            return self.keep(&order, &issued.map_err(|error| kept(&error))?);
        }
        let account = acme::account(self.certificate.folder(), &self.authority()?, &order.contact).await?;
        if order.way == Way::Http {
            let issued = acme::by_http(&account, &order.name, &self.challenges).await?;
            return self.keep(&order, &issued);
        }
        let waits = acme::begin_by_dns(&account, &order.name).await?;
        let step = Step::Record { name: waits.name.clone(), value: waits.value.clone() };
        *begun = Some((waits, order));
        Ok(step)
    }

    async fn finish(&self) -> Result<Step, ReachError> {
        let mut begun = self.begun.lock().await;
        let Some((waits, order)) = begun.take() else { return Err(ReachError::NothingBegun) };
        let issued = acme::finish_by_dns(waits).await?;
        self.keep(&order, &issued)
    }

    /// Uses the certificate, and remembers the name for the next start and for renewal.
    fn keep(&self, order: &NameOrder, issued: &Issued) -> Result<Step, ReachError> {
        self.certificate.replace(&issued.chain, &issued.key).map_err(|error| kept(&error))?;
        let remember = || -> Result<()> {
            let mut file = CommunityFile::load(&self.home)?;
            let authority = file.authority.unwrap_or_default();
            file.authority = Some(AuthorityFile {
                contact: order.contact.clone(),
                renew: order.way != Way::Dns,
                ..authority
            });
            file.host.clone_from(&order.name);
            file.save(&self.home)?;
            let mut session = Session::load(&self.home)?;
            session.host.clone_from(&order.name);
            session.save(&self.home)
        };
        remember().map_err(|error| kept(&error))?;
        tracing::info!(name = order.name, "the box has a certificate for a name");
        Ok(Step::Done)
    }

    /// Renews the certificate when a third of its time is left, as long as the host runs.
    pub async fn keep_fresh(self: Arc<Self>) {
        tokio::time::sleep(FIRST_LOOK).await;
        loop {
            if let Err(error) = self.renew_if_due(unix_now()).await {
                tracing::warn!(%error, "the certificate was not renewed; it is tried again");
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    async fn renew_if_due(&self, now: i64) -> Result<(), ReachError> {
        let authority = self.authority()?;
        let Some(about) = self.certificate.about().filter(|about| authority.renew && is_due(about, now))
        else {
            return Ok(());
        };
        let way = if self.certificate.root().is_some() { Way::House } else { Way::Http };
        let order = NameOrder { name: about.name, contact: authority.contact, way };
        self.begin(order).await.map(drop)
    }
}

impl Reach for Names {
    fn now(&self) -> Option<Reached> {
        let about = self.certificate.about()?;
        let port = if self.port == 443 { String::new() } else { format!(":{}", self.port) };
        Some(Reached {
            url: format!("https://{}{port}", about.name),
            vouched: match (about.vouched(), self.certificate.root().is_some()) {
                (false, _) => Vouched::No,
                (true, true) => Vouched::ByItself,
                (true, false) => Vouched::ByAuthority,
            },
            ends: u64::try_from(about.ends).unwrap_or_default().saturating_mul(1_000_000),
            fingerprint: self.certificate.fingerprint(),
            renewed: about.vouched() && self.authority().is_ok_and(|authority| authority.renew),
            name: about.name,
        })
    }

    fn order(&self, order: NameOrder) -> Later<'_, Result<Step, ReachError>> {
        Box::pin(self.begin(order))
    }

    fn go_on(&self) -> Later<'_, Result<Step, ReachError>> {
        Box::pin(self.finish())
    }

    fn root(&self) -> Option<Root> {
        let root = self.certificate.root()?;
        Some(Root { fingerprint: certificate::fingerprint(&root), der: root.to_vec() })
    }
}

fn is_due(about: &About, now: i64) -> bool {
    about.vouched() && now > about.ends - (about.ends - about.begins) / 3
}

fn unix_now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

fn kept(error: &anyhow::Error) -> ReachError {
    ReachError::Kept(format!("{error:#}"))
}

#[cfg(test)]
mod tests {
    use super::{About, is_due};

    #[test]
    fn a_certificate_of_an_authority_is_renewed_when_a_third_of_its_time_is_left() {
        let (subject, issuer) = ("CN=oak.example".to_owned(), "CN=an authority".to_owned());
        let mut about = About { name: "oak.example".into(), subject, issuer, begins: 1_000, ends: 1_900 };
        assert!(!is_due(&about, 1_600));
        assert!(is_due(&about, 1_601) && is_due(&about, 9_999));
        about.issuer.clone_from(&about.subject);
        assert!(!is_due(&about, 9_999), "the box's own is nobody's to renew");
    }
}
