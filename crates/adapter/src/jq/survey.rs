//! What a program uses, for those who check adapters without running them.

use super::filter::Math;
use super::lex::split;
use super::parse::parse;
use super::syntax::{Operator, Term};

/// What a program uses.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Survey {
    /// Parts of the language that jq 1.6 lacks, as a user knows them.
    pub(crate) recent: Vec<String>,
    /// Arithmetic whose result need not be whole.
    pub(crate) makes_fractions: bool,
    /// A function that rounds.
    pub(crate) rounds: bool,
}

/// Functions that jq 1.6 lacks.
const RECENT: [&str; 15] = [
    "abs",
    "ascii",
    "date",
    "dateadd",
    "datesub",
    "have_decnum",
    "have_literal_numbers",
    "ltrim",
    "pick",
    "rtrim",
    "skip",
    "toarray",
    "toboolean",
    "trim",
    "trimstr",
];

/// The same, with another number of arguments than jq 1.6 knows.
const RECENT_FORMS: [(&str, usize); 2] = [("add", 1), ("scan", 2)];

/// Looks at a program; nothing if it cannot be parsed.
pub(crate) fn survey(text: &str) -> Option<Survey> {
    let tokens = split(text).ok()?;
    let term = parse(text, &tokens).ok()?;
    let mut survey = Survey::default();
    term.each(&mut |term| survey.see(term));
    survey.recent.sort_unstable();
    survey.recent.dedup();
    Some(survey)
}

impl Survey {
    fn see(&mut self, term: &Term<'_>) {
        match term {
            Term::Call(name, args) => {
                let form = (*name, args.len());
                if RECENT.contains(name) || RECENT_FORMS.contains(&form) {
                    self.recent.push(format!("`{name}`"));
                }
                match *name {
                    "floor" | "ceil" | "round" | "trunc" | "rint" | "nearbyint" => {
                        self.rounds = true;
                    }
                    "sqrt" | "cbrt" | "pow" | "log" | "log2" | "log10" | "exp" | "now" => {
                        self.makes_fractions = true;
                    }
                    _ => {}
                }
            }
            Term::Format(name) | Term::Str(Some(name), _)
                if matches!(*name, "urid" | "base32d") =>
            {
                self.recent.push(format!("`@{name}`"));
            }
            Term::If(_, None) => self.recent.push("`if` without `else`".to_owned()),
            Term::Binary(_, Operator::Math(Math::Div) | Operator::UpdateMath(Math::Div), _) => {
                self.makes_fractions = true;
            }
            Term::Binary(left, Operator::Math(_), right) => {
                let fraction = |term: &Term<'_>| matches!(term, Term::Number(n) if n.contains('.'));
                self.makes_fractions |= fraction(left) || fraction(right);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::survey;

    #[test]
    fn what_is_seen() {
        let seen =
            survey("(.a / 2 | floor), ([.b] | pick(.[0])), if .c then 1 end").expect("valid");
        assert_eq!(seen.recent, ["`if` without `else`", "`pick`"]);
        assert!(seen.makes_fractions && seen.rounds);
        let seen = survey(".a * 0.5").expect("valid");
        assert!(seen.makes_fractions && !seen.rounds && seen.recent.is_empty());
        assert_eq!(survey(".a |"), None);
    }
}
