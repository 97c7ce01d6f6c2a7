//! The Slack connector
