//! Streams of events and WebSockets: what is timed inside a request, and what is judged of it.

/// Times inside requests, counted, judged, written and read.
mod timings;
