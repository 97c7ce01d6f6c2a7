//! A whole world for end-to-end tests: the real binary, the sandbox, and what each side sees
