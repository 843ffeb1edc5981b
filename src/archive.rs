//! `run.json`: a run as text, and back.
