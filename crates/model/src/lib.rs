//! Pure types: what a message, a person, a capability is
