//! The exit codes of the program, part of its public interface.

/// What a verb's end means to the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitCode {
    /// Everything asked for was done.
    Done,
    /// The platform refused or failed, or the thing does not exist.
    Refused,
    /// Wrong usage: arguments, configuration, an unknown twin, a file the configuration names.
    Usage,
    /// The platform cannot be reached: connection, name look-up, TLS.
    Unreachable,
    /// The platform does not accept the credentials.
    NotAuthorized,
    /// Asked for with `--detailed-exit-code`: there is something to do.
    Changes,
    /// Stopped by Ctrl-C.
    Interrupted,
    /// That of the command which `emulate` ran.
    Command(u8),
}

impl ExitCode {
    /// The number handed to the operating system.
    pub fn code(self) -> u8 {
        match self {
            ExitCode::Done => 0,
            ExitCode::Refused => 1,
            ExitCode::Usage => 2,
            ExitCode::Unreachable => 3,
            ExitCode::NotAuthorized => 4,
            ExitCode::Changes => 10,
            ExitCode::Interrupted => 130,
            ExitCode::Command(code) => code,
        }
    }
}

/// The table of `manage-dt --help`.
pub const HELP: &str = "\
Exit codes:
  0    done
  1    the platform refused or failed, or the thing does not exist
  2    wrong usage: arguments, configuration file, unknown twin, missing file
  3    the platform cannot be reached, TLS or name look-up failed
  4    the credentials were not accepted
  10   with --detailed-exit-code: something is to be done, or differs
  130  interrupted";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_names_every_code() {
        for code in [
            ExitCode::Done,
            ExitCode::Refused,
            ExitCode::Usage,
            ExitCode::Unreachable,
            ExitCode::NotAuthorized,
            ExitCode::Changes,
            ExitCode::Interrupted,
        ] {
            let start = format!("  {:<5}", code.code());
            assert!(HELP.lines().any(|line| line.starts_with(&start)), "{code:?}");
        }
    }
}
