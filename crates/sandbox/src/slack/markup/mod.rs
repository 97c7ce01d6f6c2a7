//! Slack's formats: mrkdwn text, rich_text blocks, and what a person sees of them.

pub(crate) mod html;
mod inline;
pub(crate) mod markdown;
pub(crate) mod mrkdwn;
pub(crate) mod source;
