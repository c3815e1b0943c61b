//! `hamlet:host/pages`, answered by [`crate::pages`].

use super::Component;
use super::exports::hamlet::host::pages as contract;
use super::house::House;
use crate::pages;

impl contract::Guest for Component {
    fn render(request: contract::Request) -> Result<contract::Page, contract::Error> {
        let query = request.query.into_iter().map(|parameter| (parameter.name, parameter.value)).collect();
        let request = pages::Request { path: request.path, query, locale: request.locale };
        match pages::render(&mut House::new(), &request) {
            Ok(page) => {
                let entry = |(path, title)| contract::Entry { path, title };
                let navigation = page.navigation.into_iter().map(entry).collect();
                Ok(contract::Page { title: page.title, html: page.html, navigation })
            }
            Err(pages::PageError::NotFound) => Err(contract::Error::NotFound),
            Err(pages::PageError::SignInNeeded) => Err(contract::Error::SignInNeeded),
            Err(pages::PageError::Refused(why)) => Err(contract::Error::Refused(why)),
        }
    }
}
