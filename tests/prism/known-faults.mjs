// What breaks a description though the platform does so: faults of the descriptions, each by name and with its reason.
// A violation is known when all of it fits: the call, the answer's status, the place that Prism names, its message.

export const knownFaults = [
  {
    // The method's own example in the description is "1401383885.000061"; a number would lose digits.
    name: "Slack: chat.delete and conversations.mark take a message's ts as a number, which is text everywhere else",
    call: /^slack POST \/(chat\.delete|conversations\.mark)$/,
    status: 200,
    at: /^request\.body\.ts$/,
    says: /^Request body property ts must be number$/,
  },
  {
    // Blocks are a list in requests, events, and the answer to chat.postMessage.
    name: "Slack: chat.update answers with the message's blocks as one object, which are a list everywhere else",
    call: /^slack POST \/chat\.update$/,
    status: 200,
    at: /^response\.body\.message\.blocks$/,
    says: /^Response body property message\.blocks must be object$/,
  },
  {
    // slackapi/slack-api-specs, issue 72: "their `reply_users` field can contain bot user ids", which begin with B.
    name: "Slack: a bot's reply is counted under its bot id in reply_users; the description has people's ids only",
    call: /^slack GET \/conversations\.(history|replies)$/,
    status: 200,
    at: /^response\.body\.messages\.\d+\.reply_users\.\d+$/,
    says: /must match pattern "\^\[UW\]\[A-Z0-9\]\{2,\}\$"$/,
  },
  {
    // The reference pages of both: "If successful, this method returns a 204 No Content response code."
    name: "Graph: a changed channel or message is answered by 204 without a body; the description wants one for all 2XX",
    call: /^graph PATCH \/teams\/\{team-id\}\/channels\/\{channel-id\}(\/messages\/\{chatMessage-id\}(\/replies\/\{chatMessage-id1\})?)?$/,
    status: 204,
    at: /^response(\.body)?$/,
    says: /^(The received media type "" does not match the one specified in the current response: application\/json|Response body must be object)$/,
  },
  {
    // OData's annotation is text, also in the recorded answers; the slice allows only objects beside what it names.
    name: "Graph: delta's @odata.context is an object in the description",
    call: /^graph GET \/teams\/\{team-id\}\/channels\/\{channel-id\}\/messages\/delta$/,
    status: 200,
    at: /^response\.body\.@odata\.context$/,
    says: /^Response body property @odata\.context must be object$/,
  },
  {
    // The page "Webhooks": `"event": "all"` is how to hear of edited messages.
    name: "Webex: a webhook's event may be `all`, which is not among the description's",
    call: /^webex (POST|GET|PUT) \/webhooks(\/\{webhookId\})?$/,
    status: 200,
    at: /^(request|response)\.body\.(items\.\d+\.)?event$/,
    says: /must be equal to one of the allowed values: created, updated, deleted, /,
  },
  {
    // The page "Message Attachments": local files are sent as multipart/form-data.
    name: "Webex: files come as multipart/form-data; the description has JSON alone",
    call: /^webex POST \/messages$/,
    status: 200,
    at: /^request$/,
    says: /^Supported content types: application\/json$/,
  },
  {
    // Every operation asks for a token, and tokens end after an hour.
    name: "Zoom: what a token that has expired is answered with is described for no operation",
    call: /^zoom \w+ \/chat\//,
    status: 401,
    at: /^response$/,
    says: /^Unable to match the returned status code with those defined in the document/,
  },
  {
    // "The email address, user ID, or member ID", where an id is any text, an address too.
    name: "Zoom: what names a contact fits two of the schemas of which exactly one must fit",
    call: /^zoom POST \/chat\/users\/\{userId\}\/messages$/,
    status: 201,
    at: /^request\.body\.(to_contact|at_items\.\d+\.at_contact)$/,
    says: /must match (format "email"|exactly one schema in oneOf)$/,
  },
];

// Calls that no description has. `what` is printed; `call` is matched.
export const undescribed = [
  { what: "Slack: bytes of an upload", call: /^slack POST \/upload\/v1\/[^/]+$/ },
  { what: "Slack: bytes of a download", call: /^slack GET \/files-pri\/.+/ },
  { what: "Webex: bytes of a file, and its name", call: /^webex (GET|HEAD) \/v1\/contents\/[^/]+$/ },
  { what: "Zoom: bytes of a download", call: /^zoom GET \/file\/download\/[^/]+$/ },
  { what: "Graph: bytes to an upload session", call: /^graph PUT \/sandbox-upload\/.+/ },
  { what: "Graph: pre-authorized download", call: /^graph GET \/sandbox-download\/.+/ },
  { what: "Entra: the keys that notifications' tokens are signed with", call: /^login GET \/common\/discovery\/v2\.0\/keys$/ },
];
