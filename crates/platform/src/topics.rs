//! Topics and topic filters (MQTT 3.1.1, section 4.7).

/// What shared subscriptions begin with.
const SHARED: &str = "$share/";

/// Whether a filter is well formed. A shared one is, if the filter behind its group is.
pub fn is_filter(filter: &str) -> bool {
    let filter = match filter.strip_prefix(SHARED) {
        None => filter,
        Some(rest) => match rest.split_once('/') {
            Some((group, filter)) if !group.is_empty() && !group.contains(['+', '#']) => filter,
            _ => return false,
        },
    };
    let levels: Vec<&str> = filter.split('/').collect();
    !filter.is_empty()
        && !filter.contains(char::is_control)
        && levels.iter().enumerate().all(|(index, level)| match *level {
            "#" => index + 1 == levels.len(),
            "+" => true,
            level => !level.contains(['+', '#']),
        })
}

/// Whether something can be sent on this topic.
pub fn is_topic(topic: &str) -> bool {
    !topic.is_empty() && !topic.contains(['+', '#']) && !topic.contains(char::is_control)
}

/// Whether a command on `topic` reaches a subscription. One leading slash of either makes no
/// difference (devices.md 7).
pub fn matches(filter: &str, topic: &str) -> bool {
    let shared = filter.strip_prefix(SHARED).and_then(|rest| rest.split_once('/'));
    let filter = shared.map_or(filter, |(_, filter)| filter);
    let (filter, topic) = (without_slash(filter), without_slash(topic));
    let mut topic_levels = topic.split('/');
    for level in filter.split('/') {
        match (level, topic_levels.next()) {
            ("#", next) => return !next.is_some_and(|next| is_hidden(next, topic)),
            ("+", Some(next)) if !is_hidden(next, topic) => {}
            (level, Some(next)) if level == next => {}
            _ => return false,
        }
    }
    topic_levels.next().is_none()
}

/// The text without one leading slash.
pub fn without_slash(text: &str) -> &str {
    text.strip_prefix('/').unwrap_or(text)
}

/// A first level with `$` is matched by no wildcard.
fn is_hidden(level: &str, topic: &str) -> bool {
    topic.starts_with('$') && topic.starts_with(level)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_stand_alone() {
        for good in ["a", "a/b", "#", "a/#", "+", "a/+/b", "/", "iot/v1/cmd/+", "$share/g/a/#"] {
            assert!(is_filter(good), "{good}");
        }
        for bad in ["", "a#", "##", "++", "a/b+", "a\n", "#/a", "a+/b", "a/#/b", "a\0", "$share/g"]
        {
            assert!(!is_filter(bad), "{bad}");
        }
    }

    #[test]
    fn filters_match_level_by_level() {
        for (filter, topic) in [
            ("a/b", "a/b"),
            ("a/+", "a/b"),
            ("a/#", "a"),
            ("a/#", "a/b/c"),
            ("#", "a/b"),
            ("+/+", "a/b"),
            ("m5/+/cmd/+", "m5/m5-01/cmd/k1"),
            ("/endpoints/a", "endpoints/a"),
            ("endpoints/#", "/endpoints/a"),
            ("$share/g/a/+", "a/b"),
            ("$a/+", "$a/b"),
            ("a//b", "a//b"),
        ] {
            assert!(matches(filter, topic), "{filter} {topic}");
        }
        for (filter, topic) in [
            ("a", "a/b"),
            ("a/b", "a"),
            ("a/+", "a"),
            ("a/+", "a/b/c"),
            ("#", "$SYS/a"),
            ("+/a", "$SYS/a"),
            ("A", "a"),
            ("a/b", "a//b"),
        ] {
            assert!(!matches(filter, topic), "{filter} {topic}");
        }
    }
}
