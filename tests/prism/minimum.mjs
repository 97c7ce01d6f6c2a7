// What Rialto must have called at least, or the check looked at too little.

const CHANNEL = "/teams/{team-id}/channels/{channel-id}";
const MESSAGE = `${CHANNEL}/messages/{chatMessage-id}`;
const REPLY = `${MESSAGE}/replies/{chatMessage-id1}`;
const ITEM = "/drives/{drive-id}/items/{driveItem-id}";

const slack = [
  "POST /oauth.v2.access", "GET /auth.test", "GET /team.info", "GET /users.info", "GET /users.lookupByEmail",
  "GET /conversations.list", "GET /conversations.info", "GET /users.conversations", "GET /conversations.history",
  "GET /conversations.replies", "POST /conversations.join", "POST /conversations.create", "POST /conversations.invite",
  "POST /conversations.setTopic", "POST /chat.postMessage", "POST /chat.update", "POST /chat.delete",
  "POST /reactions.add", "POST /reactions.remove", "GET /files.info", "POST /files.getUploadURLExternal",
  "POST /files.completeUploadExternal",
];
const graph = [
  "GET /organization", "GET /users", "GET /users/{user-id}", "GET /users/{user-id}/photo/$value", "GET /me/joinedTeams",
  "GET /teams", "GET /teams/{team-id}", "POST /teams/{team-id}/members", "GET /teams/{team-id}/channels",
  "POST /teams/{team-id}/channels", `GET ${CHANNEL}`, `GET ${CHANNEL}/members`, `POST ${CHANNEL}/members`,
  `GET ${CHANNEL}/filesFolder`, `GET ${CHANNEL}/messages`, `POST ${CHANNEL}/messages`, `GET ${CHANNEL}/messages/delta`,
  `GET ${MESSAGE}`, `PATCH ${MESSAGE}`, `POST ${MESSAGE}/softDelete`, `POST ${MESSAGE}/setReaction`,
  `POST ${MESSAGE}/unsetReaction`, `GET ${MESSAGE}/replies`, `POST ${MESSAGE}/replies`, `PATCH ${REPLY}`,
  `POST ${REPLY}/softDelete`, `POST ${REPLY}/setReaction`, `POST ${REPLY}/unsetReaction`,
  `GET ${MESSAGE}/hostedContents/{chatMessageHostedContent-id}/$value`, `PUT ${ITEM}/content`, `GET ${ITEM}/content`,
  `POST ${ITEM}/createUploadSession`, "POST /subscriptions", "PATCH /subscriptions/{subscription-id}",
  "POST /subscriptions/{subscription-id}/reauthorize", "DELETE /subscriptions/{subscription-id}",
];

const webex = [
  "GET /people/me", "GET /people", "GET /people/{personId}", "GET /rooms", "GET /rooms/{roomId}", "POST /rooms",
  "GET /teams", "GET /memberships", "POST /memberships", "GET /webhooks", "POST /webhooks", "PUT /webhooks/{webhookId}",
  "GET /messages", "GET /messages/{messageId}", "POST /messages", "PUT /messages/{messageId}",
  "DELETE /messages/{messageId}", "POST /v1/access_token",
];
const MESSAGES = "/chat/users/{userId}/messages";
const zoom = [
  "GET /users/{userId}", "GET /chat/users/{userId}/channels", "GET /chat/channels", "POST /chat/users/{userId}/channels",
  `GET ${MESSAGES}`, `POST ${MESSAGES}`, `PUT ${MESSAGES}/{messageId}`, `DELETE ${MESSAGES}/{messageId}`,
  `PATCH ${MESSAGES}/{messageId}/emoji_reactions`, "POST /chat/channels/{channelId}/members/me", "POST /chat/users/{userId}/files", "POST /oauth/token",
];

/// The same of Webex and Zoom.
export const MINIMUM_OF_WEBEX_AND_ZOOM = [
  ...webex.map((call) => `webex ${call}`),
  ...zoom.map((call) => `zoom ${call}`),
  "Webex: bytes of a file, and its name",
  "Zoom: bytes of a download",
];

export const MINIMUM = [
  ...slack.map((call) => `slack ${call}`),
  ...graph.map((call) => `graph ${call}`),
  "login POST /{tenant}/oauth2/v2.0/token",
  "Entra: the keys that notifications' tokens are signed with",
  "Slack: bytes of an upload",
  "Slack: bytes of a download",
  "Graph: bytes to an upload session",
];
