//! Commits that are made without a work tree, and the branch that they are put on.

use super::{Git, Given, MOST_ANSWER, Trouble, ask, told};

/// The most bytes of a list of names.
const MOST_NAMES: u64 = 16 * 1024 * 1024;
/// Who makes the commits.
const WHO: [&str; 4] = ["-c", "user.name=loadgate", "-c", "user.email=loadgate@localhost"];

/// A branch: of the remote that the clone came from, or of the clone itself where it came from
/// nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ref {
    name: String,
    remote: bool,
}

impl Ref {
    /// The branch of that name.
    ///
    /// # Errors
    /// When git cannot be started or gives no answer.
    pub fn of(git: &Git, name: &str) -> Result<Self, Trouble> {
        let asked = ["config", "--get", "remote.origin.url"];
        let remote = match ask(&git.top, &asked, MOST_ANSWER) {
            Ok(url) => !url.trim_ascii().is_empty(),
            Err(Trouble::Refused(_)) => false,
            Err(trouble) => return Err(trouble),
        };
        Ok(Self { name: name.to_owned(), remote })
    }

    /// The name under which the clone knows it.
    fn known(&self) -> String {
        let space = if self.remote { "refs/loadgate" } else { "refs/heads" };
        format!("{space}/{}", self.name)
    }

    /// Its last commit, as the remote has it now; `None` where there is no such branch yet.
    ///
    /// # Errors
    /// When the remote cannot be asked.
    pub fn tip(&self, git: &Git) -> Result<Option<String>, Trouble> {
        if self.remote {
            let way = format!("+refs/heads/{}:{}", self.name, self.known());
            let asked = ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "origin", &way];
            match ask(&git.top, &asked, MOST_ANSWER) {
                Ok(_) => {}
                Err(Trouble::Refused(said)) if said.as_str().contains("find remote ref") => {
                    return Ok(None);
                }
                Err(trouble) => return Err(trouble),
            }
        }
        git.commit(&self.known())
    }

    /// Puts a commit on it, unless it has moved away from `from`.
    ///
    /// # Errors
    /// When it has moved, or may not be written.
    pub fn set(&self, git: &Git, commit: &str, from: Option<&str>) -> Result<(), Trouble> {
        if !self.remote {
            let none = "0".repeat(commit.len());
            let asked = ["update-ref", &self.known(), commit, from.unwrap_or(&none)];
            return ask(&git.top, &asked, MOST_ANSWER).map(|_| ());
        }
        // Without force: what is there and not below it stays.
        let way = format!("{commit}:refs/heads/{}", self.name);
        let asked = ["push", "--quiet", "--no-verify", "origin", &way];
        ask(&git.top, &asked, MOST_ANSWER).map(|_| ())
    }
}

impl Git {
    /// The names of all files of a commit.
    ///
    /// # Errors
    /// When git gives no answer, or they are too many.
    pub fn names(&self, commit: &str) -> Result<Vec<String>, Trouble> {
        let asked = ["ls-tree", "-r", "-z", "--name-only", "--full-tree", commit];
        let bytes = ask(&self.top, &asked, MOST_NAMES)?;
        let text = String::from_utf8_lossy(&bytes);
        Ok(text.split('\0').filter(|name| !name.is_empty()).map(str::to_owned).collect())
    }

    /// The commits below one, itself first, at most so many; `None` where the clone does not reach
    /// back to the first one.
    ///
    /// # Errors
    /// When git gives no answer.
    pub fn below_commit(&self, commit: &str, most: usize) -> Result<Option<Vec<String>>, Trouble> {
        let shallow = ask(&self.top, &["rev-parse", "--is-shallow-repository"], MOST_ANSWER)?;
        if shallow.trim_ascii() != b"false" {
            return Ok(None);
        }
        let count = format!("--max-count={most}");
        let bytes = ask(&self.top, &["rev-list", &count, commit], MOST_NAMES)?;
        let text = String::from_utf8_lossy(&bytes);
        Ok(Some(text.lines().map(str::to_owned).collect()))
    }

    /// The commit that two come from; `None` where the clone knows of none.
    ///
    /// # Errors
    /// When git gives no answer.
    pub fn parted(&self, one: &str, other: &str) -> Result<Option<String>, Trouble> {
        match ask(&self.top, &["merge-base", one, other], MOST_ANSWER) {
            Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).trim().to_owned())),
            Err(Trouble::Refused(_)) => Ok(None),
            Err(trouble) => Err(trouble),
        }
    }

    /// The whole name of a commit that another one is, or was made on top of, as far back as the
    /// clone reaches; `None` where it was not. A merge names its parents also where the clone lacks
    /// them; `other` may be cut short.
    ///
    /// # Errors
    /// When git gives no answer.
    pub fn holds(&self, commit: &str, other: &str) -> Result<Option<String>, Trouble> {
        let bytes = ask(&self.top, &["cat-file", "commit", commit], MOST_NAMES)?;
        let text = String::from_utf8_lossy(&bytes);
        let head = text.lines().take_while(|line| !line.is_empty());
        let parents = head.filter_map(|line| line.strip_prefix("parent "));
        let near = [commit].into_iter().chain(parents).find(|one| one.starts_with(other));
        if let Some(near) = near {
            return Ok(Some(near.to_owned()));
        }
        // Names that are cut short may be those of branches.
        let whole = other.len() == commit.len();
        if !whole || self.commit(other)?.is_none() {
            return Ok(None);
        }
        Ok(self.parted(commit, other)?.filter(|parted| parted == other))
    }

    /// Whether two commits differ in a file, or in anything below a folder.
    ///
    /// # Errors
    /// When git gives no answer.
    pub fn changed(&self, one: &str, other: &str, path: &str) -> Result<bool, Trouble> {
        let asked = ["diff-tree", "-r", "--name-only", one, other, "--", path];
        Ok(!ask(&self.top, &asked, MOST_NAMES)?.is_empty())
    }

    /// The branch that is checked out; `None` where none is.
    ///
    /// # Errors
    /// When git gives no answer.
    pub fn branch(&self) -> Result<Option<String>, Trouble> {
        match ask(&self.top, &["symbolic-ref", "--quiet", "--short", "HEAD"], MOST_ANSWER) {
            Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).trim().to_owned())),
            Err(Trouble::Refused(_)) => Ok(None),
            Err(trouble) => Err(trouble),
        }
    }

    /// Writes a commit with files added and removed; no branch has it yet.
    ///
    /// # Errors
    /// When git cannot write.
    pub fn grow(
        &self,
        parent: Option<&str>,
        add: &[(String, Vec<u8>)],
        remove: &[String],
        message: &str,
    ) -> Result<String, Trouble> {
        let folder = tempfile::tempdir().map_err(Trouble::Absent)?;
        let index = folder.path().join("index");
        let run = |arguments: &[&str], input: &[u8]| {
            let given = Given { input, index: Some(&index) };
            let bytes = told(&self.top, arguments, MOST_ANSWER, &given)?;
            Ok::<_, Trouble>(String::from_utf8_lossy(&bytes).trim().to_owned())
        };
        match parent {
            Some(parent) => run(&["read-tree", parent], b"")?,
            None => run(&["read-tree", "--empty"], b"")?,
        };
        for (name, bytes) in add {
            let hash = run(&["hash-object", "-w", "--stdin"], bytes)?;
            let entry = format!("100644,{hash},{name}");
            run(&["update-index", "--add", "--cacheinfo", &entry], b"")?;
        }
        for name in remove {
            run(&["update-index", "--force-remove", "--", name], b"")?;
        }
        let tree = run(&["write-tree"], b"")?;
        let mut asked = WHO.to_vec();
        asked.extend(["commit-tree", "-m", message]);
        asked.extend(parent.map(|parent| ["-p", parent]).into_iter().flatten());
        asked.push(&tree);
        run(&asked, b"")
    }
}
