//! Health and metrics, on any host name (interface.md 2).

use http::Method;
use http::request::Parts;
use platform::Platform;

use crate::answer::{Answer, text};

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const PROMETHEUS_TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The answer, if the request is for one of these paths.
pub(crate) fn answer(platform: &Platform, parts: &Parts) -> Option<Answer> {
    if !matches!(parts.method, Method::GET | Method::HEAD) {
        return None;
    }
    match parts.uri.path() {
        "/health/live" => Some(text(200, "text/plain", "live\n")),
        "/health/ready" if platform.is_ready() => Some(text(200, "text/plain", "ready\n")),
        "/health/ready" => Some(text(503, "text/plain", "not ready\n")),
        "/metrics" => Some(metrics(platform, parts)),
        _ => None,
    }
}

/// OpenMetrics for those who ask for it, else the older Prometheus text.
fn metrics(platform: &Platform, parts: &Parts) -> Answer {
    let accept = parts.headers.get(http::header::ACCEPT).and_then(|accept| accept.to_str().ok());
    let open = platform.metrics().text();
    if accept.is_some_and(|accept| accept.contains("application/openmetrics-text")) {
        return text(200, OPEN_METRICS, open);
    }
    text(200, PROMETHEUS_TEXT, prometheus_text(&open))
}

/// The same samples as Prometheus' own text: there a counter is described under the name of its
/// sample, and the text has no end mark.
fn prometheus_text(open: &str) -> String {
    let counters: Vec<&str> = open
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.strip_suffix(" counter"))
        .collect();
    let mut text = String::with_capacity(open.len() + 64);
    for line in open.lines().filter(|line| *line != "# EOF") {
        let described = line
            .strip_prefix("# ")
            .and_then(|line| line.split_once(' '))
            .and_then(|(word, rest)| rest.split_once(' ').map(|(name, tail)| (word, name, tail)))
            .filter(|(_, name, _)| counters.contains(name));
        match described {
            Some((word, name, tail)) => text.push_str(&format!("# {word} {name}_total {tail}")),
            None => text.push_str(line),
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_described_under_the_name_of_their_sample() {
        let open = "# HELP a_b Things.\n# TYPE a_b counter\na_b_total 1\n# HELP c More.\n# TYPE c gauge\nc 2\n# EOF\n";
        let expected = "# HELP a_b_total Things.\n# TYPE a_b_total counter\na_b_total 1\n# HELP c More.\n# TYPE c gauge\nc 2\n";
        assert_eq!(prometheus_text(open), expected);
    }
}
