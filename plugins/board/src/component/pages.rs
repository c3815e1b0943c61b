//! `hamlet:host/pages` and `hamlet:host/refusals`, answered by [`crate::pages`].

use hamlet_sdk::OrTrap as _;

use super::exports::hamlet::host::{pages as wit, refusals};
use super::{Component, House};
use crate::pages::{self, PageError};

impl wit::Guest for Component {
    fn render(request: wit::Request) -> Result<wit::Page, wit::Error> {
        let query = request.query.into_iter().map(|parameter| (parameter.name, parameter.value)).collect();
        let request = pages::Request { path: request.path, query, locale: request.locale };
        match pages::render(&House::new(), &request) {
            Ok(page) => {
                let entry = |(path, title)| wit::Entry { path, title };
                let navigation = page.navigation.into_iter().map(entry).collect();
                Ok(wit::Page { title: page.title, html: page.html, navigation })
            }
            Err(PageError::NotFound) => Err(wit::Error::NotFound),
            Err(PageError::SignInNeeded) => Err(wit::Error::SignInNeeded),
            Err(PageError::Refused(why)) => Err(wit::Error::Refused(why)),
            Err(PageError::Storage(error)) => Err(error).or_trap(),
        }
    }
}

impl refusals::Guest for Component {
    fn said(refusal: refusals::Refusal) -> Option<String> {
        let case = refusal.cases.into_iter().next()?;
        let carried = refusal.carried.into_iter().map(|field| field.value).collect();
        pages::said(&House::new(), &pages::Refusal { case, carried, locale: refusal.locale })
    }
}
