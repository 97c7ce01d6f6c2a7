//! What admins do.
