//! The facts table of the quantitative types extension: which units fit which semantic type (B6).

use std::collections::HashMap;
use std::sync::LazyLock;

use serde_json::Value;

/// Units by semantic type.
static UNITS: LazyLock<HashMap<String, Vec<String>>> = LazyLock::new(read_table);

/// The units that a semantic type such as `Temperature` may have; `None` if there is no such type.
pub(crate) fn units_of(semantic_type: &str) -> Option<&'static [String]> {
    UNITS.get(semantic_type).map(Vec::as_slice)
}

fn read_table() -> HashMap<String, Vec<String>> {
    let table: Value = serde_json::from_str(include_str!("quantitative_types.json"))
        .expect("the table is part of the program and read by a test");
    let texts = |value: &Value| -> Vec<String> {
        value
            .as_array()
            .map(|units| units.iter().filter_map(|u| u.as_str().map(str::to_owned)).collect())
            .unwrap_or_default()
    };
    let types = table["semanticTypes"].as_object().into_iter().flatten();
    types
        .map(|(name, unit_type)| {
            (name.clone(), texts(&table["unitTypes"][unit_type.as_str().unwrap_or_default()]))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table() {
        assert_eq!(UNITS.len(), 52);
        assert!(UNITS.values().all(|units| !units.is_empty()));
        let has = |kind, unit: &str| units_of(kind).unwrap().iter().any(|u| u == unit);
        assert!(has("Temperature", "degreeCelsius"));
        assert!(has("RelativeHumidity", "percent"));
        assert!(has("Pressure", "hectopascal") || has("Pressure", "pascal"));
        assert!(!has("Temperature", "percent"));
        assert_eq!(units_of("Warmth"), None);
    }
}
