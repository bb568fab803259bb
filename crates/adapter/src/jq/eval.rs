//! Runs a compiled program: every output of a filter is handed to whoever asked, who may stop the
//! whole by an error of his own. Nothing is evaluated before it is needed.

use std::rc::Rc;

use super::builtins::from_date_format;
use super::filter::{Binding, Code, Comparison, Env, Filter, Literal, PathPart, Place};
use super::item::Item;
use super::meter::{Meter, Run, Stop, error};
use super::ops;
use super::path;
use super::value::Val;

/// What a filter hands its outputs to.
pub(crate) type Out<'o> = &'o mut dyn FnMut(Item) -> Run;

/// One evaluation; `'p` is the program and everything else that outlives it.
pub(crate) struct Machine<'p> {
    pub(crate) code: &'p Code,
    pub(crate) meter: &'p Meter,
    pub(crate) endpoint: &'p str,
    /// What `now` answers.
    pub(crate) now_us: i64,
}

impl<'p> Machine<'p> {
    /// Runs a filter on an input.
    pub(crate) fn run(&self, filter: &'p Filter, env: &Env<'p>, input: &Item, out: Out) -> Run {
        self.meter.charge(1)?;
        self.meter.descend()?;
        match filter {
            Filter::Id => out(input.clone()),
            Filter::Constant(literal) => out(input.made(constant(literal))),
            Filter::Path(head, parts) => {
                self.run(head, env, input, &mut |item| self.path(parts, env, input, item, out))
            }
            Filter::Pipe(left, right) => {
                self.run(left, env, input, &mut |item| self.run(right, env, &item, out))
            }
            Filter::Comma(left, right) => {
                self.run(left, env, input, out)?;
                self.run(right, env, input, out)
            }
            Filter::Variable(place) => out(input.made(self.variable(*place, env)?)),
            Filter::Closure(place) => match env.get(*place) {
                Some(Binding::Closure(body, env)) => self.run(body, env, input, out),
                _ => unresolved(),
            },
            Filter::Call(id, args) => self.call(*id, args, env, input, out),
            Filter::Builtin(builtin, args) => builtin.run(self, args, env, input, out),
            Filter::Compare(left, op, right) => self.pair(left, right, env, input, &mut |a, b| {
                out(input.made(Val::Bool(self.compare(&a, *op, &b)?)))
            }),
            Filter::Math(left, op, right) => self.pair(left, right, env, input, &mut |a, b| {
                out(input.made(ops::math(a, *op, b, self.meter)?))
            }),
            Filter::Negate(filter) => {
                self.values(filter, env, &input.val, &mut |val| out(input.made(ops::negate(val)?)))
            }
            Filter::And(left, right) => self.logic(left, right, false, env, input, out),
            Filter::Or(left, right) => self.logic(left, right, true, env, input, out),
            _ => self.run_rare(filter, env, input, out),
        }
    }

    /// The other filters; kept apart so that the frame of [`Self::run`] stays small.
    #[inline(never)]
    fn run_rare(&self, filter: &'p Filter, env: &Env<'p>, input: &Item, out: Out) -> Run {
        match filter {
            Filter::Recurse => self.recurse(input, out),
            Filter::Interpolate(parts, format) => {
                self.interpolate(parts, *format, env, input, String::new(), out)
            }
            Filter::Format(format) => {
                let text = ops::format(*format, &input.val, self.meter)?;
                out(input.made(Val::Str(text)))
            }
            Filter::DateFormat(pattern) => out(input.made(from_date_format(&input.val, pattern)?)),
            Filter::Array(items) => {
                let items = self.collect(items.as_deref(), env, &input.val)?;
                out(input.made(Val::array(items)?))
            }
            Filter::Object(entries) => {
                self.object(entries, env, input, &mut Vec::with_capacity(entries.len()), out)
            }
            Filter::Alternative(left, right) => self.alternative(left, right, env, input, out),
            Filter::If(branches, otherwise) => {
                self.branch(branches, otherwise.as_deref(), env, input, out)
            }
            Filter::Try(body, catch) => self.attempt(body, catch.as_deref(), env, input, out),
            Filter::Label(body) => {
                let label = self.meter.label();
                let env = env.with(vec![Binding::Label(label)]);
                until(label, self.run(body, &env, input, out))
            }
            Filter::Break(place) => match env.get(*place) {
                Some(Binding::Label(label)) => Err(Stop::Break(*label)),
                _ => unresolved(),
            },
            Filter::Bind(source, pattern, body) => {
                self.values(source, env, &input.val, &mut |val| {
                    self.bind(pattern, &val, env, &input.val, &mut |frame| {
                        self.run(body, &env.with(frame), input, out)
                    })
                })
            }
            Filter::Reduce(fold) => self.reduce(fold, env, input, out),
            Filter::Foreach(fold) => self.foreach(fold, env, input, out),
            Filter::Assign(paths, value) => self.assign(paths, value, env, input, out),
            Filter::Update(paths, update) => {
                let val = self.update(paths, env, input.val.clone(), &mut |val| {
                    self.first(update, env, &val)
                })?;
                out(input.made(val))
            }
            Filter::UpdateMath(paths, op, value) => {
                self.values(value, env, &input.val, &mut |right| {
                    let val = self.update(paths, env, input.val.clone(), &mut |left| {
                        ops::math(left, *op, right.clone(), self.meter).map(Some)
                    })?;
                    out(input.made(val))
                })
            }
            Filter::UpdateAlternative(paths, value) => {
                self.values(value, env, &input.val, &mut |right| {
                    let val = self.update(paths, env, input.val.clone(), &mut |left| {
                        Ok(Some(if left.is_true() { left } else { right.clone() }))
                    })?;
                    out(input.made(val))
                })
            }
            _ => unresolved(),
        }
    }

    /// Runs a filter for its values only.
    pub(crate) fn values(
        &self,
        filter: &'p Filter,
        env: &Env<'p>,
        input: &Val,
        out: &mut dyn FnMut(Val) -> Run,
    ) -> Run {
        match filter {
            // The two commonest need no item.
            Filter::Id => out(input.clone()),
            Filter::Constant(literal) => out(constant(literal)),
            _ => self.run(filter, env, &Item::plain(input.clone()), &mut |item| out(item.val)),
        }
    }

    /// The first value of a filter.
    pub(crate) fn first(&self, filter: &'p Filter, env: &Env<'p>, input: &Val) -> Run<Option<Val>> {
        let mut first = None;
        let label = self.meter.label();
        until(
            label,
            self.values(filter, env, input, &mut |val| {
                first = Some(val);
                Err(Stop::Break(label))
            }),
        )?;
        Ok(first)
    }

    /// All values of a filter.
    pub(crate) fn collect(
        &self,
        filter: Option<&'p Filter>,
        env: &Env<'p>,
        input: &Val,
    ) -> Run<Vec<Val>> {
        let mut items = Vec::new();
        if let Some(filter) = filter {
            self.values(filter, env, input, &mut |val| {
                self.meter.charge(1)?;
                items.push(val);
                Ok(())
            })?;
        }
        Ok(items)
    }

    /// Every combination of the values of two filters; as in jq, the right one varies slowest.
    fn pair(
        &self,
        left: &'p Filter,
        right: &'p Filter,
        env: &Env<'p>,
        input: &Item,
        out: &mut dyn FnMut(Val, Val) -> Run,
    ) -> Run {
        self.values(right, env, &input.val, &mut |b| {
            self.values(left, env, &input.val, &mut |a| out(a, b.clone()))
        })
    }

    fn compare(&self, a: &Val, op: Comparison, b: &Val) -> Run<bool> {
        Ok(match op {
            Comparison::Eq => a.equals(b, self.meter)?,
            Comparison::Ne => !a.equals(b, self.meter)?,
            Comparison::Lt => a.compare(b, self.meter)?.is_lt(),
            Comparison::Le => a.compare(b, self.meter)?.is_le(),
            Comparison::Gt => a.compare(b, self.meter)?.is_gt(),
            Comparison::Ge => a.compare(b, self.meter)?.is_ge(),
        })
    }

    /// `and` and `or`: the left side decides alone if it is `decisive`.
    fn logic(
        &self,
        left: &'p Filter,
        right: &'p Filter,
        decisive: bool,
        env: &Env<'p>,
        input: &Item,
        out: Out,
    ) -> Run {
        self.values(left, env, &input.val, &mut |a| {
            if a.is_true() == decisive {
                return out(input.made(Val::Bool(decisive)));
            }
            self.values(right, env, &input.val, &mut |b| out(input.made(Val::Bool(b.is_true()))))
        })
    }

    fn path(
        &self,
        parts: &'p [(PathPart, bool)],
        env: &Env<'p>,
        input: &Item,
        item: Item,
        out: Out,
    ) -> Run {
        let Some(((part, forgive), rest)) = parts.split_first() else {
            return out(item);
        };
        self.meter.charge(1)?;
        let mut next = |found: Run<Item>| match found {
            Ok(item) => self.path(rest, env, input, item, out),
            Err(Stop::Error(_)) if *forgive => Ok(()),
            Err(stop) => Err(stop),
        };
        match part {
            PathPart::Index(Filter::Constant(literal)) => {
                next(path::index_item(&item, constant(literal), self.meter))
            }
            PathPart::Index(key) => self.values(key, env, &input.val, &mut |key| {
                next(path::index_item(&item, key, self.meter))
            }),
            PathPart::Each => match path::each_item(&item, self.meter) {
                Ok(children) => {
                    children.into_iter().try_for_each(|(key, val)| next(item.step(key, val)))
                }
                Err(stop) => next(Err(stop)),
            },
            PathPart::Range(from, upto) => {
                let from = self.bounds(from.as_ref(), env, &input.val)?;
                let upto = self.bounds(upto.as_ref(), env, &input.val)?;
                for upto in upto {
                    for from in &from {
                        let key = path::slice_key(from.clone(), upto.clone())?;
                        next(path::index_item(&item, key, self.meter))?;
                    }
                }
                Ok(())
            }
        }
    }

    fn bounds(&self, filter: Option<&'p Filter>, env: &Env<'p>, input: &Val) -> Run<Vec<Val>> {
        match filter {
            Some(filter) => self.collect(Some(filter), env, input),
            None => Ok(vec![Val::Null]),
        }
    }

    /// A value and everything in it.
    pub(crate) fn recurse(&self, item: &Item, out: Out) -> Run {
        self.meter.charge(1)?;
        self.meter.descend()?;
        out(item.clone())?;
        if matches!(item.val, Val::Arr(_) | Val::Obj(_)) {
            for (key, val) in path::each_item(item, self.meter)? {
                self.recurse(&item.step(key, val)?, out)?;
            }
        }
        Ok(())
    }

    fn variable(&self, place: Place, env: &Env<'p>) -> Run<Val> {
        match env.get(place) {
            Some(Binding::Value(val)) => Ok(val.clone()),
            _ => unresolved(),
        }
    }

    fn call(&self, id: usize, args: &'p [Filter], env: &Env<'p>, input: &Item, out: Out) -> Run {
        let Some(function) = self.code.functions.get(id) else {
            return unresolved();
        };
        let surroundings = env.outermost(function.frames);
        let mut bindings = Vec::with_capacity(args.len());
        self.bind_args(&function.by_value, args, env, input, &mut bindings, &mut |bindings| {
            self.run(&function.body, &surroundings.with(bindings), input, out)
        })
    }

    /// Binds arguments in order; one by value may have several values, each of which calls.
    fn bind_args(
        &self,
        by_value: &[bool],
        args: &'p [Filter],
        env: &Env<'p>,
        input: &Item,
        bound: &mut Vec<Binding<'p>>,
        call: &mut dyn FnMut(Vec<Binding<'p>>) -> Run,
    ) -> Run {
        match (by_value.split_first(), args.split_first()) {
            (Some((true, by_value)), Some((arg, args))) => {
                self.values(arg, env, &input.val, &mut |val| {
                    bound.push(Binding::Value(val));
                    let result = self.bind_args(by_value, args, env, input, bound, call);
                    bound.pop();
                    result
                })
            }
            (Some((false, by_value)), Some((arg, args))) => {
                bound.push(Binding::Closure(arg, env.clone()));
                let result = self.bind_args(by_value, args, env, input, bound, call);
                bound.pop();
                result
            }
            _ => call(bound.clone()),
        }
    }
}

/// A constant as a value.
pub(crate) fn constant(literal: &Literal) -> Val {
    match literal {
        Literal::Int(n) => Val::Int(*n),
        Literal::Float(n) => Val::Float(*n),
        Literal::Decimal(text) => Val::Decimal(Rc::from(&**text)),
        Literal::Str(text) => Val::Str(Rc::from(&**text)),
    }
}

/// The end of what a label surrounds.
pub(crate) fn until(label: u64, result: Run) -> Run {
    match result {
        Err(Stop::Break(broken)) if broken == label => Ok(()),
        other => other,
    }
}

/// Compiling resolves all names, so this is never seen; an error is still better than a panic.
pub(crate) fn unresolved<T>() -> Run<T> {
    error("internal: a name is not bound")
}
