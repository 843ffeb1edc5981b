//! A raw TCP server that misbehaves by script.
