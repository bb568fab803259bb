//! Patterns and the folds that use them.

use super::{Compiled, Compiler, Visible};
use crate::jq::filter::{Filter, Fold, Pattern, Patterns, Place};
use crate::jq::syntax;

impl<'t> Compiler<'t> {
    /// Compiles alternative patterns, whose variables share one frame.
    pub(super) fn patterns(
        &mut self,
        terms: &[syntax::Pattern<'t>],
    ) -> Compiled<(Patterns, Vec<Visible<'t>>)> {
        let mut names = Vec::new();
        let options = terms.iter().map(|term| self.pattern(term, &mut names));
        let options = options.collect::<Compiled<_>>()?;
        let (frame, slots) = (self.frames, names.len());
        let visible = names.into_iter().enumerate();
        let visible = visible
            .map(|(slot, name)| Visible::Variable { name, place: Place { frame, slot } })
            .collect();
        Ok((Patterns { options, slots }, visible))
    }

    fn pattern(
        &mut self,
        term: &syntax::Pattern<'t>,
        names: &mut Vec<&'t str>,
    ) -> Compiled<Pattern> {
        Ok(match term {
            syntax::Pattern::Variable(name) => {
                let known = names.iter().position(|known| known == name);
                Pattern::Variable(known.unwrap_or_else(|| {
                    names.push(name);
                    names.len() - 1
                }))
            }
            syntax::Pattern::Array(items) => {
                let items = items.iter().map(|item| self.pattern(item, names));
                Pattern::Array(items.collect::<Compiled<_>>()?)
            }
            syntax::Pattern::Object(entries) => {
                let entries = entries
                    .iter()
                    .map(|(key, pattern)| Ok((self.filter(key)?, self.pattern(pattern, names)?)));
                Pattern::Object(entries.collect::<Compiled<_>>()?)
            }
        })
    }

    pub(super) fn fold(&mut self, fold: &syntax::Fold<'t>) -> Compiled<Filter> {
        let source = self.filter(&fold.source)?;
        let start = self.filter(&fold.start)?;
        let (patterns, names) = self.patterns(&fold.patterns)?;
        let (update, extract) = self.inside(names, |c| {
            let extract = fold.extract.as_ref().map(|extract| c.filter(extract));
            Ok((c.filter(&fold.update)?, extract.transpose()?))
        })?;
        let compiled = Box::new(Fold { source, patterns, start, update, extract });
        Ok(if fold.each { Filter::Foreach(compiled) } else { Filter::Reduce(compiled) })
    }
}
