//! Speaking with a certificate authority (ACME, RFC 8555), by the crate `instant-acme`: an account, an order, the proof
//! that a name is this box's, the certificate. Not where it is kept (`certificate`) and not when (`names`).

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use hamlet_gateway::{Challenges, ReachError};
use instant_acme::{
    Account, AccountCredentials, AuthorizationStatus, ChallengeType, Error, Identifier, NewAccount, NewOrder,
    Order, OrderStatus, RetryPolicy,
};
use serde::{Deserialize, Serialize};

use crate::certificate;
use crate::community::AuthorityFile;

/// The box's account with an authority, in the folder of the certificate.
const ACCOUNT: &str = "account.json";

/// An account as it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    directory: String,
    credentials: AccountCredentials,
}

/// A certificate and its key, as PEM.
#[derive(Debug)]
pub struct Issued {
    /// The certificate and those that vouch for it.
    pub chain: String,
    /// Its key.
    pub key: String,
}

/// An order that waits for a record in a zone.
pub struct Begun {
    order: Order,
    /// The record's name.
    pub name: String,
    /// The record's value.
    pub value: String,
}

/// The box's account, or a new one.
pub async fn account(folder: &Path, authority: &AuthorityFile, contact: &str) -> Result<Account, ReachError> {
    let path = folder.join(ACCOUNT);
    let kept: Option<Kept> = fs::read(&path).ok().and_then(|kept| serde_json::from_slice(&kept).ok());
    let builder = || match &authority.root {
        Some(root) => Account::builder_with_root(root),
        None => Account::builder(),
    };
    if let Some(kept) = kept.filter(|kept| kept.directory == authority.directory) {
        return builder().map_err(refused)?.from_credentials(kept.credentials).await.map_err(refused);
    }
    let contact = format!("mailto:{contact}");
    let contact = if contact == "mailto:" { Vec::new() } else { vec![contact.as_str()] };
    let new = NewAccount { contact: &contact, terms_of_service_agreed: true, only_return_existing: false };
    let created = builder().map_err(refused)?.create(&new, authority.directory.clone(), None).await;
    let (account, credentials) = created.map_err(refused)?;
    keep(&path, &Kept { directory: authority.directory.clone(), credentials })
        .map_err(|error| ReachError::Kept(format!("{error:#}")))?;
    Ok(account)
}

fn keep(path: &Path, kept: &Kept) -> Result<()> {
    certificate::write(path, &serde_json::to_string(kept)?)
        .with_context(|| format!("`{}` cannot be written", path.display()))
}

/// A certificate for a name whose port 80 leads to this box.
pub async fn by_http(account: &Account, name: &str, challenges: &Challenges) -> Result<Issued, ReachError> {
    let mut order = new_order(account, name).await?;
    let mut tokens = Vec::new();
    let shown = show_over_http(&mut order, challenges, &mut tokens).await;
    let came = match shown {
        Ok(()) => finish(order).await,
        Err(error) => Err(error),
    };
    for token in tokens {
        challenges.remove(&token);
    }
    came
}

async fn show_over_http(
    order: &mut Order,
    challenges: &Challenges,
    tokens: &mut Vec<String>,
) -> Result<(), ReachError> {
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization.map_err(refused)?;
        if authorization.status == AuthorizationStatus::Valid {
            continue;
        }
        let Some(mut challenge) = authorization.challenge(ChallengeType::Http01) else {
            return Err(no_way());
        };
        let token = challenge.token.clone();
        challenges.put(&token, challenge.key_authorization().as_str());
        tokens.push(token);
        challenge.set_ready().await.map_err(refused)?;
    }
    Ok(())
}

/// Begins an order that is shown by a record in the name's zone.
pub async fn begin_by_dns(account: &Account, name: &str) -> Result<Begun, ReachError> {
    let mut order = new_order(account, name).await?;
    // What was shown lately need not be shown again: then any record will do.
    let mut value = String::new();
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization.map_err(refused)?;
        if authorization.status != AuthorizationStatus::Valid {
            let challenge = authorization.challenge(ChallengeType::Dns01).ok_or_else(no_way)?;
            value = challenge.key_authorization().dns_value();
        }
    }
    Ok(Begun { order, name: format!("_acme-challenge.{name}"), value })
}

/// Goes on when the record is there.
pub async fn finish_by_dns(begun: Begun) -> Result<Issued, ReachError> {
    let Begun { mut order, .. } = begun;
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization.map_err(refused)?;
        if authorization.status != AuthorizationStatus::Valid {
            let mut challenge = authorization.challenge(ChallengeType::Dns01).ok_or_else(no_way)?;
            challenge.set_ready().await.map_err(refused)?;
        }
    }
    finish(order).await
}

async fn new_order(account: &Account, name: &str) -> Result<Order, ReachError> {
    let names = [Identifier::Dns(name.to_owned())];
    account.new_order(&NewOrder::new(&names)).await.map_err(refused)
}

/// Waits for the authority's word, makes a key, and takes the certificate.
async fn finish(mut order: Order) -> Result<Issued, ReachError> {
    let patience = RetryPolicy::default();
    match order.poll_ready(&patience).await {
        Ok(OrderStatus::Ready) => {}
        Ok(_) => return Err(ReachError::NotShown(why(&mut order).await)),
        Err(Error::Api(problem)) => return Err(ReachError::NotShown(problem.to_string())),
        Err(error) => return Err(refused(error)),
    }
    let key = order.finalize().await.map_err(refused)?;
    let chain = order.poll_certificate(&patience).await.map_err(refused)?;
    Ok(Issued { chain, key })
}

/// What the authority says about the proof that it did not take.
async fn why(order: &mut Order) -> String {
    let mut authorizations = order.authorizations();
    while let Some(Ok(mut authorization)) = authorizations.next().await {
        let Ok(state) = authorization.refresh().await else { continue };
        if let Some(problem) = state.challenges.iter().find_map(|challenge| challenge.error.as_ref()) {
            return problem.to_string();
        }
    }
    "it does not say why".to_owned()
}

fn no_way() -> ReachError {
    ReachError::Authority("it does not take this kind of proof".to_owned())
}

fn refused(error: Error) -> ReachError {
    // With what lies behind it: a name that is not found, a certificate that is not trusted.
    ReachError::Authority(format!("{:#}", anyhow::Error::new(error)))
}
