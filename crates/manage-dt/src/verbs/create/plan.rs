//! What `create` is going to ask for, complete before the first request is sent.

use std::path::Path;

use serde_json::Value;
use serde_json::value::RawValue;

use crate::config::Twin;
use crate::failure::Failure;

/// Everything one twin needs.
#[derive(Debug)]
pub struct Plan {
    /// Model and adapter; none for unstructured telemetry.
    pub structure: Option<Structure>,
    /// The instance.
    pub instance: InstancePlan,
}

/// Model and adapter of a twin with structured telemetry.
#[derive(Debug)]
pub struct Structure {
    /// DTMI, also the display name.
    pub model_name: String,
    /// Description of the model.
    pub model_description: Option<String>,
    /// The DTDL document, its `@id` set to the DTMI.
    pub spec: Box<RawValue>,
    /// Display name of the adapter.
    pub adapter_name: String,
    /// Envelope and routes of a custom adapter.
    pub custom: Option<CustomAdapter>,
}

/// The two halves of a custom adapter, as they stand in their files.
#[derive(Debug, Clone)]
pub struct CustomAdapter {
    /// Envelope.
    pub envelope: Box<RawValue>,
    /// Routes.
    pub routes: Box<RawValue>,
}

/// The instance of a twin.
#[derive(Debug)]
pub struct InstancePlan {
    /// Display name.
    pub device_name: String,
    /// What the platform shows of the twin.
    pub description: String,
    /// Name under which the device signs in.
    pub external_key: String,
    /// OCID of the secret or certificate.
    pub auth_id: String,
}

impl Plan {
    /// Reads and checks all that the configuration says about a twin, its files included.
    pub fn of(twin: &Twin, data_dir: &Path) -> Result<Plan, Failure> {
        let structure = match twin.is_structured() {
            true => Some(structure(twin, data_dir)?),
            false => None,
        };
        let telemetry = match &structure {
            None => "Unstructured Telemetry",
            Some(Structure { custom: None, .. }) => "Structured Telemetry with default Adapter",
            Some(_) => "Structured Telemetry with custom Adapter",
        };
        let device_name = twin.require("device_name")?.to_owned();
        let instance = InstancePlan {
            description: format!("{device_name} - {telemetry}"),
            device_name,
            external_key: twin.require("external_key")?.to_owned(),
            auth_id: twin.require("auth_id")?.to_owned(),
        };
        Ok(Plan { structure, instance })
    }
}

fn structure(twin: &Twin, data_dir: &Path) -> Result<Structure, Failure> {
    let model_name = twin.require("model_name")?.to_owned();
    let mut spec: Value = read_json(twin, data_dir, "model_dtdl")?;
    let Value::Object(members) = &mut spec else {
        return Err(Failure::usage(format!(
            "{} is not a DTDL interface: one JSON object is expected",
            file_shown(twin, data_dir, "model_dtdl")?
        )));
    };
    members.insert("@id".to_owned(), Value::String(model_name.clone()));
    let custom = match twin.field("adapter_envelope") {
        None => None,
        Some(_) => Some(CustomAdapter {
            envelope: read_json(twin, data_dir, "adapter_envelope")?,
            routes: read_json(twin, data_dir, "adapter_routes")?,
        }),
    };
    Ok(Structure {
        model_name,
        model_description: twin.field("model_description").map(str::to_owned),
        spec: serde_json::value::to_raw_value(&spec)
            .map_err(|error| Failure::usage(format!("`model_dtdl`: {error}")))?,
        adapter_name: twin.require("adapter_name")?.to_owned(),
        custom,
    })
}

/// Reads the JSON file that a field of the twin names.
fn read_json<T: serde::de::DeserializeOwned>(
    twin: &Twin,
    data_dir: &Path,
    field: &str,
) -> Result<T, Failure> {
    let path = data_dir.join(twin.require(field)?);
    let shown = file_shown(twin, data_dir, field)?;
    let text = crate::files::read_text(&path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Failure::usage(format!("{shown} does not exist"))
            .hint(format!("configuration file {} names it", twin.config_path().display())),
        _ => Failure::usage(format!("{shown} cannot be read: {error}")),
    })?;
    serde_json::from_str(text.trim_start_matches('\u{feff}')).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let told = error.to_string();
        let reason = told.split(" at line ").next().unwrap_or(&told);
        Failure::usage(format!("{shown} is not JSON: line {line}, column {column}: {reason}"))
    })
}

/// A file as messages name it: its path, and the field that names it.
fn file_shown(twin: &Twin, data_dir: &Path, field: &str) -> Result<String, Failure> {
    let path = data_dir.join(twin.require(field)?);
    Ok(format!("file {} (`digital_twins.{}.{field}`)", path.display(), twin.name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::IotConfig;

    fn plan_in(dir: &Path, fields: &str) -> Result<Plan, Failure> {
        let text = format!(
            "digital_twins:\n  t: {{device_name: d, external_key: k, auth_id: a{fields}}}\n"
        );
        let config = IotConfig::from_text(&dir.join("iot_config.yaml"), &text).unwrap();
        Plan::of(&config.twin("t").unwrap(), dir)
    }

    const STRUCTURED: &str = ", model_name: 'dtmi:x;1', model_dtdl: m.json, adapter_name: ad";

    #[test]
    fn three_kinds_of_twin() {
        let dir = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
        file("m.json", "{\"@id\": \"placeholder\",\n \"@type\": \"Interface\", \"x\": 1.50}");
        file("e.json", "{\"envelopeMapping\": {}}");
        file("r.json", "[ ]\n");

        let plan = plan_in(dir.path(), "").unwrap();
        assert!(plan.structure.is_none());
        assert_eq!(plan.instance.description, "d - Unstructured Telemetry");

        let plan = plan_in(dir.path(), STRUCTURED).unwrap();
        let structure = plan.structure.unwrap();
        let spec = r#"{"@id":"dtmi:x;1","@type":"Interface","x":1.5}"#;
        assert_eq!(structure.spec.get(), spec);
        assert_eq!(plan.instance.description, "d - Structured Telemetry with default Adapter");

        let fields = format!("{STRUCTURED}, adapter_envelope: e.json, adapter_routes: r.json");
        let plan = plan_in(dir.path(), &fields).unwrap();
        assert_eq!(plan.structure.unwrap().custom.unwrap().routes.get(), "[ ]");
        assert_eq!(plan.instance.description, "d - Structured Telemetry with custom Adapter");
    }

    #[test]
    fn faulty_files_are_named_with_their_field() {
        let dir = tempfile::tempdir().unwrap();
        let message = |fields: &str| plan_in(dir.path(), fields).unwrap_err().message.unwrap();
        let path = dir.path().join("m.json");
        let start = format!("file {} (`digital_twins.t.model_dtdl`)", path.display());

        assert_eq!(message(STRUCTURED), format!("{start} does not exist"));
        std::fs::write(&path, "{\n  \"a\": nope\n}").unwrap();
        let expected = format!("{start} is not JSON: line 2, column 9: expected ident");
        assert_eq!(message(STRUCTURED), expected);
        std::fs::write(&path, "[]").unwrap();
        assert!(message(STRUCTURED).contains("one JSON object is expected"));
        std::fs::write(&path, "{}").unwrap();
        assert!(message(", model_dtdl: m.json").ends_with("lacks `digital_twins.t.model_name`"));
        let fields = format!("{STRUCTURED}, adapter_envelope: m.json");
        assert!(message(&fields).ends_with("lacks `digital_twins.t.adapter_routes`"));
    }
}
