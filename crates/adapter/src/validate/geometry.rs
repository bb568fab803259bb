//! GeoJSON geometries (A7).

use dtdl::Geospatial;
use serde_json::Value;

/// Is the value a geometry of that kind?
pub(crate) fn is_geometry(kind: Geospatial, value: &Value) -> bool {
    let (name, check): (&str, fn(&Value) -> bool) = match kind {
        Geospatial::Point => ("Point", is_position),
        Geospatial::MultiPoint => ("MultiPoint", |v| all(v, 0, is_position)),
        Geospatial::LineString => ("LineString", is_line),
        Geospatial::MultiLineString => ("MultiLineString", |v| all(v, 0, is_line)),
        Geospatial::Polygon => ("Polygon", is_polygon),
        Geospatial::MultiPolygon => ("MultiPolygon", |v| all(v, 0, is_polygon)),
    };
    value.get("type").and_then(Value::as_str) == Some(name)
        && value.get("coordinates").is_some_and(check)
}

fn all(value: &Value, least: usize, check: fn(&Value) -> bool) -> bool {
    value.as_array().is_some_and(|items| items.len() >= least && items.iter().all(check))
}

/// Longitude, latitude and perhaps height.
fn is_position(value: &Value) -> bool {
    all(value, 2, Value::is_number)
}

fn is_line(value: &Value) -> bool {
    all(value, 2, is_position)
}

/// Rings of at least four positions, the last being the first again.
fn is_polygon(value: &Value) -> bool {
    all(value, 1, |ring| {
        all(ring, 4, is_position)
            && ring.as_array().is_some_and(|positions| positions.first() == positions.last())
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn geometries() {
        let point = json!({"type": "Point", "coordinates": [8.5, 47.4]});
        assert!(is_geometry(Geospatial::Point, &point));
        assert!(!is_geometry(Geospatial::LineString, &point));
        assert!(!is_geometry(Geospatial::Point, &json!({"type": "Point", "coordinates": [1]})));
        let ring = json!([[0, 0], [1, 0], [1, 1], [0, 0]]);
        let polygon = json!({"type": "Polygon", "coordinates": [ring]});
        assert!(is_geometry(Geospatial::Polygon, &polygon));
        let open = json!({"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 1]]]});
        assert!(!is_geometry(Geospatial::Polygon, &open));
        let several = json!({"type": "MultiPolygon", "coordinates": [[ring]]});
        assert!(is_geometry(Geospatial::MultiPolygon, &several));
    }
}
