//! The Microsoft Teams connector
