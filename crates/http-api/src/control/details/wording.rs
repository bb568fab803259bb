//! What is wrong with a value, in the API's words instead of the parser's.

/// Characters of a value that a message repeats.
const VALUE_SHOWN_CHARS_MAX: usize = 100;

/// The parser's words about a value in the API's.
pub(super) fn in_words(error: &str) -> String {
    if let Some(rest) = error.strip_prefix("unknown variant `") {
        let (value, words) = rest.split_once("`, expected ").unwrap_or((rest, ""));
        let words = words.trim_start_matches("one of ").replace('`', "").replace(" or ", ", ");
        return format!("'{}' is none of {words}", cut(value));
    }
    let stated = ["invalid type: ", "invalid value: ", "invalid length "]
        .iter()
        .find_map(|prefix| error.strip_prefix(prefix));
    let is_beyond = error.starts_with("invalid value: ");
    let Some((is, wanted)) = stated.and_then(|rest| rest.rsplit_once(", expected ")) else {
        return error.to_owned();
    };
    let wanted = match wanted {
        "u32" if is_beyond => "a whole number from 0 to 4294967295",
        wanted => kind_wanted(wanted),
    };
    format!("must be {wanted}, not {}", value_there(is))
}

fn kind_wanted(wanted: &str) -> &str {
    match wanted {
        "u8" | "u16" | "u32" | "u64" | "usize" | "i8" | "i16" | "i32" | "i64" | "isize" => {
            "a whole number"
        }
        "f32" | "f64" => "a number",
        "a sequence" => "a list",
        "a map" => "an object",
        "variant identifier" => "a string",
        other if other.starts_with("struct ") => "an object",
        other => other,
    }
}

fn value_there(is: &str) -> String {
    match is.split_once(' ') {
        Some(("integer" | "floating", value)) => {
            format!("the number {}", value.trim_start_matches("point ").replace('`', ""))
        }
        Some(("boolean", value)) => value.replace('`', ""),
        Some(("string", value)) => format!("the string {}", cut(value)),
        _ => match is {
            "sequence" => "a list".to_owned(),
            "map" => "an object".to_owned(),
            "null" => "null".to_owned(),
            // The number of items of a list that was read as an object's members.
            other if other.parse::<usize>().is_ok() => "a list".to_owned(),
            other => cut(other),
        },
    }
}

fn cut(text: &str) -> String {
    let cut: String = text.chars().take(VALUE_SHOWN_CHARS_MAX).collect();
    if cut.len() < text.len() { format!("{cut}…") } else { cut }
}

#[cfg(test)]
mod tests {
    use super::in_words;

    #[test]
    fn the_parsers_words_become_the_apis() {
        for (error, words) in [
            (
                "invalid type: string \"a\", expected u32",
                "must be a whole number, not the string \"a\"",
            ),
            (
                "invalid type: floating point `1.5`, expected u32",
                "must be a whole number, not the number 1.5",
            ),
            (
                "invalid value: integer `-5`, expected u32",
                "must be a whole number from 0 to 4294967295, not the number -5",
            ),
            (
                "invalid type: string \", expected x\", expected a sequence",
                "must be a list, not the string \", expected x\"",
            ),
            ("invalid type: boolean `true`, expected a string", "must be a string, not true"),
            ("invalid type: null, expected a map", "must be an object, not null"),
            (
                "invalid length 0, expected struct LogConfigDetails with 2 elements",
                "must be an object, not a list",
            ),
            ("unknown variant `FOO`, expected one of `A`, `B`, `C`", "'FOO' is none of A, B, C"),
            ("unknown variant `x`, expected `A` or `B`", "'x' is none of A, B"),
            ("something else", "something else"),
        ] {
            assert_eq!(in_words(error), words);
        }
        let long = format!("invalid type: string \"{}\", expected a map", "x".repeat(9000));
        assert!(in_words(&long).len() < 200);
    }
}
