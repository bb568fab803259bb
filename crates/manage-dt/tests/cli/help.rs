//! Help texts are golden files: a change of the command line shows in review.

use crate::kit::{Desk, golden};

#[test]
fn help_texts() {
    let desk = Desk::new();
    for verb in [
        "",
        "create",
        "query",
        "delete",
        "command",
        "send",
        "device-cert",
        "device-cert issue",
        "serve",
        "demo",
        "env",
        "model",
        "model check",
        "model diff",
        "adapter",
        "adapter try",
        "adapter lint",
        "adapter test",
        "user",
        "user add",
        "user list",
        "user remove",
    ] {
        let arguments: Vec<&str> = verb.split_whitespace().chain(["--help"]).collect();
        let (code, out, err) = desk.run(&arguments);
        assert_eq!((code, err.as_str()), (0, ""), "{verb}");
        let widest = out.lines().map(|line| line.chars().count()).max().unwrap();
        assert!(widest <= 80, "{verb} is {widest} wide:\n{out}");
        let name = if verb.is_empty() { "manage-dt" } else { verb };
        golden(&format!("help_{}.txt", name.replace(' ', "_")), &out);
    }
}

#[test]
fn help_does_not_show_values_of_the_environment() {
    let desk = Desk::new();
    let output = desk.command(&["--help"]).env("OCI_CLI_PROFILE", "my-profile").output().unwrap();
    assert!(!String::from_utf8(output.stdout).unwrap().contains("my-profile"));
}

#[test]
fn version_and_completions() {
    let desk = Desk::new();
    let (code, out, _) = desk.run(&["--version"]);
    assert_eq!((code, out), (0, format!("manage-dt {}\n", env!("CARGO_PKG_VERSION"))));
    for shell in ["bash", "zsh", "fish"] {
        let (code, out, _) = desk.run(&["completions", shell]);
        assert!(code == 0 && out.contains("last-minutes"), "{shell}");
    }
}
