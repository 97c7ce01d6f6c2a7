//! What only a file on a disk can do: survive, fill up, break.
