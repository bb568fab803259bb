//! What the user hears, and which code the process ends with, when a call has no result.

use iot_client::ClientError;

use crate::exit_code::ExitCode;
use crate::failure::Failure;

/// Turns a failed call into a failure of the verb. `cannot` is the first log line, such as
/// `Cannot create Digital Twin Model`; a refusal is logged in the original tool's three lines.
pub fn failed(cannot: &str, error: &ClientError) -> Failure {
    match error {
        ClientError::Service { status, code, message, opc_request_id, .. } => {
            tracing::error!("{cannot}");
            tracing::error!("  Status : {status} - {code}");
            tracing::error!("  Message: {message}");
            if let Some(id) = opc_request_id {
                tracing::debug!("  opc-request-id: {id}");
            }
            match *status {
                401 => refused(401).hint(
                    "check user, tenancy, fingerprint and key of the OCI profile (-d shows which \
                     one is used), and the clock of this machine",
                ),
                status => refused(status),
            }
        }
        other => without_answer(cannot, other),
    }
}

/// As [`failed`], for the data API and the token endpoint: the lines carry status and body.
pub fn failed_with_body(cannot: &str, error: &ClientError) -> Failure {
    match error {
        ClientError::Service { status, message, body, .. } => {
            tracing::error!("{cannot}");
            tracing::error!("  Status : {status}");
            tracing::error!("  Message: {}", if body.is_empty() { message } else { body });
            refused(*status)
        }
        other => without_answer(cannot, other),
    }
}

fn refused(status: u16) -> Failure {
    match status {
        401 | 403 => Failure::reported(ExitCode::NotAuthorized),
        _ => Failure::reported(ExitCode::Refused),
    }
}

fn without_answer(cannot: &str, error: &ClientError) -> Failure {
    let exit = match error {
        ClientError::Setup { .. } => ExitCode::Usage,
        ClientError::Unreachable { .. } => ExitCode::Unreachable,
        ClientError::Service { .. }
        | ClientError::Protocol { .. }
        | ClientError::Resting { .. } => ExitCode::Refused,
    };
    Failure::new(exit, format!("{cannot}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes() {
        let service = |status| ClientError::Service {
            status,
            code: "C".to_owned(),
            message: "m".to_owned(),
            opc_request_id: None,
            body: String::new(),
        };
        for (status, exit) in [
            (400, ExitCode::Refused),
            (401, ExitCode::NotAuthorized),
            (403, ExitCode::NotAuthorized),
            (404, ExitCode::Refused),
            (409, ExitCode::Refused),
            (500, ExitCode::Refused),
        ] {
            let failure = failed("Cannot x", &service(status));
            assert_eq!((failure.exit, failure.message), (exit, None), "{status}");
        }
        let cause = "refused".to_owned();
        let lost = ClientError::Unreachable { host: "h:1".to_owned(), cause, advice: "start it" };
        let failure = failed("Cannot get R", &lost);
        assert_eq!(failure.exit, ExitCode::Unreachable);
        assert_eq!(failure.message.unwrap(), "Cannot get R: cannot reach h:1: refused; start it");
    }
}
