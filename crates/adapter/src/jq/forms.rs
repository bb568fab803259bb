//! The rarer forms of the language: strings and objects made of filters, branches, errors, folds,
//! patterns and assignments.

use std::rc::Rc;

use super::eval::{Machine, Out, until};
use super::filter::{Binding, Env, Filter, Fold, Format, Pattern, Patterns, TextPart};
use super::item::Item;
use super::meter::{Run, Stop, error};
use super::ops;
use super::path;
use super::value::{Members, Val};

/// What receives the bindings of a pattern.
type Bound<'o, 'p> = &'o mut dyn FnMut(Vec<Binding<'p>>) -> Run;

impl<'p> Machine<'p> {
    /// Texts of all combinations; the last part varies slowest, so parts are done from the end.
    pub(super) fn interpolate(
        &self,
        parts: &'p [TextPart],
        format: Option<Format>,
        env: &Env<'p>,
        input: &Item,
        after: String,
        out: Out,
    ) -> Run {
        let Some((part, before)) = parts.split_last() else {
            return out(input.made(Val::from(after)));
        };
        let prepend = |text: &str| -> Run<String> {
            self.meter.charge_bytes(text.len() + after.len())?;
            Ok(format!("{text}{after}"))
        };
        match part {
            TextPart::Text(text) => {
                self.interpolate(before, format, env, input, prepend(text)?, out)
            }
            TextPart::Filter(filter) => self.values(filter, env, &input.val, &mut |val| {
                let text = match format {
                    Some(format) => ops::format(format, &val, self.meter)?,
                    None => val.to_text(self.meter)?,
                };
                self.interpolate(before, format, env, input, prepend(&text)?, out)
            }),
        }
    }

    /// Objects of all combinations; the last entry varies slowest.
    pub(super) fn object(
        &self,
        entries: &'p [(Filter, Filter)],
        env: &Env<'p>,
        input: &Item,
        done: &mut Vec<(Rc<str>, Val)>,
        out: Out,
    ) -> Run {
        let Some(((key, value), before)) = entries.split_last() else {
            self.meter.charge(done.len())?;
            let members: Members = done.iter().rev().cloned().collect();
            return out(input.made(Val::object(members)?));
        };
        self.values(key, env, &input.val, &mut |key| {
            let Val::Str(key) = key else {
                return error(format!("Object keys must be strings, not {}", key.excerpt()));
            };
            self.values(value, env, &input.val, &mut |val| {
                done.push((key.clone(), val));
                let result = self.object(before, env, input, done, out);
                done.pop();
                result
            })
        })
    }

    /// `left // right`: the true values of the left side, and only without any the right side.
    pub(super) fn alternative(
        &self,
        left: &'p Filter,
        right: &'p Filter,
        env: &Env<'p>,
        input: &Item,
        out: Out,
    ) -> Run {
        let mut found = false;
        self.guarded(
            |out| self.run(left, env, input, out),
            &mut |item| {
                if item.val.is_true() {
                    found = true;
                    out(item)
                } else {
                    Ok(())
                }
            },
            &mut |_| Ok(()),
        )?;
        if found { Ok(()) } else { self.run(right, env, input, out) }
    }

    pub(super) fn branch(
        &self,
        branches: &'p [(Filter, Filter)],
        otherwise: Option<&'p Filter>,
        env: &Env<'p>,
        input: &Item,
        out: Out,
    ) -> Run {
        let Some(((condition, then), rest)) = branches.split_first() else {
            return match otherwise {
                Some(filter) => self.run(filter, env, input, out),
                None => out(input.clone()),
            };
        };
        self.values(condition, env, &input.val, &mut |val| {
            if val.is_true() {
                self.run(then, env, input, out)
            } else {
                self.branch(rest, otherwise, env, input, out)
            }
        })
    }

    pub(super) fn attempt(
        &self,
        body: &'p Filter,
        catch: Option<&'p Filter>,
        env: &Env<'p>,
        input: &Item,
        out: Out,
    ) -> Run {
        let mut caught = None;
        self.guarded(|out| self.run(body, env, input, out), out, &mut |error| {
            caught = Some(error);
            Ok(())
        })?;
        match (caught, catch) {
            (Some(error), Some(catch)) => self.run(catch, env, &input.made(error), out),
            _ => Ok(()),
        }
    }

    /// Runs something and handles its errors, but not those of whoever receives its outputs.
    fn guarded(
        &self,
        run: impl FnOnce(Out) -> Run,
        out: Out,
        handle: &mut dyn FnMut(Val) -> Run,
    ) -> Run {
        let label = self.meter.label();
        let mut foreign = None;
        let result = run(&mut |item| {
            out(item).map_err(|stop| match stop {
                Stop::Error(error) => {
                    foreign = Some(error);
                    Stop::Break(label)
                }
                other => other,
            })
        });
        match result {
            Err(Stop::Error(error)) => handle(error),
            Err(Stop::Break(broken)) if broken == label => match foreign {
                Some(error) => Err(Stop::Error(error)),
                None => Ok(()),
            },
            other => other,
        }
    }

    pub(super) fn reduce(&self, fold: &'p Fold, env: &Env<'p>, input: &Item, out: Out) -> Run {
        self.run(&fold.start, env, input, &mut |start| {
            let mut state = Some(start);
            self.each_binding(fold, env, &input.val, &mut |frame| {
                let before = state.take().unwrap_or_else(|| input.made(Val::Null));
                self.run(&fold.update, &env.with(frame), &before, &mut |item| {
                    state = Some(item);
                    Ok(())
                })
            })?;
            out(state.take().unwrap_or_else(|| input.made(Val::Null)))
        })
    }

    pub(super) fn foreach(&self, fold: &'p Fold, env: &Env<'p>, input: &Item, out: Out) -> Run {
        self.run(&fold.start, env, input, &mut |start| {
            let mut state = start;
            self.each_binding(fold, env, &input.val, &mut |frame| {
                let env = env.with(frame);
                let before = state.clone();
                self.run(&fold.update, &env, &before, &mut |item| {
                    state = item.clone();
                    match &fold.extract {
                        Some(extract) => self.run(extract, &env, &item, out),
                        None => out(item),
                    }
                })
            })
        })
    }

    fn each_binding(&self, fold: &'p Fold, env: &Env<'p>, input: &Val, then: Bound<'_, 'p>) -> Run {
        self.values(&fold.source, env, input, &mut |val| {
            self.bind(&fold.patterns, &val, env, input, then)
        })
    }

    /// Takes a value apart by the first pattern that neither fails nor leads to a failure.
    pub(super) fn bind(
        &self,
        patterns: &'p Patterns,
        val: &Val,
        env: &Env<'p>,
        input: &Val,
        then: Bound<'_, 'p>,
    ) -> Run {
        let empty = || vec![Binding::Value(Val::Null); patterns.slots];
        let Some((last, others)) = patterns.options.split_last() else { return Ok(()) };
        for pattern in others {
            self.meter.charge(1)?;
            match self.bind_parts(&mut vec![(pattern, val.clone())], empty(), env, input, then) {
                Err(Stop::Error(_)) => {}
                ended => return ended,
            }
        }
        if let Pattern::Variable(slot) = last {
            let mut frame = empty();
            frame[*slot] = Binding::Value(val.clone());
            return then(frame);
        }
        self.bind_parts(&mut vec![(last, val.clone())], empty(), env, input, then)
    }

    /// Keys of a pattern can have several values, each of which binds.
    fn bind_parts(
        &self,
        todo: &mut Vec<(&'p Pattern, Val)>,
        mut frame: Vec<Binding<'p>>,
        env: &Env<'p>,
        input: &Val,
        then: Bound<'_, 'p>,
    ) -> Run {
        self.meter.charge(1)?;
        self.meter.descend()?;
        let Some((pattern, val)) = todo.pop() else {
            return then(frame);
        };
        let before = todo.clone();
        match pattern {
            Pattern::Variable(slot) => {
                frame[*slot] = Binding::Value(val);
                self.bind_parts(todo, frame, env, input, then)?;
            }
            Pattern::Array(items) => {
                for (i, item) in items.iter().enumerate().rev() {
                    todo.push((item, path::index(&val, &Val::from(i), self.meter)?));
                }
                self.bind_parts(todo, frame, env, input, then)?;
            }
            Pattern::Object(entries) => {
                self.bind_entries(entries, &val, todo, frame, env, input, then)?;
            }
        }
        *todo = before;
        Ok(())
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "the state of a walk over a pattern, which only it has"
    )]
    fn bind_entries(
        &self,
        entries: &'p [(Filter, Pattern)],
        val: &Val,
        todo: &mut Vec<(&'p Pattern, Val)>,
        frame: Vec<Binding<'p>>,
        env: &Env<'p>,
        input: &Val,
        then: Bound<'_, 'p>,
    ) -> Run {
        let Some(((key, pattern), rest)) = entries.split_last() else {
            return self.bind_parts(todo, frame, env, input, then);
        };
        self.values(key, env, input, &mut |key| {
            let before = todo.clone();
            todo.push((pattern, path::index(val, &key, self.meter)?));
            let frame = frame.clone();
            let result = self.bind_entries(rest, val, todo, frame, env, input, then);
            *todo = before;
            result
        })
    }

    pub(super) fn assign(
        &self,
        paths: &'p Filter,
        value: &'p Filter,
        env: &Env<'p>,
        input: &Item,
        out: Out,
    ) -> Run {
        self.values(value, env, &input.val, &mut |new| {
            let val = self.update(paths, env, input.val.clone(), &mut |_| Ok(Some(new.clone())))?;
            out(input.made(val))
        })
    }

    /// Replaces what lies at the paths; what is replaced by nothing is deleted in the end.
    pub(super) fn update(
        &self,
        paths: &'p Filter,
        env: &Env<'p>,
        val: Val,
        replace: &mut dyn FnMut(Val) -> Run<Option<Val>>,
    ) -> Run<Val> {
        let mut places = Vec::new();
        self.run(paths, env, &Item::root(val.clone()), &mut |item| {
            let place = item.path()?;
            self.meter.charge(1 + place.len())?;
            places.push(place);
            Ok(())
        })?;
        let mut val = val;
        let mut deleted = Vec::new();
        for place in places {
            let old = path::get(&val, &place, self.meter)?;
            match replace(old)? {
                Some(new) => val = path::set(val, &place, new, self.meter)?,
                None => deleted.push(place),
            }
        }
        path::delete(val, deleted, self.meter)
    }

    /// `limit(n; f)` and `skip(n; f)` in one: the outputs from `skip` on, `limit` of them.
    pub(super) fn window(
        &self,
        filter: &'p Filter,
        (skip, limit): (f64, f64),
        env: &Env<'p>,
        input: &Item,
        out: Out,
    ) -> Run {
        if limit <= 0.0 {
            return Ok(());
        }
        let label = self.meter.label();
        let mut seen = 0.0;
        let result = self.run(filter, env, input, &mut |item| {
            seen += 1.0;
            if seen > skip {
                out(item)?;
            }
            if seen - skip >= limit { Err(Stop::Break(label)) } else { Ok(()) }
        });
        until(label, result)
    }

    /// `range(from; upto; by)`.
    pub(super) fn range(&self, from: Val, upto: &Val, by: &Val, input: &Item, out: Out) -> Run {
        let (Some(_), Some(upto), Some(step)) = (from.as_f64(), upto.as_f64(), by.as_f64()) else {
            return error("Range bounds must be numeric");
        };
        let mut next = from;
        while let Some(value) = next.as_f64() {
            let inside = if step > 0.0 { value < upto } else { step < 0.0 && value > upto };
            if !inside {
                return Ok(());
            }
            self.meter.charge(1)?;
            out(input.made(next.clone()))?;
            next = ops::math(next, super::filter::Math::Add, by.clone(), self.meter)?;
        }
        Ok(())
    }
}
