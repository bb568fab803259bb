//! Functions on numbers.

use super::Entry;
use crate::jq::eval::Machine;
use crate::jq::meter::{Run, error};
use crate::jq::value::Val;

pub(super) const TABLE: &[Entry] = &[
    ("floor", 0, |_, val, _| whole(val, f64::floor)),
    ("ceil", 0, |_, val, _| whole(val, f64::ceil)),
    ("round", 0, |_, val, _| whole(val, f64::round)),
    ("trunc", 0, |_, val, _| whole(val, f64::trunc)),
    ("rint", 0, |_, val, _| whole(val, f64::round_ties_even)),
    ("nearbyint", 0, |_, val, _| whole(val, f64::round_ties_even)),
    ("pow10", 0, |_, val, _| real(val, |n| 10f64.powf(n))),
    ("significand", 0, |_, val, _| real(val, |n| split(n).0 * 2.0)),
    ("logb", 0, |_, val, _| {
        real(val, |n| match n {
            0.0 => f64::NEG_INFINITY,
            n if n.is_finite() => f64::from(split(n).1 - 1),
            n => n.abs(),
        })
    }),
    ("frexp", 0, |_, val, _| {
        let (mantissa, power) = split(number(val)?);
        Val::array(vec![Val::Float(mantissa), Val::Int(power.into())])
    }),
    ("modf", 0, |_, val, _| {
        let n = number(val)?;
        let fraction = if n.is_infinite() { 0.0 } else { n.fract() };
        Val::array(vec![Val::Float(fraction.copysign(n)), Val::Float(n.trunc())])
    }),
    ("copysign", 2, |_, _, args| both(args, f64::copysign)),
    ("hypot", 2, |_, _, args| both(args, f64::hypot)),
    ("fdim", 2, |_, _, args| both(args, |a, b| if a > b { a - b } else { 0.0 })),
    ("drem", 2, |_, _, args| both(args, remainder)),
    ("remainder", 2, |_, _, args| both(args, remainder)),
    ("nextafter", 2, |_, _, args| both(args, next_after)),
    ("nexttoward", 2, |_, _, args| both(args, next_after)),
    ("scalbln", 2, |_, _, args| both(args, |a, b| a * 2f64.powf(b))),
    ("fma", 3, |_, _, args| {
        let (a, b, c) = (number(&args[0])?, number(&args[1])?, number(&args[2])?);
        Ok(Val::Float(a.mul_add(b, c)))
    }),
    ("abs", 0, absolute),
    ("fabs", 0, |_, val, _| real(val, f64::abs)),
    ("sqrt", 0, |_, val, _| real(val, f64::sqrt)),
    ("cbrt", 0, |_, val, _| real(val, f64::cbrt)),
    ("exp", 0, |_, val, _| real(val, f64::exp)),
    ("exp2", 0, |_, val, _| real(val, f64::exp2)),
    ("exp10", 0, |_, val, _| real(val, |n| 10f64.powf(n))),
    ("expm1", 0, |_, val, _| real(val, f64::exp_m1)),
    ("log", 0, |_, val, _| real(val, f64::ln)),
    ("log2", 0, |_, val, _| real(val, f64::log2)),
    ("log10", 0, |_, val, _| real(val, f64::log10)),
    ("log1p", 0, |_, val, _| real(val, f64::ln_1p)),
    ("sin", 0, |_, val, _| real(val, f64::sin)),
    ("cos", 0, |_, val, _| real(val, f64::cos)),
    ("tan", 0, |_, val, _| real(val, f64::tan)),
    ("asin", 0, |_, val, _| real(val, f64::asin)),
    ("acos", 0, |_, val, _| real(val, f64::acos)),
    ("atan", 0, |_, val, _| real(val, f64::atan)),
    ("sinh", 0, |_, val, _| real(val, f64::sinh)),
    ("cosh", 0, |_, val, _| real(val, f64::cosh)),
    ("tanh", 0, |_, val, _| real(val, f64::tanh)),
    ("asinh", 0, |_, val, _| real(val, f64::asinh)),
    ("acosh", 0, |_, val, _| real(val, f64::acosh)),
    ("atanh", 0, |_, val, _| real(val, f64::atanh)),
    ("pow", 2, |_, _, args| both(args, f64::powf)),
    ("atan2", 2, |_, _, args| both(args, f64::atan2)),
    ("fmod", 2, |_, _, args| both(args, |a, b| a % b)),
    ("fmin", 2, |_, _, args| both(args, f64::min)),
    ("fmax", 2, |_, _, args| both(args, f64::max)),
    ("ldexp", 2, |_, _, args| both(args, |a, b| a * 2f64.powf(b))),
    ("scalb", 2, |_, _, args| both(args, |a, b| a * 2f64.powf(b))),
    ("nan", 0, |_, _, _| Ok(Val::Float(f64::NAN))),
    ("infinite", 0, |_, _, _| Ok(Val::Float(f64::INFINITY))),
    ("isnan", 0, |_, val, _| number(val).map(|n| n.is_nan().into())),
    ("isinfinite", 0, |_, val, _| number(val).map(|n| n.is_infinite().into())),
    ("isnormal", 0, |_, val, _| number(val).map(|n| n.is_normal().into())),
];

fn number(val: &Val) -> Run<f64> {
    match val.as_f64() {
        Some(n) => Ok(n),
        None => error(format!("{} number required", val.excerpt())),
    }
}

/// Rounds; an integer stays the integer it is.
fn whole(val: &Val, round: fn(f64) -> f64) -> Run<Val> {
    if let Val::Int(_) = val {
        return Ok(val.clone());
    }
    let n = round(number(val)?);
    // Beyond 2^53 the double itself is the exact answer.
    Ok(if n.abs() < 9_007_199_254_740_992.0 { Val::Int(n as i64) } else { Val::Float(n) })
}

fn real(val: &Val, function: fn(f64) -> f64) -> Run<Val> {
    Ok(Val::Float(function(number(val)?)))
}

fn both(args: &[Val], function: fn(f64, f64) -> f64) -> Run<Val> {
    Ok(Val::Float(function(number(&args[0])?, number(&args[1])?)))
}

/// Mantissa, from a half to below one, and power of two.
fn split(n: f64) -> (f64, i32) {
    if n == 0.0 || !n.is_finite() {
        return (n, 0);
    }
    // Subnormal numbers are made normal first.
    let (n, shift) = if n.is_normal() { (n, 0) } else { (n * 2f64.powi(64), -64) };
    let power = (n.to_bits() >> 52 & 0x7ff) as i32 - 1022;
    (f64::from_bits(n.to_bits() & !(0x7ff << 52) | 1022 << 52), power + shift)
}

/// The IEEE remainder: the quotient is rounded to the nearest, ties to even.
fn remainder(a: f64, b: f64) -> f64 {
    let rest = a % b;
    let half = b.abs() / 2.0;
    let odd = ((a - rest) / b) % 2.0 != 0.0;
    if rest.abs() > half || (rest.abs() == half && odd) {
        rest - b.abs().copysign(rest)
    } else {
        rest
    }
}

fn next_after(a: f64, b: f64) -> f64 {
    match a.partial_cmp(&b) {
        Some(std::cmp::Ordering::Less) => a.next_up(),
        Some(std::cmp::Ordering::Greater) => a.next_down(),
        Some(std::cmp::Ordering::Equal) => b,
        None => f64::NAN,
    }
}

/// As jq: what is less than nothing is negated, and in the order of types that is null only.
fn absolute(_: &Machine, val: &Val, _: &[Val]) -> Run<Val> {
    match val {
        Val::Decimal(text) => Ok(Val::Decimal(text.trim_start_matches('-').into())),
        Val::Str(_) | Val::Arr(_) | Val::Obj(_) => Ok(val.clone()),
        Val::Int(n) => Ok(n.checked_abs().map_or(Val::Float(-(*n as f64)), Val::Int)),
        Val::Float(n) if *n < 0.0 => Ok(Val::Float(-n)),
        Val::Float(_) => Ok(val.clone()),
        _ => error(format!("{} cannot be negated", val.excerpt())),
    }
}
