//! A Slack that is not our sandbox.
