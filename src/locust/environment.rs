//! Which variables reach Locust: what Python and its network need, Locust's own, and what the gate
//! file names. No token of a CI host is among them.

use std::ffi::OsString;

/// A variable of ours.
pub type Given = (OsString, OsString);

/// Names of variables that reach Locust; `*` stands for any end.
const USUAL: [&str; 48] = [
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "LANGUAGE",
    "LC_*",
    "TZ",
    "TERM",
    "COLUMNS",
    "LINES",
    "NO_COLOR",
    "TMPDIR",
    "TMP",
    "TEMP",
    "PYTHON*",
    "VIRTUAL_ENV",
    "CONDA_*",
    "PYENV_*",
    "UV_PYTHON*",
    "UV_CACHE_DIR",
    "UV_PROJECT*",
    "UV_OFFLINE",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "no_proxy",
    "GEVENT_*",
    "LOCUST_*",
    "SYSTEMROOT",
    "SystemRoot",
    "USERPROFILE",
    "APPDATA",
    "LOCALAPPDATA",
];

/// Those of these variables that reach Locust, `more` names beside the usual ones.
#[must_use]
pub fn allowed(all: Vec<Given>, more: &[String]) -> Vec<Given> {
    let fits = |name: &str, pattern: &str| match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == pattern,
    };
    let is_allowed = |(name, _): &Given| {
        name.to_str().is_some_and(|name| {
            let named = more.iter().any(|pattern| fits(name, pattern));
            named || USUAL.iter().any(|pattern| fits(name, pattern))
        })
    };
    all.into_iter().filter(is_allowed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_named_reaches_locust() {
        let all = ["PATH", "GITHUB_TOKEN", "CI_JOB_TOKEN", "LOCUST_USERS", "SHOP_A", "SHOPPER"];
        let all = all.map(|name| (OsString::from(name), OsString::from("1")));
        let left = |more: &[&str]| {
            let more: Vec<String> = more.iter().map(|name| (*name).to_owned()).collect();
            let left = allowed(all.to_vec(), &more).into_iter();
            left.map(|(name, _)| name.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(left(&[]), "PATH LOCUST_USERS");
        assert_eq!(left(&["SHOP_*"]), "PATH LOCUST_USERS SHOP_A");
        assert_eq!(left(&["SHOPPER"]), "PATH LOCUST_USERS SHOPPER");
    }
}
