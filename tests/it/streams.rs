//! Streams of events and WebSockets: what is timed inside a request, and what is judged of it.

/// Events out of bytes, whatever way these come.
mod events;
/// The built binary against played streams.
mod gates;
/// Users who bring values of their own, and take some along.
mod users;
/// Times inside requests, counted, judged, written and read.
mod timings;
