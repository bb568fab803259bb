//! The frame of conditions: columns, lists, `$and` and `$or` (data-api.md 3.1).

use crate::error::{FilterError, quoted};
use crate::json::{Kind, Member, Node};
use crate::limits::{CONDITIONS_MAX, DEPTH_MAX};
use crate::operand::{DATE, is_date};
use crate::operator::Target;
use crate::parse::TOP_LEVEL_ONLY;
use crate::query::{Column, Compare, Filter};

/// All operators a column takes, for messages.
const OPERATORS: &str = "$eq, $ne, $lt, $lte, $gt, $gte, $instr, $ninstr, $like, $null, \
                         $notnull, $between, $in, $nin, $and, $or";

/// Reads conditions on the columns of one collection and counts them.
pub(crate) struct Reader {
    columns: &'static [Column],
    conditions: usize,
}

impl Reader {
    pub(crate) fn new(columns: &'static [Column]) -> Self {
        Reader { columns, conditions: 0 }
    }

    /// A member that stands where no column is given yet: a column, `$and` or `$or`.
    pub(crate) fn member(
        &mut self,
        member: &Member<'_>,
        depth: usize,
    ) -> Result<Filter, FilterError> {
        match member.name.as_str() {
            "$and" | "$or" => self.combination(None, member, depth),
            name if TOP_LEVEL_ONLY.contains(&name) => Err(FilterError::at(
                member.at,
                format!("`{name}` stands at the top level of q only; move it there"),
            )),
            name if is_operator(name) => Err(FilterError::at(
                member.at,
                format!("`{name}` needs a column; write {{\"<column>\":{{\"{name}\":…}}}}"),
            )),
            name if name.starts_with('$') => Err(unknown_operator(member)),
            _ => {
                let column = self.column(member)?;
                self.on_column(column, &member.value, depth)
            }
        }
    }

    /// The index of the column that a member names.
    pub(crate) fn column(&self, member: &Member<'_>) -> Result<usize, FilterError> {
        let found = self.columns.iter().position(|c| c.name.eq_ignore_ascii_case(&member.name));
        found.ok_or_else(|| {
            let known: Vec<&str> = self.columns.iter().map(|column| column.name).collect();
            FilterError::at(
                member.at,
                format!(
                    "there is no column {} to filter or sort by; use one of {}",
                    quoted(&member.name),
                    known.join(", ")
                ),
            )
        })
    }

    /// The list under `$and` or `$or`, for any column or for the given one.
    fn combination(
        &mut self,
        column: Option<usize>,
        member: &Member<'_>,
        depth: usize,
    ) -> Result<Filter, FilterError> {
        self.check_depth(&member.value, depth)?;
        let elements = match member.value.read()? {
            Kind::Array(elements) => elements,
            // One object in place of a list of one.
            Kind::Object(_) => vec![member.value],
            _ => {
                return Err(FilterError::at(
                    member.value.at,
                    format!("`{}` needs a list of conditions", member.name),
                ));
            }
        };
        let filters = elements
            .iter()
            .map(|element| self.element(column, element, depth + 1))
            .collect::<Result<Vec<_>, _>>()?;
        if member.name == "$and" {
            return Ok(Filter::all(filters));
        }
        if filters.is_empty() {
            return Err(FilterError::at(
                member.value.at,
                "`$or` needs at least one condition; leave it out to get every row",
            ));
        }
        Ok(Filter::any(filters))
    }

    /// One element of such a list.
    fn element(
        &mut self,
        column: Option<usize>,
        node: &Node<'_>,
        depth: usize,
    ) -> Result<Filter, FilterError> {
        if let Some(column) = column {
            return self.term(column, node, depth);
        }
        match node.read()? {
            Kind::Object(members) if !members.is_empty() => {
                let filters = members
                    .iter()
                    .map(|member| self.member(member, depth))
                    .collect::<Result<Vec<_>, _>>()?;
                Ok(Filter::all(filters))
            }
            _ => Err(FilterError::at(
                node.at,
                r#"this element of the list is no condition; write it like {"id":7}"#,
            )),
        }
    }

    /// What follows a column: one term, or a list of terms that must all hold.
    fn on_column(
        &mut self,
        column: usize,
        node: &Node<'_>,
        depth: usize,
    ) -> Result<Filter, FilterError> {
        let Kind::Array(elements) = node.read()? else {
            return self.term(column, node, depth);
        };
        self.check_depth(node, depth)?;
        if elements.is_empty() {
            return Err(FilterError::at(
                node.at,
                "this list has no condition; for a set of values use {\"$in\":[…]}",
            ));
        }
        let terms = elements
            .iter()
            .map(|element| self.term(column, element, depth + 1))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Filter::all(terms))
    }

    /// A bare value, an instant, or an object of operators that must all hold.
    fn term(
        &mut self,
        column: usize,
        node: &Node<'_>,
        depth: usize,
    ) -> Result<Filter, FilterError> {
        self.check_depth(node, depth)?;
        let members = match node.read()? {
            Kind::Object(members) if !is_date(&members) => members,
            _ => {
                self.count(node)?;
                return self.target(column).comparison(Compare::Eq, node);
            }
        };
        if members.is_empty() {
            return Err(FilterError::at(
                node.at,
                format!("this object has no operator; use one of {OPERATORS}"),
            ));
        }
        let filters = members
            .iter()
            .map(|member| match member.name.as_str() {
                "$and" | "$or" => self.combination(Some(column), member, depth + 1),
                _ => {
                    self.count(&member.value)?;
                    self.target(column).operator(member)
                }
            })
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Filter::all(filters))
    }

    fn target(&self, column: usize) -> Target {
        Target { index: column, column: &self.columns[column] }
    }

    fn count(&mut self, node: &Node<'_>) -> Result<(), FilterError> {
        self.conditions += 1;
        if self.conditions > CONDITIONS_MAX {
            return Err(FilterError::at(
                node.at,
                format!("q has more than {CONDITIONS_MAX} conditions; use $in, or split it"),
            ));
        }
        Ok(())
    }

    fn check_depth(&self, node: &Node<'_>, depth: usize) -> Result<(), FilterError> {
        if depth > DEPTH_MAX {
            return Err(FilterError::at(
                node.at,
                format!("q is nested more than {DEPTH_MAX} levels deep; write it flatter"),
            ));
        }
        Ok(())
    }
}

fn is_operator(name: &str) -> bool {
    name == DATE || OPERATORS.split(", ").any(|operator| operator == name)
}

/// A member that begins with `$` and means nothing, or a column where an operator must stand.
pub(crate) fn unknown_operator(member: &Member<'_>) -> FilterError {
    FilterError::at(
        member.at,
        format!("{} is no operator here; use one of {OPERATORS}", quoted(&member.name)),
    )
}
