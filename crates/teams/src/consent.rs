//! What came of the link by which an administrator consents for the whole tenant.

use std::collections::BTreeMap;

use rialto_platform::Consented;

use crate::settings::Settings;

/// Who may grant application permissions of Microsoft Graph (Microsoft's page *Grant tenant-wide
/// admin consent to an application*).
pub(crate) const WHO_MAY: &str = "Privileged Role Administrator or Global Administrator";

/// Reads the answer of the `adminconsent` page: `admin_consent` and `tenant`, or `error` and
/// `error_description`.
pub(crate) fn answered(settings: &Settings, query: &BTreeMap<String, String>) -> Consented {
    let given = |name: &str| query.get(name).map_or("", String::as_str);
    let link = settings.admin_consent_url();
    if given("admin_consent").eq_ignore_ascii_case("true") && given("error").is_empty() {
        let tenant = given("tenant");
        if !settings.tenant.contains('.') && !tenant.eq_ignore_ascii_case(&settings.tenant) {
            return Consented {
                granted: false,
                said: format!(
                    "Consent was granted for the tenant {tenant}, but Rialto was set up for {}: \
                     there, nothing has changed.",
                    settings.tenant
                ),
                next_steps: vec![format!("Open {link} as an administrator of that tenant.")],
            };
        }
        return Consented {
            granted: true,
            said: "The permissions are granted for the whole tenant.".into(),
            next_steps: vec![
                "Run `rialto connections check teams`: it says whether anything is still missing, \
                 and puts the new permissions in use."
                    .into(),
                "If nobody has signed in as the service user yet, run `rialto connect teams`."
                    .into(),
            ],
        };
    }
    let why = given("error_description").lines().next().unwrap_or_default();
    let said = match (given("error"), why) {
        ("", _) => "Microsoft did not say that consent was granted.".to_owned(),
        ("access_denied", "") => "The administrator declined.".to_owned(),
        (error, "") => format!("Microsoft says: {error}."),
        (error, why) => format!("Microsoft says: {why} ({error})"),
    };
    Consented {
        granted: false,
        said: format!("{said} Nothing was changed."),
        next_steps: vec![
            format!("Forward this link to a {WHO_MAY} of the tenant: {link}"),
            "Rialto goes on without the missing permissions; `rialto connections check teams` says \
             what each is needed for."
                .into(),
        ],
    }
}
