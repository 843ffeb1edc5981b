//! Flags and help; nothing else.
