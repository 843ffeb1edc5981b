//! Text from outside, made harmless; the only way into a sink.
