//! What can go wrong, by what the caller can do about it.

use std::error::Error;

/// Why a call has no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// Something given to us is unusable: an address, a certificate file, an id. Nothing was sent.
    #[error("{message}")]
    Setup {
        /// What is wrong and what to do.
        message: String,
    },
    /// No answer: no connection, no such host, TLS refused, time out, connection lost.
    #[error("cannot reach {host}: {cause}; {advice}")]
    Unreachable {
        /// Host and port.
        host: String,
        /// The chain of causes in one line.
        cause: String,
        /// What to try.
        advice: &'static str,
    },
    /// The platform refused or failed.
    #[error("{status} {code}: {message}")]
    Service {
        /// HTTP status.
        status: u16,
        /// Code of the error body; the status' own text when there is none.
        code: String,
        /// Message of the error body.
        message: String,
        /// Name of the request in the server's log.
        opc_request_id: Option<String>,
        /// The error body as it came.
        body: String,
    },
    /// The service failed so often that it is left alone for a while. Nothing was sent.
    #[error(
        "{host} is not asked for the next {left_s} s: it failed {failures} times in a row, the last \
         time with {last}"
    )]
    Resting {
        /// Host and port.
        host: String,
        /// Failures in a row.
        failures: u32,
        /// Seconds until it is asked again.
        left_s: u64,
        /// What the last failure said.
        last: String,
    },
    /// The answer is not what the contract says.
    #[error("unexpected answer of {host}: {message}")]
    Protocol {
        /// Host and port.
        host: String,
        /// What is wrong with it.
        message: String,
    },
}

impl ClientError {
    /// The HTTP status, when there was an answer that says so.
    pub fn status(&self) -> Option<u16> {
        match self {
            ClientError::Service { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// The same error, with what was being done in front of its message.
    pub(crate) fn about(mut self, what: &str) -> ClientError {
        match &mut self {
            ClientError::Setup { message }
            | ClientError::Service { message, .. }
            | ClientError::Protocol { message, .. } => *message = format!("{what}: {message}"),
            // Says whom it is about already.
            ClientError::Unreachable { .. } | ClientError::Resting { .. } => {}
        }
        self
    }

    /// An error about something that was given to us.
    pub fn setup(message: impl Into<String>) -> ClientError {
        ClientError::Setup { message: message.into() }
    }

    /// Explains why a request had no answer. The address itself is left out of the causes: it
    /// stands in front of them, and its query may be long.
    pub(crate) fn unreachable(host: &str, error: reqwest::Error) -> ClientError {
        if error.is_builder() {
            return ClientError::setup(format!("cannot ask {host}: {}", causes(&error)));
        }
        let is_timeout = error.is_timeout();
        let is_name = error.is_dns();
        let cause = causes(&error.without_url());
        let advice = match () {
            () if is_name => ADVICE_NAME,
            () if is_timeout => ADVICE_TIMEOUT,
            () => advice(&cause),
        };
        ClientError::Unreachable { host: host.to_owned(), cause, advice }
    }
}

/// The causes from the outermost to the innermost. Libraries often repeat a source in their own
/// text; what has been said is not said again.
pub(crate) fn causes(error: &dyn Error) -> String {
    let mut texts: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let text = error.to_string();
        if !texts.iter().any(|said| said.contains(&text)) {
            texts.retain(|said| !text.contains(said.as_str()));
            texts.push(text);
        }
        next = error.source();
    }
    texts.join(": ").replace('\n', " ")
}

const ADVICE_NAME: &str =
    "check the region or the endpoint, and for a local platform OCI_REGION_METADATA";
const ADVICE_TIMEOUT: &str = "check the network, a firewall, or HTTPS_PROXY and NO_PROXY";

/// What to try, by words of the libraries' texts.
fn advice(cause: &str) -> &'static str {
    let says = |words: &[&str]| words.iter().any(|word| cause.contains(word));
    // BadSignature: an authority of the same name with another key, as a platform that was set up
    // anew has it.
    if says(&["UnknownIssuer", "BadSignature"]) {
        "its certificate comes from an unknown authority: give the authority's certificate with \
         --cert-bundle or OCI_CLI_CERT_BUNDLE"
    } else if says(&["NotValidForName", "not valid for name"]) {
        "its certificate is for another host name: check the region or the endpoint"
    } else if says(&["Expired", "expired", "NotValidYet", "not valid yet"]) {
        "check the dates of its certificate and the clocks of both machines"
    } else if says(&["InvalidContentType", "corrupt message", "InvalidMessage"]) {
        "it does not speak TLS there: check the port, or use http:// in the endpoint"
    } else if says(&["refused"]) {
        "check that the platform runs (`manage-dt serve`) and that host and port are right"
    } else {
        "check that the platform runs and that host and port are right"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{text}")]
    struct Layer {
        text: &'static str,
        source: Option<Box<Layer>>,
    }

    fn layers(texts: &[&'static str]) -> Layer {
        let (text, inner) = texts.split_first().expect("one at least");
        let source = (!inner.is_empty()).then(|| Box::new(layers(inner)));
        Layer { text, source }
    }

    #[test]
    fn causes_are_one_line_and_say_nothing_twice() {
        let is = |texts: &[&'static str], expected: &str| {
            assert_eq!(causes(&layers(texts)), expected);
        };
        is(&["a", "b", "c"], "a: b: c");
        is(&["a", "a: b", "b"], "a: b");
        is(&["send", "io", "io"], "send: io");
        is(&["a\nb"], "a b");
    }
}
