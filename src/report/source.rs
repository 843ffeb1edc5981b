//! Where the numbers of a run come from that another tool measured.

use crate::run::Run;
use crate::sanitise::Clean;

/// Where the numbers of a run come from that another tool measured.
#[derive(Clone, Debug)]
pub struct Source {
    /// The format of its files: `jmeter-csv`.
    pub format: Clean,
    /// The tool.
    pub tool: Clean,
    /// How exactly times are known, in words.
    pub precision: String,
}

impl Source {
    /// The source of a run; `None` where loadgate put on the load.
    #[must_use]
    pub fn of(run: &Run) -> Option<Self> {
        let imported = run.imported.as_ref()?;
        Some(Self {
            format: Clean::line(&imported.format),
            tool: Clean::line(&imported.tool),
            precision: imported.precision.words(),
        })
    }

    /// The same in one line.
    #[must_use]
    pub fn said(&self) -> String {
        format!("{} ({}): {}", self.tool, self.format, self.precision)
    }
}

/// What a reader must know to believe the numbers of another tool.
pub(super) fn notes(run: &Run, clean: &dyn Fn(&str) -> Clean) -> Vec<String> {
    let Some(imported) = &run.imported else { return Vec::new() };
    let source = Source::of(run).map(|source| format!("measured by {}", source.said()));
    let told = imported.notes.iter().map(|note| clean(note).to_string());
    source.into_iter().chain(told).collect()
}
