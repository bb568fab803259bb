//! Times for people.

/// A time of the platform to the second, in UTC; a text that is no time stays as it is.
///
/// ```
/// use manage_dt::print::time::short;
/// assert_eq!(short("2026-09-02T18:02:00.123456+00:00"), "2026-09-02 18:02:00");
/// ```
pub fn short(text: &str) -> String {
    match text.parse::<jiff::Timestamp>() {
        Ok(time) => time.strftime("%Y-%m-%d %H:%M:%S").to_string(),
        Err(_) => text.to_owned(),
    }
}
