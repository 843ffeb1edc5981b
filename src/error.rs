//! Why there is no judgement, and the exit codes.
