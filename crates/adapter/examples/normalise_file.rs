//! Normalises a file with one message a line through the sample's custom adapter and writes each
//! content as a line, as a jq program doing the same mapping would. `bench/adapter` compares.

use std::io::{BufRead, BufReader, BufWriter, Write};
use std::sync::Arc;

use adapter::{Adapter, Message, Outcome};
use serde_json::Value;

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../data");

fn main() -> std::io::Result<()> {
    let file = std::env::args().nth(1).expect("usage: normalise_file FILE");
    let json = |name: &str| -> Value {
        let text = std::fs::read_to_string(format!("{DATA}/{name}")).expect("the sample is there");
        serde_json::from_str(&text).expect("JSON")
    };
    let mut model = json("m5_model_custom.json");
    model["@id"] = Value::from("dtmi:com:example:m5;1");
    let interface = dtdl::Interface::parse(&model.to_string()).expect("valid");
    let model = Arc::new(dtdl::Model::resolve(interface, &|_| None).expect("complete"));
    let (envelope, routes) = (json("m5_adapter_envelope.json"), json("m5_adapter_routes.json"));
    let adapter = Adapter::compile(model.clone(), Some(&envelope), Some(&routes)).expect("valid");
    let mut reader = BufReader::new(std::fs::File::open(file)?);
    let mut out = BufWriter::new(std::io::stdout().lock());
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line)? > 0 {
        let content = line.trim_ascii();
        let endpoint = "iot/v1/telemetry";
        let message = Message { endpoint, content, time_received_us: 0 };
        if let Outcome::Values(normalized) = adapter.normalise(&message) {
            for (i, value) in normalized.values.iter().enumerate() {
                let path = &model.elements[value.element].path;
                write!(out, "{}\"{path}\":{}", if i == 0 { '{' } else { ',' }, value.value)?;
            }
            out.write_all(b"}\n")?;
        }
        line.clear();
    }
    out.flush()
}
