//! The exit codes of the program, part of its public interface.

/// What a verb's end means to the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum ExitCode {
    /// Everything asked for was done.
    Done = 0,
    /// The platform refused or failed, or the thing does not exist.
    Refused = 1,
    /// Wrong usage: arguments, configuration, an unknown twin, a file the configuration names.
    Usage = 2,
    /// The platform cannot be reached: connection, name look-up, TLS.
    Unreachable = 3,
    /// The platform does not accept the credentials.
    NotAuthorized = 4,
    /// Asked for with `--detailed-exit-code`: there is something to do.
    Changes = 10,
    /// Stopped by Ctrl-C.
    Interrupted = 130,
}

impl ExitCode {
    /// The number handed to the operating system.
    pub fn code(self) -> u8 {
        self as u8
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
