//! The two text operators, shared with backends whose SQL has other rules for them.

/// Whether `needle` occurs in `text`, whatever the case of either; accents count
/// (`$instr`, data-api.md 3.2).
///
/// ```
/// assert!(ords_filter::contains_ignoring_case("plant/a/Env", "ENV"));
/// assert!(!ords_filter::contains_ignoring_case("cafe", "café"));
/// ```
pub fn contains_ignoring_case(text: &str, needle: &str) -> bool {
    text.to_lowercase().contains(&needle.to_lowercase())
}

/// Whether the whole of `text` fits `pattern`: `%` is any run of characters, `_` exactly one, all
/// others stand for themselves, case included (`$like`, data-api.md 3.2).
///
/// ```
/// assert!(ords_filter::like("plant/a", "plant/%"));
/// assert!(!ords_filter::like("Plant/a", "plant/_"));
/// ```
pub fn like(text: &str, pattern: &str) -> bool {
    let mut rest = text.chars();
    let mut wanted = pattern.chars();
    // Where to go on from when a try fails: behind the last `%`, with one more character given
    // to it. Earlier `%` never need another try, so the work is at most text times pattern.
    let mut retry: Option<(std::str::Chars<'_>, std::str::Chars<'_>)> = None;
    loop {
        let before = (rest.clone(), wanted.clone());
        match (wanted.next(), rest.next()) {
            (None, None) => return true,
            (Some('%'), _) => {
                rest = before.0.clone();
                retry = Some((before.0, wanted.clone()));
            }
            (Some('_'), Some(_)) => {}
            (Some(w), Some(c)) if w == c => {}
            _ => {
                let Some((from, after)) = &mut retry else {
                    return false;
                };
                if from.next().is_none() {
                    return false;
                }
                rest = from.clone();
                wanted = after.clone();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn like_takes_runs_and_single_characters() {
        for (text, pattern, expected) in [
            ("", "", true),
            ("", "%", true),
            ("", "_", false),
            ("a", "", false),
            ("plant/a", "plant/%", true),
            ("plant/", "plant/%", true),
            ("a plant/", "plant/%", false),
            ("aXbXc", "a%b%c", true),
            ("abcbc", "a%bc", true),
            ("abcbcd", "a%bc", false),
            ("mississippi", "%iss%ip%i", true),
            ("héllo", "h_llo", true),
            ("10%", "10%", true),
            (r"a\b", r"a\_", true),
            ("Plant", "plant", false),
            ("ab", "%%%_", true),
        ] {
            assert_eq!(like(text, pattern), expected, "{text} like {pattern}");
        }
    }

    #[test]
    fn a_pattern_of_many_runs_stays_cheap() {
        assert!(!like(&"a".repeat(20_000), &("%a".repeat(200) + "b")));
    }
}
