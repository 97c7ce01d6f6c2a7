//! Pages: `max`, and a `Link` header with the address of the next one (RFC 5988).

use super::error::Fail;

/// A page of a listing and where the next begins.
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    /// The number of the next page's first, where there is one.
    pub(crate) next: Option<usize>,
}

/// `max`, within what the listing allows.
///
/// # Errors
/// 400 for what is no number of at least 1.
pub(crate) fn size(given: Option<&str>, default: usize, most: usize) -> Result<usize, Fail> {
    let Some(given) = given else { return Ok(default) };
    match given.parse() {
        Ok(size) if size > 0 => Ok(most.min(size)),
        _ => Err(Fail::bad("max must be a positive number.")),
    }
}

/// The page that begins at number `from`.
pub(crate) fn page<T>(all: impl Iterator<Item = T>, from: usize, size: usize) -> Page<T> {
    let mut items: Vec<T> = all.skip(from).take(size + 1).collect();
    let next = (items.len() > size).then_some(from + size);
    items.truncate(size);
    Page { items, next }
}

/// The header's value for the next page at this address.
pub(crate) fn link(address: &str) -> String {
    format!("<{address}>; rel=\"next\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_end_where_the_listing_ends() {
        for (from, size, items, next) in [
            (0, 2, &[0, 1][..], Some(2)),
            (2, 2, &[2, 3], Some(4)),
            (4, 2, &[4], None),
            (0, 5, &[0, 1, 2, 3, 4], None),
            (9, 2, &[], None),
        ] {
            let page = page(0..5, from, size);
            assert_eq!((page.items.as_slice(), page.next), (items, next));
        }
        assert_eq!(size(Some("7"), 50, 5).unwrap(), 5);
        assert!(size(Some("0"), 50, 100).is_err());
    }
}
