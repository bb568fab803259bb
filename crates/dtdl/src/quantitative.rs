//! The facts table of the quantitative types extension: which units fit which semantic type (B6).

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::Deserialize;

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    serde_json::from_str(include_str!("quantitative_types.json"))
        .expect("the table is part of the program and read by a test")
});

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Table {
    /// Unit type by semantic type.
    semantic_types: HashMap<String, String>,
    /// Units by unit type.
    unit_types: HashMap<String, Vec<String>>,
}

/// The unit type of a semantic type such as `Temperature`; `None` if there is no such type.
pub(crate) fn unit_type_of(semantic_type: &str) -> Option<&'static str> {
    TABLE.semantic_types.get(semantic_type).map(String::as_str)
}

/// The units of a unit type such as `TemperatureUnit`; `None` if there is no such type.
pub(crate) fn units_of_type(unit_type: &str) -> Option<&'static [String]> {
    TABLE.unit_types.get(unit_type).map(Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(semantic_type: &str, unit: &str) -> bool {
        let units = unit_type_of(semantic_type).and_then(units_of_type).unwrap_or_default();
        units.iter().any(|known| known == unit)
    }

    #[test]
    fn table() {
        assert_eq!(TABLE.semantic_types.len(), 52);
        assert_eq!(TABLE.unit_types.len(), 43);
        assert!(TABLE.semantic_types.values().all(|unit_type| units_of_type(unit_type).is_some()));
        assert!(TABLE.unit_types.values().all(|units| !units.is_empty()));
        assert!(has("Temperature", "degreeCelsius"));
        assert!(has("RelativeHumidity", "percent"));
        assert!(has("Pressure", "kilopascal"));
        assert!(!has("Temperature", "percent"));
        assert_eq!(unit_type_of("Warmth"), None);
    }
}
