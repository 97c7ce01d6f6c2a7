//! What Microsoft Teams is, as data.

use rialto_model::PlatformId;
use rialto_platform::{Field, Manifest};

use crate::{capabilities::capabilities, permissions};

/// The platform's name in URLs, files and commands.
pub const ID: PlatformId = PlatformId::new("teams");

pub(crate) fn manifest() -> Manifest {
    Manifest {
        id: ID,
        name: "Microsoft Teams",
        capabilities: capabilities(),
        fields: fields(),
        steps: &[
            "Register an application in the Entra admin center (App registrations, single tenant), with the redirect address that `rialto manifest teams` prints, of type Web.",
            "Under API permissions add the permissions of Microsoft Graph that are listed below.",
            "Press Grant admin consent there, or let an administrator do it.",
            "Make a client secret and give it to Rialto with the tenant and the client id.",
            "Make a licensed account for Rialto, the service user, and sign in as it when connecting.",
        ],
        permissions: permissions::all(),
        needs_parent: true,
        webhook_window: None,
    }
}

fn fields() -> Vec<Field> {
    let public = Field { name: "", help: "", secret: false, required: true, default: None };
    vec![
        Field {
            name: "tenant",
            help: "The tenant's id or one of its domains (Entra, Overview).",
            ..public
        },
        Field {
            name: "client_id",
            help: "The application (client) id of the app registration.",
            ..public
        },
        Field {
            name: "client_secret",
            help: "A client secret's value (App registration, Certificates & secrets).",
            secret: true,
            ..public
        },
        Field {
            name: "graph_url",
            help: "Microsoft Graph; another address in government clouds.",
            required: false,
            default: Some("https://graph.microsoft.com/v1.0/"),
            ..public
        },
        Field {
            name: "login_url",
            help: "The sign-in service; another address in government clouds.",
            required: false,
            default: Some("https://login.microsoftonline.com/"),
            ..public
        },
        Field {
            name: "listening",
            help: "`channels`: one subscription a channel, heard as the service user. `tenant`: one for all channels, heard as the application.",
            required: false,
            default: Some("channels"),
            ..public
        },
    ]
}
