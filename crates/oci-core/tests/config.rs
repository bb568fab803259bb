//! The configuration file (control-plane.md 2.8), one line per fact.
#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

use oci_core::config::{ConfigError, Profile, profile_from_ini};

const TEXT: &str = "\u{feff}# a comment
[DEFAULT]
user = ocid1.user.oc1..aaaa
fingerprint=20:3b:97:13:55:1c:5b:0d:d3:37:d8:50:4e:c5:3a:34
key_file: ~/.oci/key.pem
tenancy = ocid1.tenancy.oc1..bbbb
; another
Region = eu-frankfurt-1
pass_phrase = a=b # not a comment

[SESSION]
security_token_file = /tmp/token
region =
";

fn profile(name: &str) -> Profile {
    profile_from_ini(TEXT, name).unwrap()
}

#[test]
fn values_and_inheritance() {
    let default = profile("DEFAULT");
    assert_eq!(default.key_file.as_deref(), Some("~/.oci/key.pem"));
    assert_eq!(default.region.as_deref(), Some("eu-frankfurt-1"));
    assert_eq!(default.pass_phrase.as_deref(), Some("a=b # not a comment"));
    assert_eq!(default.security_token_file, None);
    let session = profile("SESSION");
    assert_eq!(session.user, default.user);
    assert_eq!(session.security_token_file.as_deref(), Some("/tmp/token"));
    assert_eq!(session.region, None, "an empty value hides the inherited one");
}

#[test]
fn errors_say_where_and_what() {
    let is = |text: &str, expected: &str| {
        assert_eq!(profile_from_ini(text, "DEFAULT").unwrap_err().to_string(), expected);
    };
    is("[DEFAULT]\nuser\n", "line 2 is neither `[profile]` nor `key = value`");
    is("[DEFAULT]\n= x\n", "line 2 is neither `[profile]` nor `key = value`");
    is("user=x\n", "line 1 stands before the first section; put `[DEFAULT]` in front of it");
    is("[DEFAULT]\nuser=x\nUSER=y\n", "line 3 gives `user` a second time");
    is("[DEFAULT]\n[A]\n[A]\n", "line 3 begins the profile `A` a second time");
    is("[A]\n[B]\n", "there is no profile `DEFAULT`; the file has A, B");
    is("", "there is no profile `DEFAULT`; the file has no profiles");
    is(
        "[DEFAULT]\nkey_content=x\n",
        "line 2: a private key must not stand in this file; name its file in `key_file`",
    );
}

#[test]
fn an_indented_line_continues_the_value() {
    let text = "[DEFAULT]\n  user=a\n  tenancy=b\n     c\nregion=d\n";
    let profile = profile_from_ini(text, "DEFAULT").unwrap();
    assert_eq!(profile.user.as_deref(), Some("a"));
    assert_eq!(profile.tenancy.as_deref(), Some("b\nc"));
    assert_eq!(profile.region.as_deref(), Some("d"));
}

#[test]
fn the_environment_goes_first() {
    let variable = |name: &str| match name {
        "OCI_CLI_USER" => Some("ocid1.user.oc1..env".to_owned()),
        "OCI_CLI_TENANCY" => Some(String::new()),
        "OCI_REGION" => Some("us-phoenix-1".to_owned()),
        _ => None,
    };
    let default = profile("DEFAULT").with_environment(variable);
    assert_eq!(default.user.as_deref(), Some("ocid1.user.oc1..env"));
    assert_eq!(default.tenancy.as_deref(), Some("ocid1.tenancy.oc1..bbbb"));
    assert_eq!(default.region.as_deref(), Some("eu-frankfurt-1"));
    let session = profile("SESSION").with_environment(variable);
    assert_eq!(session.region.as_deref(), Some("us-phoenix-1"), "a fallback only");
}

#[test]
fn key_ids() {
    assert_eq!(
        profile("DEFAULT").api_key_id().as_deref(),
        Ok("ocid1.tenancy.oc1..bbbb/ocid1.user.oc1..aaaa/\
            20:3b:97:13:55:1c:5b:0d:d3:37:d8:50:4e:c5:3a:34")
    );
    let with = |change: fn(&mut Profile)| {
        let mut profile = profile("DEFAULT");
        change(&mut profile);
        profile.api_key_id().unwrap_err()
    };
    let no_user = with(|profile| profile.user = None);
    assert_eq!(no_user.to_string(), "the profile `DEFAULT` has no `user`");
    let bad_user = with(|profile| profile.user = Some("someone\"x".to_owned()));
    assert_eq!(bad_user.to_string(), "`user` of the profile `DEFAULT` is not an OCID");
    let bad = with(|profile| profile.fingerprint = Some("20:3B".to_owned()));
    assert!(matches!(bad, ConfigError::Form { key: "fingerprint", .. }));
}

#[test]
fn no_secret_is_shown() {
    let shown = format!("{:?}", profile("DEFAULT"));
    assert!(shown.contains("key.pem") && !shown.contains("a=b"), "{shown}");
}
