//! Authorizing a workspace, and what lets Rialto in.

use serde_json::json;

use super::{Emulator, Stage};
use crate::{FindingLevel, MessageChange, ReadError, SendError, SetupError};

pub async fn an_admin_authorizes_a_workspace<E: Emulator>() {
    let stage = Stage::<E>::start().await;
    let (authorized, own) = (&stage.authorized, stage.restarted());
    assert!(!authorized.workspace.as_str().is_empty() && !authorized.name.is_empty());
    assert_eq!(authorized.warnings, [""; 0], "nothing is missing");
    let channel = own.conversation(&stage.channel).await.unwrap().unwrap();
    assert_eq!(channel.name, E::CHANNEL, "after a restart it knows what it needs");
}

pub async fn what_an_admin_declines_is_refused<E: Emulator>() {
    let stage = Stage::<E>::start().await;
    let declined = stage.authorize(false).await;
    assert!(matches!(declined, Err(SetupError::Refused(_))), "{declined:?}");
}

pub async fn a_setting_that_is_missing_is_named<E: Emulator>() {
    let stage = Stage::<E>::start().await;
    let mut app = stage.app.clone();
    app.settings.clear();
    app.secrets.clear();
    let fields = &stage.platform.manifest().fields;
    match stage.platform.authorization_start(&app, "x") {
        Err(SetupError::Setting { field, .. }) => {
            assert!(fields.iter().any(|it| it.name == field), "{field}");
        }
        other => panic!("{other:?}"),
    }
}

pub async fn nothing_is_wrong_with_a_workspace_set_up_as_the_documents_say<E: Emulator>() {
    let stage = Stage::<E>::start().await;
    let findings = stage.connection.check().await;
    assert!(!findings.is_empty());
    for finding in findings {
        assert_eq!(finding.level, FindingLevel::Ok, "{finding:?}");
    }
    let kept = stage.connection.upkeep(std::slice::from_ref(&stage.channel)).await.unwrap();
    assert_eq!(kept.problems, [""; 0]);
    assert!(kept.again_by.is_some_and(|at| at > stage.now()), "{:?}", kept.again_by);
    assert!(!kept.credentials.is_empty(), "it is known what lets Rialto in");
}

pub async fn a_token_that_expired_is_renewed_and_kept<E: Emulator>() {
    let stage = Stage::<E>::start().await;
    let kept = || stage.cabinet.entries.lock().clone();
    let before = kept();
    stage.fault("*", 1, &json!({ "kind": "expire_tokens" })).await;
    stage.say_plain("after the token expired").await;
    assert_ne!(before, kept(), "what came in its place is kept");
    let channel = stage.restarted().conversation(&stage.channel).await.unwrap();
    assert!(channel.is_some(), "what is kept works");
}

pub async fn a_revoked_authorization_is_told_as_such<E: Emulator>() {
    let stage = Stage::<E>::start().await;
    let message = stage.say_plain("before").await;
    stage.emulator.revoke(&stage.control).await;
    let read = stage.connection.conversation(&stage.channel).await;
    assert!(matches!(read, Err(ReadError::Revoked(_))), "{read:?}");
    let sent = stage.post(&stage.part("after"), None, &[]).await;
    assert!(matches!(sent, Err(SendError::Revoked(_))), "{sent:?}");
    let change = MessageChange::Delete { message: &message, thread: None };
    let changed = stage.connection.change(&stage.channel, &change).await;
    assert!(matches!(changed, Err(SendError::Revoked(_))), "{changed:?}");
    let kept = stage.connection.upkeep(std::slice::from_ref(&stage.channel)).await;
    assert!(matches!(kept, Err(ReadError::Revoked(_))), "{kept:?}");
}
