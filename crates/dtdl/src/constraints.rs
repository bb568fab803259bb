//! Keywords of the validation extension: their values and where they may stand (B7). Enforcing
//! them on a value is the adapter's part.

use serde_json::Value;

use crate::check::Checker;
use crate::context::Extension;
use crate::cotypes::takes_validation;
use crate::diagnostic::code;
use crate::graph::{Element, Graph, Target};
use crate::limits::{PATTERN_BYTES_MAX, SCHEMA_DEPTH_MAX};
use crate::metamodel::Kind;
use crate::schema::Schema;
use crate::vocabulary::VALIDATION;

/// What a value must satisfy besides its schema, in the meaning of JSON Schema validation.
#[derive(Debug, Clone, Default)]
pub struct Constraints {
    /// Smallest allowed number.
    pub minimum: Option<f64>,
    /// Largest allowed number.
    pub maximum: Option<f64>,
    /// The number must be larger.
    pub exclusive_minimum: Option<f64>,
    /// The number must be smaller.
    pub exclusive_maximum: Option<f64>,
    /// The number must be a multiple.
    pub multiple_of: Option<f64>,
    /// Fewest characters.
    pub min_length: Option<u64>,
    /// Most characters.
    pub max_length: Option<u64>,
    /// The text must match somewhere.
    pub pattern: Option<Pattern>,
    /// The allowed values (`enum`).
    pub one_of: Option<Vec<Value>>,
    /// The only allowed value (`const`).
    pub constant: Option<Value>,
    /// Fewest items.
    pub min_items: Option<u64>,
    /// Most items.
    pub max_items: Option<u64>,
    /// No item may occur twice.
    pub unique_items: bool,
    /// Fields that must be there.
    pub required: Vec<String>,
}

/// A compiled `pattern`. Matching takes linear time; look-around and back-references do not exist.
#[derive(Debug, Clone)]
pub struct Pattern {
    text: String,
    regex: regex::Regex,
}

impl Pattern {
    fn compile(text: &str) -> Result<Pattern, String> {
        let built = regex::RegexBuilder::new(&in_our_dialect(text))
            .size_limit(PATTERN_BYTES_MAX)
            .dfa_size_limit(PATTERN_BYTES_MAX)
            .build();
        // The last line of the error says what is wrong; the others point into the text.
        let told = |e: regex::Error| e.to_string().lines().last().unwrap_or_default().to_owned();
        built.map(|regex| Pattern { text: text.to_owned(), regex }).map_err(told)
    }

    /// The pattern as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Does the text match somewhere?
    pub fn is_match(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }
}

/// A pattern of ECMA-262 for our engine, where both read the same text in different ways: digits
/// and words are of ASCII there, a bracket inside a class is itself, and signs have no meaning in
/// a class.
fn in_our_dialect(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() + 16);
    let mut inside = false;
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        match (c, inside) {
            ('\\', _) => match chars.next() {
                Some('d') => out.push_str("[0-9]"),
                Some('D') => out.push_str("[^0-9]"),
                Some('w') => out.push_str("[0-9A-Za-z_]"),
                Some('W') => out.push_str("[^0-9A-Za-z_]"),
                Some('b') if inside => out.push_str("\\x08"),
                Some(edge @ ('b' | 'B')) => out.push_str(&format!("(?-u:\\{edge})")),
                Some(c) => out.extend(['\\', c]),
                None => out.push('\\'),
            },
            ('[' | '&' | '~', true) => out.extend(['\\', c]),
            _ => {
                inside = (inside || c == '[') && c != ']';
                out.push(c);
            }
        }
    }
    out
}

impl Constraints {
    /// Is there nothing to check?
    pub fn is_empty(&self) -> bool {
        let numbers = [
            self.minimum,
            self.maximum,
            self.exclusive_minimum,
            self.exclusive_maximum,
            self.multiple_of,
        ];
        let counts = [self.min_length, self.max_length, self.min_items, self.max_items];
        numbers.iter().all(Option::is_none)
            && counts.iter().all(Option::is_none)
            && self.pattern.is_none()
            && self.one_of.is_none()
            && self.constant.is_none()
            && !self.unique_items
            && self.required.is_empty()
    }
}

/// What a keyword applies to.
#[derive(Clone, Copy, PartialEq)]
enum Subject {
    Number,
    Text,
    Items,
    Fields,
    Any,
}

impl Constraints {
    /// The validation keywords of an element that is known to be right.
    pub(crate) fn of(element: &Element) -> Constraints {
        let mut constraints = Constraints::default();
        if element.context.has(Extension::Validation) {
            for keyword in VALIDATION {
                if let Some(value) = element.object.get(keyword) {
                    // The checker has reported what is wrong with it.
                    let _ = constraints.set(keyword, value);
                }
            }
        }
        constraints
    }
}

impl Checker<'_> {
    /// Checks the validation keywords of all elements, once everything is linked.
    pub(crate) fn constraints(&mut self) {
        for index in 0..self.graph.elements.len() {
            let element = &self.graph.elements[index];
            if !element.context.has(Extension::Validation) || !takes_validation(element.kind) {
                continue;
            }
            let object = element.object;
            for keyword in VALIDATION {
                let Some(value) = object.get(keyword).filter(|value| !value.is_null()) else {
                    continue;
                };
                match Constraints::default().set(keyword, value) {
                    Ok(subject) if suits(&self.graph, index, subject) => {}
                    Ok(_) => {
                        let message = format!("`{keyword}` does not apply to this schema");
                        let code = code!("nonConformantDatatype");
                        self.report_on(code, index, Some(keyword), message);
                    }
                    Err(message) => {
                        let message = format!("`{keyword}` must be {message}");
                        self.report_on(code!("literalNotValid"), index, Some(keyword), message);
                    }
                }
            }
        }
    }
}

/// May a keyword of this subject restrict the values of that element? Keywords for single values
/// also fit an array of such values, and those in an array schema are about its items.
fn suits(graph: &Graph, element: usize, subject: Subject) -> bool {
    let kind = graph.elements[element].kind;
    if matches!(kind, Kind::Object | Kind::Enum) {
        return true;
    }
    let mut property = if kind == Kind::Array { "elementSchema" } else { "schema" };
    let mut element = element;
    for _ in 0..=SCHEMA_DEPTH_MAX {
        let links = &graph.elements[element].links;
        let target = links.iter().find(|link| link.property == property).map(|link| link.target);
        let array = match target {
            Some(Target::Predefined(term)) => {
                return match subject {
                    Subject::Number => matches!(term, "double" | "float" | "integer" | "long"),
                    Subject::Text => term == "string",
                    Subject::Any => {
                        !matches!(Schema::predefined(term), Some(Schema::Geospatial(_)))
                    }
                    Subject::Items | Subject::Fields => false,
                };
            }
            Some(Target::Element(schema)) => match (graph.elements[schema].kind, subject) {
                (Kind::Array, Subject::Items) | (Kind::Object, Subject::Fields) => return true,
                (Kind::Enum, Subject::Any) => return true,
                (Kind::Array, _) => schema,
                _ => return false,
            },
            // Something else is wrong, and reported.
            _ => return true,
        };
        (element, property) = (array, "elementSchema");
    }
    true
}

impl Constraints {
    /// Takes one keyword over; the error says what its value should be.
    fn set(&mut self, keyword: &str, value: &Value) -> Result<Subject, String> {
        let number = || value.as_f64().map(Some).ok_or_else(|| "a number".to_owned());
        let count =
            || value.as_u64().map(Some).ok_or_else(|| "an integer of zero or more".to_owned());
        Ok(match keyword {
            "minimum" => (self.minimum = number()?, Subject::Number).1,
            "maximum" => (self.maximum = number()?, Subject::Number).1,
            "exclusiveMinimum" => (self.exclusive_minimum = number()?, Subject::Number).1,
            "exclusiveMaximum" => (self.exclusive_maximum = number()?, Subject::Number).1,
            "multipleOf" => {
                self.multiple_of = number()?;
                if self.multiple_of.is_some_and(|step| step <= 0.0) {
                    return Err("a number above zero".to_owned());
                }
                Subject::Number
            }
            "minLength" => (self.min_length = count()?, Subject::Text).1,
            "maxLength" => (self.max_length = count()?, Subject::Text).1,
            "pattern" => {
                let text = value.as_str().ok_or("a string")?;
                let pattern = Pattern::compile(text)
                    .map_err(|error| format!("a supported regular expression: {error}"))?;
                self.pattern = Some(pattern);
                Subject::Text
            }
            "enum" => {
                self.one_of = Some(value.as_array().ok_or("an array")?.clone());
                Subject::Any
            }
            "const" => (self.constant = Some(value.clone()), Subject::Any).1,
            "minItems" => (self.min_items = count()?, Subject::Items).1,
            "maxItems" => (self.max_items = count()?, Subject::Items).1,
            "uniqueItems" => {
                self.unique_items = value.as_bool().ok_or("true or false")?;
                Subject::Items
            }
            _ => {
                let names = value.as_array().ok_or("an array of field names")?;
                for name in names {
                    let name = name.as_str().ok_or("an array of field names")?;
                    self.required.push(name.to_owned());
                }
                Subject::Fields
            }
        })
    }
}
