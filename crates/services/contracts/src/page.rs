//! Pagination: opaque tokens that this cloud made, and no others.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use sha2::Sha256;

/// The key that signs page tokens; one per data directory.
#[derive(Clone)]
pub struct PageKey([u8; 32]);

impl PageKey {
    /// From key material.
    pub fn new(key: [u8; 32]) -> PageKey {
        PageKey(key)
    }

    fn tag(&self, purpose: &str, last: &str) -> Vec<u8> {
        // HMAC takes keys of any length, so this cannot fail; an empty tag would only refuse tokens.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else { return Vec::new() };
        mac.update(purpose.as_bytes());
        mac.update(&[0]);
        mac.update(last.as_bytes());
        mac.finalize().into_bytes()[..12].to_vec()
    }

    /// A token that continues after `last` in the list named `purpose` (operation, account, region, filters).
    pub fn token(&self, purpose: &str, last: &str) -> String {
        let mut bytes = vec![1u8];
        bytes.extend(self.tag(purpose, last));
        bytes.extend(last.as_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The key a token continues after.
    pub fn read(&self, purpose: &str, token: &str) -> Result<String, PageError> {
        let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| PageError)?;
        let (head, last) = bytes.split_at_checked(13).ok_or(PageError)?;
        let last = std::str::from_utf8(last).map_err(|_| PageError)?;
        if head.first() != Some(&1) || head.get(1..) != Some(&self.tag(purpose, last)[..]) {
            return Err(PageError);
        }
        Ok(last.to_owned())
    }

    /// One page of `items` (sorted by `key`), after the token, at most `limit` long.
    pub fn page<T>(
        &self,
        purpose: &str,
        items: Vec<T>,
        token: Option<&str>,
        limit: Option<usize>,
        key: impl Fn(&T) -> String,
    ) -> Result<Page<T>, PageError> {
        let mut items = items;
        if let Some(token) = token.filter(|t| !t.is_empty()) {
            let last = self.read(purpose, token)?;
            items.retain(|item| key(item) > last);
        }
        let mut next = None;
        if let Some(limit) = limit.filter(|limit| items.len() > *limit) {
            items.truncate(limit);
            next = items.last().map(|item| self.token(purpose, &key(item)));
        }
        Ok(Page { items, next })
    }
}

impl std::fmt::Debug for PageKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PageKey(***)")
    }
}

/// One page.
#[derive(Debug)]
pub struct Page<T> {
    /// Its items.
    pub items: Vec<T>,
    /// Token of the next page, if there is one.
    pub next: Option<String>,
}

/// The token was not made by this cloud for this list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageError;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_joined_are_the_list() {
        let key = PageKey::new([3; 32]);
        let all: Vec<String> = (0..23).map(|n| format!("{n:03}")).collect();
        for size in 1..30 {
            let (mut seen, mut token) = (Vec::new(), None::<String>);
            loop {
                let page = key.page("list", all.clone(), token.as_deref(), Some(size), Clone::clone).unwrap();
                seen.extend(page.items);
                token = page.next;
                if token.is_none() {
                    break;
                }
            }
            assert_eq!(seen, all);
        }
    }

    #[test]
    fn foreign_tokens_are_refused() {
        let key = PageKey::new([3; 32]);
        let token = key.token("list", "005");
        assert_eq!(key.read("list", &token).unwrap(), "005");
        assert!(key.read("other", &token).is_err());
        assert!(PageKey::new([4; 32]).read("list", &token).is_err());
        for bad in ["", "x", "!!", "AAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
            assert!(key.read("list", bad).is_err());
        }
    }
}
