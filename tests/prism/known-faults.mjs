// What breaks a description though the platform does so: faults of the descriptions, each by name and with its reason.
// A violation is matched by the call, the place that Prism names, and its message.

export const knownFaults = [
  {
    name: "Slack refuses with status 200 and `ok: false`; its description has refusals under `default`, which stands for other statuses",
    call: /^slack /,
    at: /^response\.body(\.ok)?$/,
    says: /must have required property|must be equal to one of the allowed values: true/,
    refusals: true,
  },
  {
    name: "Slack's description of chat.delete and conversations.mark says `ts: number`; its own examples and SDKs send text, for a number loses digits",
    call: /^slack POST \/(chat\.delete|conversations\.mark)$/,
    at: /^request\.body\.ts$/,
    says: /must be number/,
  },
  {
    name: "Slack's description of chat.update says `blocks: object`; blocks are a list everywhere else in it",
    call: /^slack POST \/chat\.update$/,
    at: /^response\.body\.message\.blocks$/,
    says: /must be object/,
  },
  {
    name: "Graph's description of PATCH on a channel or message has an answer with a body; the reference pages say 204 No Content",
    call: /^graph PATCH \/teams\/\{team-id\}\/channels\/\{channel-id\}(\/messages\/\{chatMessage-id\}(\/replies\/\{chatMessage-id1\})?)?$/,
    at: /^response(\.body)?$/,
    says: /media type "" does not match|must be object/,
  },
  {
    name: "Graph's description of messages/delta says that OData's own annotations are objects; its examples have text and numbers",
    call: /^graph GET \/teams\/\{team-id\}\/channels\/\{channel-id\}\/messages\/delta$/,
    at: /^response\.body\.@odata\.(context|count|deltaLink|nextLink)$/,
    says: /must be object/,
  },
];

// Calls that no description has. `what` is printed; `call` is matched.
export const undescribed = [
  { what: "Slack: bytes of an upload", call: /^slack POST \/upload\/v1\// },
  { what: "Slack: bytes of a download", call: /^slack GET \/files-pri\// },
  { what: "Entra: the keys that notifications' tokens are signed with", call: /^login GET \/common\/discovery\/v2\.0\/keys$/ },
  { what: "Graph: bytes to an upload session", call: /^graph PUT \/sandbox-upload\// },
  { what: "Graph: pre-authorized download", call: /^graph GET \/sandbox-download\// },
  { what: "Graph: drive items by path", call: /^graph \w+ \/v1\.0\/drives\/[^/]+\/items\/[^/]*(:|%3A)/ },
];
