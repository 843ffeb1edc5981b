//! TLS: whom we trust, and what goes wrong.
