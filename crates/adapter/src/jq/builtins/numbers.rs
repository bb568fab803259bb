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

fn absolute(_: &Machine, val: &Val, _: &[Val]) -> Run<Val> {
    match val {
        Val::Int(n) => Ok(n.checked_abs().map_or(Val::Float(-(*n as f64)), Val::Int)),
        Val::Float(n) if *n < 0.0 => Ok(Val::Float(-n)),
        Val::Float(_) => Ok(val.clone()),
        _ => error(format!("{} has no absolute value", val.excerpt())),
    }
}
