//! The connector against the contracts and against a pretended Graph.
