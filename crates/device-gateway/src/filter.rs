//! Syntax of topic filters (MQTT 3.1.1, section 4.7).

/// Whether a filter is well formed.
pub(crate) fn is_valid(filter: &str) -> bool {
    let levels: Vec<&str> = filter.split('/').collect();
    !filter.is_empty()
        && !filter.contains(char::is_control)
        && levels.iter().enumerate().all(|(index, level)| match *level {
            "#" => index + 1 == levels.len(),
            "+" => true,
            level => !level.contains(['+', '#']),
        })
}

#[cfg(test)]
mod tests {
    use super::is_valid;

    #[test]
    fn wildcards_stand_alone() {
        for good in ["a", "a/b", "#", "a/#", "+", "a/+/b", "/", "iot/v1/cmd/+"] {
            assert!(is_valid(good), "{good}");
        }
        for bad in ["", "a#", "##", "++", "a/b+", "a\n", "#/a", "a+/b", "a/#/b", "a\0"] {
            assert!(!is_valid(bad), "{bad}");
        }
    }
}
