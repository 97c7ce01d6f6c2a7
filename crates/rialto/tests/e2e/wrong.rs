//! Wrong input, and its answers, from outside.
