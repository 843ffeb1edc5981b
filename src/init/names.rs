//! Names: which ones mean a secret, and what a name is called in the environment.

/// The words of a name: `accessToken`, `access-token` and `ACCESS_TOKEN` have the same two.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for sign in name.chars() {
        let turn = before.is_ascii_lowercase() && sign.is_ascii_uppercase();
        if !sign.is_ascii_alphanumeric() || turn {
            words.push(String::new());
        }
        if sign.is_ascii_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.push(sign.to_ascii_lowercase());
        }
        before = sign;
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Whether a word is one of a list with spaces between.
fn listed(list: &str, word: &str) -> bool {
    list.split(' ').any(|known| known == word)
}

/// Whether a field, parameter or header of this name holds a secret.
pub(super) fn is_secret(name: &str) -> bool {
    const TELLING: &str = "password passwd passphrase passcode secret token apikey accesskey \
        privatekey secretkey signingkey credential authorization authenticat session csrf \
        xsrf jwt bearer cookie onetime \
        creditcard cardnumber saml assertion";
    const WORDS: &str = "pass pwd pw auth sig signature sid otp pin cvv cvc ssn sas totp";
    // They speak about a secret, and are none: `token_type`, `expires_in`.
    const ABOUT: &str = "type count ttl expires in expiry limit length version name \
        scanning protection enabled status policy url uri endpoint method mode algorithm alg";
    let words = words(name);
    let Some(last) = words.last() else { return false };
    if listed(ABOUT, last) {
        return false;
    }
    let whole = words.concat();
    TELLING.split(' ').any(|part| whole.contains(part))
        || last == "key"
        || last == "keys"
        || words.iter().any(|word| listed(WORDS, word))
}

/// Whether a number under a secret's name is a secret too; `max_tokens = 100` is not.
pub(super) fn is_secret_number(name: &str) -> bool {
    is_secret(name) && words(name).last().is_some_and(|last| !last.ends_with('s') || last == "pass")
}

/// Whether a text is a secret by its looks: tokens of well-known makes.
pub(super) fn looks_secret(text: &str) -> bool {
    const STARTS: &str = "ghp_ gho_ ghu_ ghs_ ghr_ github_pat_ glpat- xoxb- xoxp- xoxa- xapp- \
        sk_live_ sk_test_ rk_live_ rk_test_ pk_live_ whsec_ sk- AKIA ASIA AIza npm_";
    let jwt = text.starts_with("eyJ") && text.bytes().filter(|byte| *byte == b'.').count() >= 2;
    jwt || text.len() >= 16 && STARTS.split(' ').any(|start| text.starts_with(start))
}

/// The environment's spelling of a name: `accessToken` is `ACCESS_TOKEN`.
///
/// Names that shells, CI systems and clouds use for themselves get `API_` in front: a file from
/// outside must not choose which of those is sent.
pub(super) fn variable(name: &str) -> String {
    const TAKEN: &str = "PATH HOME USER USERNAME LOGNAME SHELL PWD OLDPWD LANG LANGUAGE TERM \
        HOST HOSTNAME EDITOR TMPDIR TEMP TMP DISPLAY MAIL CI TZ PORT OS UID EUID PPID NAME \
        IFS VERSION DATE BASE URL ID KEY BASE_URL DOLLAR";
    const OWNED: &str = "GITHUB GITLAB ACTIONS CI AWS AZURE GOOGLE GCP GCLOUD RUNNER SYSTEM \
        BUILD JENKINS LOADGATE NPM CARGO DOCKER AGENT GH VAULT KUBE SSH GPG LD LC";
    let mut words = words(name);
    let long = |words: &[String]| words.iter().map(|word| word.len() + 1).sum::<usize>() > 48;
    while long(&words) && words.len() > 1 {
        words.remove(0);
    }
    let mut upper = words.join("_").to_ascii_uppercase();
    upper.truncate(48);
    let owned = words.len() > 1
        && words.first().is_some_and(|first| listed(OWNED, &first.to_ascii_uppercase()));
    let unfit = upper.is_empty() || upper.starts_with(|sign: char| sign.is_ascii_digit());
    if unfit && upper.is_empty() {
        "VALUE".to_owned()
    } else if owned || unfit || listed(TAKEN, &upper) {
        format!("API_{upper}")
    } else {
        upper
    }
}

/// The name of a path parameter in the environment: `/products/{id}` has `PRODUCT_ID`.
pub(super) fn parameter(name: &str, before: Option<&str>) -> String {
    const VAGUE: &str = "id name key slug uuid code guid number ref";
    let vague = listed(VAGUE, &name.to_ascii_lowercase());
    match before.filter(|word| vague && word.bytes().any(|byte| byte.is_ascii_alphabetic())) {
        Some(word) => variable(&format!("{}_{name}", singular(word))),
        None => variable(name),
    }
}

fn singular(word: &str) -> String {
    if let Some(stem) = word.strip_suffix("ies") {
        format!("{stem}y")
    } else if word.ends_with("sses") || word.ends_with("xes") || word.ends_with("ches") {
        word[..word.len() - 2].to_owned()
    } else if word.ends_with('s') && !word.ends_with("ss") && word.len() > 2 {
        word[..word.len() - 1].to_owned()
    } else {
        word.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::{is_secret, is_secret_number, looks_secret, parameter, variable};

    #[test]
    fn secrets_are_known_by_their_names() {
        let secret = [
            "password",
            "user_password",
            "accessToken",
            "X-Api-Key",
            "apikey",
            "key",
            "client_secret",
            "sessionId",
            "PHPSESSID_session",
            "sid",
            "Authorization",
            "csrfmiddlewaretoken",
            "pin",
            "sig",
            "JSESSIONID",
            "__RequestVerificationToken",
            "api_keys",
        ];
        let open = [
            "keyword",
            "monkey",
            "author",
            "token_type",
            "expires_in",
            "page",
            "spin",
            "design",
            "secret_scanning",
            "passenger",
            "compass",
            "assign",
            "key_id",
            "id",
        ];
        for name in secret {
            assert!(is_secret(name), "{name}");
        }
        for name in open {
            assert!(!is_secret(name), "{name}");
        }
        assert!(is_secret_number("pin") && !is_secret_number("max_tokens"));
        assert!(looks_secret("eyJhbGciOi.eyJzdWIi.c2ln") && !looks_secret("sk-x"));
    }

    #[test]
    fn a_file_from_outside_cannot_ask_for_a_variable_of_the_system() {
        assert_eq!(variable("path"), "API_PATH");
        assert_eq!(variable("AWS_SECRET_ACCESS_KEY"), "API_AWS_SECRET_ACCESS_KEY");
        assert_eq!(variable("github-token"), "API_GITHUB_TOKEN");
        assert_eq!(variable("accessToken"), "ACCESS_TOKEN");
        assert_eq!(variable("日本"), "VALUE");
        assert_eq!(variable("2fa"), "API_2FA");
    }

    #[test]
    fn a_vague_parameter_is_named_after_its_collection() {
        assert_eq!(parameter("id", Some("products")), "PRODUCT_ID");
        assert_eq!(parameter("id", Some("categories")), "CATEGORY_ID");
        assert_eq!(parameter("id", Some("boxes")), "BOX_ID");
        assert_eq!(parameter("petId", Some("pets")), "PET_ID");
        assert_eq!(parameter("id", None), "API_ID");
    }
}
