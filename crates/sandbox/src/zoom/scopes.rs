//! Scopes: granular ones (`team_chat:write:user_message`) and the older classic ones (`chat_message:write`), each also
//! with `:admin` for acting on others in the account.

use std::collections::BTreeSet;

const ADMIN: &str = ":admin";

/// Whether `granted` covers `scope`, or with `for_others` its `:admin` form.
pub(crate) fn covers(granted: &BTreeSet<String>, scope: &str, for_others: bool) -> bool {
    let admin = || granted.contains(&format!("{}{ADMIN}", scope.trim_end_matches(ADMIN)));
    if for_others || scope.ends_with(ADMIN) { admin() } else { granted.contains(scope) || admin() }
}

/// The scopes that an operation's refusal names: the granular ones, which are those with two colons.
pub(crate) fn named(scopes: &[&'static str], for_others: bool) -> Vec<String> {
    scopes
        .iter()
        .filter(|scope| scope.trim_end_matches(ADMIN).matches(':').count() == 2)
        .flat_map(|scope| {
            let bare = scope.trim_end_matches(ADMIN);
            let plain = (!for_others && !scope.ends_with(ADMIN)).then(|| bare.to_owned());
            plain.into_iter().chain([format!("{bare}{ADMIN}")])
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn admin_scopes_cover_what_concerns_others() {
        let granted = |scopes: &[&str]| scopes.iter().map(|s| (*s).to_owned()).collect();
        for (have, scope, for_others, covered) in [
            (&["a:read:b"][..], "a:read:b", false, true),
            (&["a:read:b"], "a:read:b", true, false),
            (&["a:read:b:admin"], "a:read:b", true, true),
            (&["a:read:b:admin"], "a:read:b", false, true),
            (&["a:read:b"], "a:read:b:admin", false, false),
            (&["a:read:b:admin"], "a:read:b:admin", false, true),
            (&["a:read:c"], "a:read:b", false, false),
        ] {
            assert_eq!(covers(&granted(have), scope, for_others), covered, "{have:?} {scope}");
        }
        assert_eq!(named(&["a:read:b", "a:read"], false), ["a:read:b", "a:read:b:admin"]);
        assert_eq!(named(&["a:read:b", "a:read"], true), ["a:read:b:admin"]);
        assert_eq!(named(&["a:read:b:admin"], false), ["a:read:b:admin"]);
    }
}
