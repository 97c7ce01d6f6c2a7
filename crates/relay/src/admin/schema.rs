//! The closed words of the model as they are described to clients of the admin API.

use utoipa::ToSchema;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident: $($word:ident),+ for $model:path) => {
        $(#[$doc])*
        #[derive(ToSchema)]
        #[schema(rename_all = "snake_case")]
        #[expect(dead_code, reason = "described, never made")]
        pub(super) enum $name { $($word),+ }

        // Does not compile when the model has a word that is not described.
        const _: fn($model) = |word| match word { $(<$model>::$word => ()),+ };
    };
}

words!(/// Which way messages flow through an endpoint.
    Direction: Both, In, Out for rialto_model::Direction);
words!(/// Whether messages flow.
    ChannelSyncState: Active, Paused for rialto_model::ChannelSyncState);
words!(/// What becomes of a mention of everybody.
    EveryoneMentions: Text, Real for rialto_model::EveryoneMentions);
words!(/// How far a delivery is.
    DeliveryState: Pending, Delivered, Parked, Cancelled for rialto_model::DeliveryState);
words!(/// What kind of work a delivery is.
    WorkKind: Post, Edit, Delete, React, Unreact, Notice for rialto_model::WorkKind);
words!(/// How a call ended.
    AttemptOutcome: Done, RateLimited, Transient, Unknown, Revoked, Permanent
    for rialto_model::AttemptOutcome);
words!(/// Whether all is well.
    FindingLevel: Ok, Warning, Error for rialto_platform::FindingLevel);
words!(/// What a conversation is.
    ConversationKind: Channel, Direct, Group for rialto_model::ConversationKind);
