//! The cookies of one user, kept and sent as RFC 6265 says.

use cookie_store::{Cookie, CookieDomain, CookieStore};
use reqwest::Url;

/// The most cookies of one user, as browsers have it.
const MOST: usize = 200;
/// The longest cookie, with its attributes and in bytes; a longer one is not kept.
const LONGEST: usize = 4096;

/// The cookies of one user. An empty one costs a pointer.
#[derive(Clone, Debug, Default)]
pub struct Jar(Option<Box<CookieStore>>);

impl Jar {
    /// Whether nothing was ever put into it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// The value of the `Cookie` header for an address, those of longer paths first (RFC 6265,
    /// section 5.4); `None` where none belongs there.
    #[must_use]
    pub fn show(&self, address: &Url) -> Option<Vec<u8>> {
        let mut all = self.0.as_deref()?.matches(address);
        all.sort_by(|one, other| {
            let longer = other.path.len().cmp(&one.path.len());
            longer.then_with(|| one.name().cmp(other.name()))
        });
        let pairs: Vec<String> =
            all.iter().map(|cookie| format!("{}={}", cookie.name(), cookie.value())).collect();
        (!pairs.is_empty()).then(|| pairs.join("; ").into_bytes())
    }

    /// Takes the value of a `Set-Cookie` header that came from an address. What does not belong to
    /// that address, and what is too much, is not kept.
    pub fn take(&mut self, cookie: &[u8], address: &Url) {
        let text = std::str::from_utf8(cookie).ok().filter(|text| text.len() <= LONGEST);
        let Some(cookie) = text.and_then(|text| Cookie::parse(text, address).ok()) else { return };
        // A name without a dot is a registry's: a cookie for all of it would reach strangers.
        if let CookieDomain::Suffix(domain) = &cookie.domain
            && !domain.contains('.')
            && address.host_str() != Some(domain)
        {
            return;
        }
        let store = self.0.get_or_insert_default();
        let domain = cookie.domain.as_cow().unwrap_or_default();
        let known = store.contains_any(&domain, &cookie.path, cookie.name());
        if known || store.iter_any().count() < MOST {
            // Where it is refused, it is one that no rule of RFC 6265 lets in.
            let _ = store.insert(cookie.into_owned(), address);
        }
    }
}
