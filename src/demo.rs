//! The embedded demo service.
