//! HTTP/2 on shared connections.
