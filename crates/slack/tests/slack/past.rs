//! What of a channel's past is asked for, and what is concluded from it.

use rialto_platform::HistoryRequest;
use serde_json::json;

use crate::workspace::{now, workspace};

#[tokio::test]
async fn a_message_without_replies_tells_that_none_is_left_below_it() {
    let workspace = workspace().await;
    let second = now().as_second();
    let message = |micros: u32, replies: u32| {
        json!({ "type": "message", "ts": format!("{second}.{micros:06}"), "user": "U1", "text": "hi",
                "reply_count": replies, "latest_reply": format!("{second}.000009") })
    };
    let listed = [message(1, 0), message(2, 1)];
    workspace.answers("conversations.history", json!({ "ok": true, "messages": listed })).await;
    let below = json!({ "type": "message", "ts": format!("{second}.000009"), "user": "U1",
                        "text": "hello", "thread_ts": format!("{second}.000002") });
    let thread = json!({ "ok": true, "messages": [message(2, 1), below] });
    workspace.answers("conversations.replies", thread).await;
    let to = "C1".into();
    let mut request = HistoryRequest { conversation: &to, since: now(), whole: true, page: None };
    let first = workspace.connection.history(request).await.unwrap();
    assert_eq!(first.threads, [format!("{second}.000001").into()], "the other is not read yet");
    request.page = first.next.as_deref();
    let last = workspace.connection.history(request).await.unwrap();
    assert_eq!(last.threads, [format!("{second}.000002").into()]);
    assert_eq!(last.next, None);
}
