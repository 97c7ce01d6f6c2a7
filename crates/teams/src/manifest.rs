//! What Microsoft Teams is, as data.

use std::time::Duration;

use rialto_model::{
    AuthorStyle, Capabilities, FileLimits, LengthUnit, Pacing, PlatformId, ReactionSupport,
    Support, TextLimit, Window,
};
use rialto_platform::{Field, Manifest};

use crate::permissions;

/// The platform's name in URLs, files and commands.
pub const ID: PlatformId = PlatformId::new("teams");

/// Bytes of HTML and mentions of one message. The vendor says *approximately 28 KB* for the whole
/// post; what is left is room for attachments and for its own rewriting.
pub(crate) const MAX_BYTES: usize = 24_000;

/// The largest file that is tried. SharePoint takes 250 GB; what a chat message carries is smaller.
pub(crate) const MAX_FILE_BYTES: u64 = 2 << 30;

/// Attachments of one message: the vendor takes at least ten references.
const MAX_FILES: usize = 10;

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

pub(crate) fn capabilities() -> Capabilities {
    let second = Duration::from_secs(1);
    Capabilities {
        text: TextLimit { max: MAX_BYTES, unit: LengthUnit::Bytes },
        author: AuthorStyle::InText,
        edits: Support::Native,
        max_edits: None,
        deletes: Support::Native,
        threads: Support::Native,
        broadcast: Support::Emulated("as a post of its own that says it was said in a thread"),
        reactions: ReactionSupport {
            unicode: Support::Native,
            custom: Support::None("Graph sets reactions by Unicode emoji alone"),
            in_replies: false,
        },
        files: FileLimits {
            support: Support::Native,
            max_bytes: MAX_FILE_BYTES,
            per_message: MAX_FILES,
        },
        everyone_mentions: Support::Native,
        memberships: Support::Native,
        // Graph's throttling limits: 1 request per second to a channel, 50 posts per second for an
        // app in one tenant.
        pacing: Pacing {
            conversation: vec![Window { count: 1, per: second }],
            connection: vec![Window { count: 50, per: second }],
            // GET channel messages: 20 a second in one tenant.
            history: vec![Window { count: 10, per: second }],
        },
    }
}
