//! Emoji by the names that chat platforms use, and back.
