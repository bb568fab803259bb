//! Numbers as text. What neither an integer nor a double holds exactly keeps its digits, in the
//! notation of decimal arithmetic, until a program calculates with it.

use std::cmp::Ordering;

use super::print::write_float;
use super::value::Val;

/// Characters of a number that is kept as written; every look at one takes time for all of them.
const DIGITS_MAX: usize = 256;

/// Reads a number of a program or a document: JSON's grammar, and `.5`, `5.`, `+5` besides.
pub(crate) fn read(text: &str) -> Option<Val> {
    let plain = |b: u8| b.is_ascii_digit() || matches!(b, b'-' | b'+' | b'.' | b'e' | b'E');
    if text.is_empty() || !text.bytes().all(plain) {
        return None;
    }
    if let Ok(int) = text.parse() {
        // JSON's minus zero is a double.
        return Some(if int == 0 && text.starts_with('-') {
            Val::Float(-0.0)
        } else {
            Val::Int(int)
        });
    }
    let double: f64 = text.parse().ok()?;
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    if digits <= 15 && !text.ends_with('0') && !text.contains(['e', 'E']) {
        return Some(Val::Float(double));
    }
    if text.len() > DIGITS_MAX {
        return Some(Val::Float(double)).filter(|_| double.is_finite());
    }
    let canonical = canonical(text)?;
    let mut shortest = String::new();
    write_float(double, &mut shortest);
    let same = double.is_finite() && self::canonical(&shortest) == Some(canonical.clone());
    Some(if same { Val::Float(double) } else { Val::Decimal(canonical.into()) })
}

/// Digits and exponent, written plainly unless that takes zeros that are not there.
fn canonical(text: &str) -> Option<String> {
    let (sign, text) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let (mantissa, power) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent = power.parse::<i64>().ok()?.checked_sub(i64::try_from(fraction.len()).ok()?)?;
    let digits = format!("{whole}{fraction}");
    let digits = match digits.trim_start_matches('0') {
        "" => "0",
        digits => digits,
    };
    let count = i64::try_from(digits.len()).ok()?;
    let adjusted = exponent.checked_add(count - 1)?;
    if exponent <= 0 && adjusted >= -6 {
        let point = usize::try_from(count + exponent).unwrap_or_default();
        let zeros = usize::try_from(-(count + exponent)).unwrap_or_default();
        return Some(match exponent {
            0 => format!("{sign}{digits}"),
            _ if point == 0 => format!("{sign}0.{}{digits}", "0".repeat(zeros)),
            _ => format!("{sign}{}.{}", &digits[..point], &digits[point..]),
        });
    }
    let (first, rest) = digits.split_at(1);
    let dot = if rest.is_empty() { "" } else { "." };
    Some(format!("{sign}{first}{dot}{rest}E{adjusted:+}"))
}

/// Sign, digits without leading and trailing zeros, and the power of ten of the first of them.
fn parts(text: &str) -> (bool, String, i64) {
    let (negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (mantissa, power) = rest.split_once('E').unwrap_or((rest, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let leading = digits.len() - digits.trim_start_matches('0').len();
    let exponent = power.parse().unwrap_or(0i64) + whole.len() as i64 - 1 - leading as i64;
    let digits = digits.trim_matches('0').to_owned();
    if digits.is_empty() { (false, digits, i64::MIN) } else { (negative, digits, exponent) }
}

/// Compares two numbers by their digits, not by the doubles nearest to them.
pub(crate) fn compare(a: &str, b: &str) -> Ordering {
    let ((minus_a, digits_a, power_a), (minus_b, digits_b, power_b)) = (parts(a), parts(b));
    let magnitude = power_a.cmp(&power_b).then_with(|| digits_a.cmp(&digits_b));
    match (minus_a, minus_b) {
        (false, false) => magnitude,
        (true, true) => magnitude.reverse(),
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept() {
        let kept = |text: &str| match read(text) {
            Some(Val::Decimal(text)) => text.to_string(),
            Some(other) => format!("{other:?}"),
            None => "None".to_owned(),
        };
        assert_eq!(kept("12345678901234567890123"), "12345678901234567890123");
        assert_eq!(kept("-0.12345678901234567890123"), "-0.12345678901234567890123");
        assert_eq!(kept("9999999999E999999990"), "9.999999999E+999999999");
        assert_eq!(kept("0.000000001E-999999990"), "1E-999999999");
        assert_eq!(kept("1.50"), "1.50");
        assert_eq!(kept("1e3"), "1E+3");
        assert_eq!(kept("1.5"), "Float(1.5)");
        assert_eq!(kept("9007199254740993"), "Int(9007199254740993)");
        assert_eq!(kept("1.7976931348623157e+308"), "Float(1.7976931348623157e308)");
        assert_eq!(kept("1e1000000000000000000000"), "None");
        assert_eq!(kept("1.2.3"), "None");
    }

    #[test]
    fn order() {
        let rising = ["-1E+2", "-99.5", "-0.1", "0", "0.09", "0.1", "1.5", "12", "1E+30"];
        for (i, a) in rising.iter().enumerate() {
            for (j, b) in rising.iter().enumerate() {
                assert_eq!(compare(a, b), i.cmp(&j), "{a} {b}");
            }
        }
        assert_eq!(compare("1.50", "1.5"), Ordering::Equal);
        assert_eq!(compare("-0", "0.0"), Ordering::Equal);
    }
}
