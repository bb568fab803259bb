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
        "replay",
        "command",
        "send",
        "device-cert",
        "device-cert issue",
        "device-cert revoke",
        "serve",
        "emulate",
        "emulate clock",
        "demo",
        "simulate",
        "bulk",
        "init",
        "env",
        "list",
        "plan",
        "apply",
        "drift",
        "export",
        "doctor",
        "config show",
        "show",
        "watch",
        "content",
        "diff",
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
        assert!(verb.is_empty() || out.contains("\nExample"), "{verb} has no example");
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
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let (code, out, _) = desk.run(&["completions", shell]);
        assert!(code == 0 && out.contains("last-minutes"), "{shell}");
    }
}

/// Lets a shell read its script, and bash complete with it. A shell that is not here is left out,
/// except for bash.
#[test]
fn completions_work_in_their_shells() {
    let desk = Desk::new();
    let ran = |shell: &str, arguments: &[&str]| {
        let command = std::process::Command::new(shell).args(arguments).output();
        command.ok().map(|output| {
            assert!(output.status.success(), "{shell}: {output:?}");
            String::from_utf8(output.stdout).unwrap()
        })
    };
    for (shell, check) in [("bash", "-n"), ("zsh", "-n"), ("fish", "--no-execute")] {
        let (_, script, _) = desk.run(&["completions", shell]);
        desk.write("script", &script);
        let file = desk.path("script").display().to_string();
        let is_there = ran(shell, &[check, &file]).is_some();
        assert!(is_there || shell != "bash", "no bash");
    }
    let (_, script, _) = desk.run(&["completions", "bash"]);
    desk.write("script", &script);
    let complete = format!(
        "source '{}'; COMP_WORDS=(manage-dt quer); COMP_CWORD=1; \
         _manage__dt manage-dt quer manage-dt; printf '%s ' \"${{COMPREPLY[@]}}\"",
        desk.path("script").display()
    );
    assert_eq!(ran("bash", &["--norc", "-c", &complete]).unwrap(), "query ");
}

#[test]
fn a_manual_page_per_verb() {
    let desk = Desk::new();
    let dir = desk.path("man").display().to_string();
    let (code, out, err) = desk.run(&["man", &dir]);
    assert_eq!((code, out.as_str(), err.as_str()), (0, "", ""));
    for page in ["manage-dt.1", "manage-dt-show.1", "manage-dt-apply.1", "manage-dt-config-show.1"]
    {
        let text = desk.read(&format!("man/{page}"));
        assert!(text.contains(".SH SYNOPSIS"), "{page}:\n{text}");
    }
    assert!(!desk.run(&["--help"]).1.contains("  man "), "it is hidden");
}

#[test]
fn exit_codes_are_documented() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/exit-codes.md");
    let page = std::fs::read_to_string(path).unwrap();
    for line in manage_dt::exit_code::HELP.lines().skip(1) {
        let (code, meaning) = line.trim().split_once(' ').unwrap();
        let row = format!("| {code} | {} |", meaning.trim());
        assert!(page.contains(&row), "docs/exit-codes.md lacks `{row}`");
    }
}
