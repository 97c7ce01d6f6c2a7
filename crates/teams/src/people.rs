//! Accounts of the directory.

use rialto_model::{Account, AccountKind, RemoteId};
use rialto_platform::ReadError;

use crate::{
    connection::TeamsConnection,
    place::is_id,
    wire::{List, User},
};

const FIELDS: &str = "id,displayName,mail,userPrincipalName,userType,accountEnabled";

impl TeamsConnection {
    pub(crate) async fn find_account(&self, id: &RemoteId) -> Result<Option<Account>, ReadError> {
        if !is_id(id.as_str()) {
            return Ok(None);
        }
        let mut url = self.graph.url(&["users", id.as_str()]);
        url.query_pairs_mut().append_pair("$select", FIELDS);
        match self.graph.get_as_either::<User>(url).await {
            Ok(user) => Ok(Some(account(user))),
            Err(fault) if fault.is_gone() => Ok(None),
            Err(fault) => Err(fault.to_read()),
        }
    }

    pub(crate) async fn find_by_email(&self, email: &str) -> Result<Option<Account>, ReadError> {
        let quoted = email.trim().replace('\'', "''");
        for field in ["mail", "userPrincipalName"] {
            let mut url = self.graph.url(&["users"]);
            url.query_pairs_mut()
                .append_pair("$filter", &format!("{field} eq '{quoted}'"))
                .append_pair("$select", FIELDS);
            let found: List<User> =
                self.graph.get_as_either(url).await.map_err(|fault| fault.to_read())?;
            // Two people of one address are nobody: a message must not go to the wrong one.
            let mut found = found.value.into_iter().map(account);
            let wanted = email.trim().to_lowercase();
            if let (Some(account), None) = (found.next(), found.next()) {
                return Ok((account.email.as_ref() == Some(&wanted)).then_some(account));
            }
        }
        Ok(None)
    }
}

fn account(user: User) -> Account {
    let mail = user.mail.filter(|mail| mail.contains('@'));
    // A guest's principal name is made up: `ana_elsewhere.example#EXT#@tenant…`.
    let principal =
        user.user_principal_name.filter(|name| name.contains('@') && !name.contains('#'));
    Account {
        id: user.id.as_str().into(),
        name: user.display_name.unwrap_or_default(),
        email: mail.or(principal).map(|mail| mail.to_lowercase()),
        avatar_url: None,
        kind: match (user.account_enabled, user.user_type.as_deref()) {
            (Some(false), _) => AccountKind::Deactivated,
            (_, Some("Guest")) => AccountKind::Guest,
            _ => AccountKind::Person,
        },
    }
}
