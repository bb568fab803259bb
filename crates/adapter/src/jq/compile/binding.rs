//! Patterns and the folds that use them.

use jaq_core::load::parse::Pattern as PatternTerm;

use super::{Compiled, Compiler, Tree, Visible};
use crate::jq::filter::{Filter, Fold, Pattern, Place};

impl<'t> Compiler<'t> {
    pub(super) fn pattern(
        &mut self,
        term: &PatternTerm<&'t str>,
    ) -> Compiled<(Pattern, Vec<Visible<'t>>)> {
        let mut names = Vec::new();
        let pattern = self.pattern_part(term, &mut names)?;
        let frame = self.frames;
        let visible = names.into_iter().enumerate();
        let visible = visible
            .map(|(slot, name)| Visible::Variable { name, place: Place { frame, slot } })
            .collect();
        Ok((pattern, visible))
    }

    fn pattern_part(
        &mut self,
        term: &PatternTerm<&'t str>,
        names: &mut Vec<&'t str>,
    ) -> Compiled<Pattern> {
        Ok(match term {
            PatternTerm::Var(name) => {
                let known = names.iter().position(|known| known == name);
                Pattern::Variable(known.unwrap_or_else(|| {
                    names.push(name);
                    names.len() - 1
                }))
            }
            PatternTerm::Arr(items) => {
                let items = items.iter().map(|item| self.pattern_part(item, names));
                Pattern::Array(items.collect::<Compiled<_>>()?)
            }
            PatternTerm::Obj(entries) => {
                let entries = entries.iter().map(|(key, pattern)| {
                    Ok((self.filter(key)?, self.pattern_part(pattern, names)?))
                });
                Pattern::Object(entries.collect::<Compiled<_>>()?)
            }
        })
    }

    pub(super) fn fold(
        &mut self,
        name: &str,
        source: &Tree<'t>,
        pattern: &PatternTerm<&'t str>,
        args: &[Tree<'t>],
    ) -> Compiled<Filter> {
        let (start, update, extract) = match (name, args) {
            ("reduce" | "foreach", [start, update]) => (start, update, None),
            ("foreach", [start, update, extract]) => (start, update, Some(extract)),
            _ => return Err(format!("{name} has the wrong number of arguments")),
        };
        let source = self.filter(source)?;
        let start = self.filter(start)?;
        let (pattern, names) = self.pattern(pattern)?;
        let (update, extract) = self.inside(names, |c| {
            Ok((c.filter(update)?, extract.map(|extract| c.filter(extract)).transpose()?))
        })?;
        let fold = Box::new(Fold { source, pattern, start, update, extract });
        Ok(if name == "reduce" { Filter::Reduce(fold) } else { Filter::Foreach(fold) })
    }
}
