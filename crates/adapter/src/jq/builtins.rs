//! Functions that are not written in jq itself: an allow-list, for there is nothing here that
//! could read, write, wait or end the process. Those written in jq are in `prelude.jq`.

mod lists;
mod numbers;
mod regex;
mod texts;
mod times;
pub(crate) mod values;

use std::sync::LazyLock;

pub(super) use times::from_date_format;

use super::eval::{Machine, Out};
use super::filter::{Env, Filter};
use super::item::Item;
use super::meter::{Run, Stop, error};
use super::parse;
use super::path;
use super::syntax::Def;
use super::value::Val;

/// A function of values: the input, then the arguments.
type Function = fn(&Machine, &Val, &[Val]) -> Run<Val>;

/// Name, number of arguments, implementation.
type Entry = (&'static str, usize, Function);

/// A function that is not written in jq.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Builtin {
    /// One value for each combination of its arguments' values.
    Value(Function),
    /// `empty`
    Empty,
    /// `path(f)`
    Path,
    /// `getpath(p)`, which has a path itself
    GetPath,
    /// `limit(n; f)`
    Limit,
    /// `skip(n; f)`
    Skip,
    /// `range(from; upto; by)`
    Range,
    /// `del(f)`
    Delete,
    /// `endpoint(n)`: one of the platform's own (A3)
    Segment,
    /// `error(value)`
    Error,
}

/// Functions that need more than values.
const FORMS: [(&str, usize); 10] = [
    ("empty", 0),
    ("error", 1),
    ("path", 1),
    ("getpath", 1),
    ("limit", 2),
    ("skip", 2),
    ("range", 3),
    ("del", 1),
    ("endpoint", 1),
    ("builtins", 0),
];

/// Tables of the functions of values.
const TABLES: [&[Entry]; 6] =
    [values::TABLE, lists::TABLE, numbers::TABLE, texts::TABLE, regex::TABLE, times::TABLE];

/// `builtins`: every function there is, as `name/arity`.
fn names(machine: &Machine) -> Run<Val> {
    let values = TABLES.into_iter().flatten().map(|(name, arity, _)| (*name, *arity));
    let written = prelude().iter().map(|def| (def.name, def.parameters.len()));
    let all = FORMS.into_iter().chain(values).chain(written);
    let names = all.filter(|(name, _)| !name.starts_with('_'));
    let names: Vec<_> = names.map(|(name, arity)| Val::from(format!("{name}/{arity}"))).collect();
    machine.meter.charge(4 * names.len())?;
    Val::array(names)
}

impl Builtin {
    /// The function of that name with so many arguments.
    pub(crate) fn find(name: &str, arity: usize) -> Option<Builtin> {
        Some(match (name, arity) {
            ("empty", 0) => Builtin::Empty,
            ("error", 1) => Builtin::Error,
            ("path", 1) => Builtin::Path,
            ("getpath", 1) => Builtin::GetPath,
            ("limit", 2) => Builtin::Limit,
            ("skip", 2) => Builtin::Skip,
            ("range", 3) => Builtin::Range,
            ("del", 1) => Builtin::Delete,
            ("endpoint", 1) => Builtin::Segment,
            ("builtins", 0) => Builtin::Value(|m, _, _| names(m)),
            _ => {
                let mut entries = TABLES.into_iter().flatten();
                let found = entries.find(|(known, n, _)| *known == name && *n == arity)?;
                Builtin::Value(found.2)
            }
        })
    }

    /// Runs the function.
    #[inline(never)]
    pub(crate) fn run<'p>(
        self,
        machine: &Machine<'p>,
        args: &'p [Filter],
        env: &Env<'p>,
        input: &Item,
        out: Out,
    ) -> Run {
        match (self, args) {
            (Builtin::Value(function), _) => {
                combine(machine, args, env, &input.val, &mut Vec::new(), &mut |args| {
                    out(input.made(function(machine, &input.val, args)?))
                })
            }
            (Builtin::Empty, _) => Ok(()),
            (Builtin::Error, [message]) => {
                machine.values(message, env, &input.val, &mut |message| Err(Stop::Error(message)))
            }
            (Builtin::Path, [paths]) => {
                machine.run(paths, env, &Item::root(input.val.clone()), &mut |item| {
                    let path = item.path()?;
                    machine.meter.charge(1 + path.len())?;
                    out(input.made(Val::array(path)?))
                })
            }
            (Builtin::GetPath, [path]) => machine
                .values(path, env, &input.val, &mut |path| get_path(machine, input, path, out)),
            (Builtin::Limit, [count, filter]) => {
                machine.values(count, env, &input.val, &mut |count| {
                    let window = (0.0, window_bound(&count, "limit")?);
                    machine.window(filter, window, env, input, out)
                })
            }
            (Builtin::Skip, [count, filter]) => {
                machine.values(count, env, &input.val, &mut |count| {
                    let window = (window_bound(&count, "skip")?, f64::INFINITY);
                    machine.window(filter, window, env, input, out)
                })
            }
            (Builtin::Range, [from, upto, by]) => {
                machine.values(from, env, &input.val, &mut |from| {
                    machine.values(upto, env, &input.val, &mut |upto| {
                        machine.values(by, env, &input.val, &mut |by| {
                            machine.range(from.clone(), &upto, &by, input, out)
                        })
                    })
                })
            }
            (Builtin::Delete, [paths]) => {
                let val = machine.update(paths, env, input.val.clone(), &mut |_| Ok(None))?;
                out(input.made(val))
            }
            (Builtin::Segment, [n]) => machine.values(n, env, &input.val, &mut |n| {
                out(input.made(values::segment(machine.endpoint, &n)?))
            }),
            _ => error("internal: wrong number of arguments"),
        }
    }
}

/// Checks a constant that a function is going to compile, so that a mistake is found when the
/// adapter is saved and not with the first message.
pub(crate) fn check_constant(name: &str, text: &str) -> Result<(), String> {
    match name {
        "test" | "match" | "capture" | "scan" | "splits" | "sub" | "gsub" => regex::check(text),
        _ => Ok(()),
    }
}

/// Every combination of the values of the arguments; the first varies slowest.
fn combine<'p>(
    machine: &Machine<'p>,
    args: &'p [Filter],
    env: &Env<'p>,
    input: &Val,
    done: &mut Vec<Val>,
    call: &mut dyn FnMut(&[Val]) -> Run,
) -> Run {
    let Some((arg, rest)) = args.split_first() else {
        return call(done);
    };
    machine.values(arg, env, input, &mut |val| {
        done.push(val);
        let result = combine(machine, rest, env, input, done, call);
        done.pop();
        result
    })
}

fn get_path(machine: &Machine, input: &Item, path: Val, out: Out) -> Run {
    let Ok(keys) = path.into_items() else {
        return error("Path must be specified as an array");
    };
    path::check_length(&keys)?;
    let mut item = input.clone();
    for key in keys {
        item = path::index_item(&item, key, machine.meter)?;
    }
    out(item)
}

fn window_bound(count: &Val, name: &str) -> Run<f64> {
    match count.as_f64() {
        Some(count) if count < 0.0 => error(format!("{name} doesn't support negative count")),
        Some(count) => Ok(count),
        None => error(format!("{name} needs a number")),
    }
}

/// The functions that are written in jq.
pub(super) fn prelude() -> &'static [Def<'static>] {
    static PRELUDE: LazyLock<Vec<Def<'static>>> = LazyLock::new(|| {
        parse::definitions(include_str!("prelude.jq"))
            .expect("the prelude is part of the program and read by a test")
    });
    &PRELUDE
}
