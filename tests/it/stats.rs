//! The statistics: formulas against other people's values, laws, and cases.

/// Against values of scipy and statsmodels, kept as data.
mod oracle;
/// Against tables that were printed.
mod published;
/// What holds for every input.
mod laws;
/// Comparisons, limits and histories, each told in one case.
mod cases;
/// The error rates that are stated, counted.
mod rates;
