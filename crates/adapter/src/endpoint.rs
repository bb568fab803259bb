//! Segments of the endpoint a message came from (A3, `endpoint(n)`).

/// The n-th segment, counted from one; an empty segment before the first slash does not count.
pub(crate) fn segment(endpoint: &str, n: usize) -> Option<&str> {
    let endpoint = endpoint.strip_prefix('/').unwrap_or(endpoint);
    endpoint.split('/').nth(n.checked_sub(1)?)
}

#[cfg(test)]
mod tests {
    use super::segment;

    #[test]
    fn segments() {
        assert_eq!(segment("iot/v1/telemetry", 3), Some("telemetry"));
        assert_eq!(segment("/iot/pvhd", 1), Some("iot"));
        assert_eq!(segment("iot", 2), None);
        assert_eq!(segment("iot", 0), None);
        assert_eq!(segment("a//b", 2), Some(""));
    }
}
