//! The straight line from arguments to exit code.
