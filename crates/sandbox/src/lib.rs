//! Emulators of the chat platforms, with a human side and faults on demand
