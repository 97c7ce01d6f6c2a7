//! HTTP: webhooks in, admin API, OAuth callbacks
