//! Durable state: the Store port, its in-memory oracle, SQLite, and the vault that seals content and tokens
