//! The verdict on its way to those who merge: which host, which pull request, which comment.

mod desk;
mod place;
mod letter;
mod played;
mod checks;
mod outsiders;
mod gitlab;
mod azure;
mod bitbucket;
mod behind;
mod base;
mod ends;
mod labels;
mod fork;
mod buildkite;
