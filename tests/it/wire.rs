//! One request against servers that do everything a server can do to a client.

/// The fault server itself does what its script says.
mod played;
