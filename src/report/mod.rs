//! Reports: a judgement in, text out. Pure.
