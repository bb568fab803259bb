//! Model and adapter from files, or from the files that a twin of the configuration names.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use adapter::Adapter;
use dtdl::{Dtmi, Interface, Model};
use serde_json::Value;

use crate::args::{GlobalArgs, SourceArgs};
use crate::config::{Environment, IotConfig, Settings, Twin};
use crate::failure::Failure;
use crate::verbs::model::{PLACEHOLDER, PLACEHOLDER_HINT};

/// A JSON file.
#[derive(Debug, Clone)]
pub struct JsonFile {
    /// Where it is.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
    /// Its value.
    pub value: Value,
}

/// A model and the files of an adapter.
#[derive(Debug)]
pub struct Source {
    /// The model.
    pub model: Arc<Model>,
    /// The file of the model.
    pub model_path: PathBuf,
    /// Envelope and routes.
    pub definition: Definition,
}

/// Where envelope and routes stand.
#[derive(Debug)]
pub enum Definition {
    /// Nowhere: they are generated.
    Default,
    /// Each in a file, or one of them generated.
    Parts {
        /// The file of the envelope.
        envelope: Option<JsonFile>,
        /// The file of the routes.
        routes: Option<JsonFile>,
    },
    /// Both in one file, in the API's form.
    Whole(JsonFile),
}

impl Source {
    /// Reads what the options or, without a model, the twin name.
    pub fn read(
        args: &SourceArgs,
        twin: Option<&str>,
        global: &GlobalArgs,
        environment: &Environment,
    ) -> Result<Source, Failure> {
        match (&args.model, twin) {
            (Some(model), _) => Source::of_files(model, args),
            (None, Some(twin)) => Source::of_twin(twin, global, environment),
            (None, None) => Err(Failure::usage("neither a twin nor a model is named")
                .hint("name a twin of the configuration file, or a model with --model FILE")),
        }
    }

    /// Reads the files that the options name.
    pub fn of_files(model_path: &Path, args: &SourceArgs) -> Result<Source, Failure> {
        let model = JsonFile::read(model_path)?;
        let others = args.with.iter().map(|path| JsonFile::read(path));
        let others = others.collect::<Result<Vec<_>, _>>()?;
        let definition = Definition::read(&args.envelope, &args.routes, &args.adapter)?;
        let model = resolve(&model, None, &others)?;
        Ok(Source { model, model_path: model_path.to_owned(), definition })
    }

    /// Reads the files that the configuration names for a twin.
    pub fn of_twin(
        name: &str,
        global: &GlobalArgs,
        environment: &Environment,
    ) -> Result<Source, Failure> {
        let settings = Settings::resolve(global, environment)?;
        let twin = IotConfig::read(&settings.iot_config_file)?.twin(name)?;
        if !twin.is_structured() {
            return Err(Failure::usage(format!(
                "digital twin '{name}' has no model, so no adapter looks at its messages"
            ))
            .hint("`model_dtdl` in the configuration file names the model of a twin"));
        }
        let model_path = settings.data_dir.join(twin.require("model_dtdl")?);
        let model = JsonFile::read(&model_path)?;
        let model = resolve(&model, Some(twin.require("model_name")?), &[])?;
        let definition = Definition::of_twin(&twin, &settings.data_dir)?;
        Ok(Source { model, model_path, definition })
    }

    /// The envelope as given.
    pub fn envelope(&self) -> Option<&Value> {
        self.definition.envelope()
    }

    /// The routes as given.
    pub fn routes(&self) -> Option<&Value> {
        self.definition.routes()
    }

    /// Compiles the adapter.
    pub fn compile(&self) -> Result<Adapter, Failure> {
        compile(&self.model, self.envelope(), self.routes())
    }

    /// The endpoint that messages come from unless told otherwise.
    pub fn reference_endpoint(&self) -> String {
        let envelope = self.envelope().and_then(|envelope| envelope["referenceEndpoint"].as_str());
        envelope.unwrap_or_default().trim_start_matches('/').to_owned()
    }
}

impl Definition {
    /// Reads the files that the options name.
    pub fn read(
        envelope: &Option<PathBuf>,
        routes: &Option<PathBuf>,
        whole: &Option<PathBuf>,
    ) -> Result<Definition, Failure> {
        let read = |path: &Option<PathBuf>| path.as_deref().map(JsonFile::read).transpose();
        Ok(match (read(envelope)?, read(routes)?, read(whole)?) {
            (_, _, Some(whole)) => Definition::Whole(whole.checked_whole()?),
            (None, None, None) => Definition::Default,
            (envelope, routes, None) => Definition::Parts { envelope, routes },
        })
    }

    /// Reads the files that the configuration names for a twin.
    pub fn of_twin(twin: &Twin, data_dir: &Path) -> Result<Definition, Failure> {
        let file = |field: &str| twin.field(field).map(|name| data_dir.join(name));
        Definition::read(&file("adapter_envelope"), &file("adapter_routes"), &None)
    }

    /// The envelope as given.
    pub fn envelope(&self) -> Option<&Value> {
        match self {
            Definition::Default => None,
            Definition::Parts { envelope, .. } => envelope.as_ref().map(|file| &file.value),
            Definition::Whole(file) => file.value.get("inboundEnvelope"),
        }
    }

    /// The routes as given.
    pub fn routes(&self) -> Option<&Value> {
        match self {
            Definition::Default => None,
            Definition::Parts { routes, .. } => routes.as_ref().map(|file| &file.value),
            Definition::Whole(file) => file.value.get("inboundRoutes"),
        }
    }
}

impl JsonFile {
    /// Reads a file.
    pub fn read(path: &Path) -> Result<JsonFile, Failure> {
        let shown = path.display();
        let text = crate::files::read_text(path)
            .map_err(|error| Failure::usage(format!("file {shown} cannot be read: {error}")))?;
        let unmarked = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let value = serde_json::from_str(unmarked).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            let told = error.to_string();
            let reason = told.split(" at line ").next().unwrap_or(&told);
            let what = match reason {
                "recursion limit exceeded" => "is nested too deep",
                _ => "is not JSON",
            };
            Failure::usage(format!("{shown} {what}: line {line}, column {column}: {reason}"))
        })?;
        Ok(JsonFile { path: path.to_owned(), text, value })
    }

    /// Takes only what has one of the API's two members.
    fn checked_whole(self) -> Result<JsonFile, Failure> {
        let object = self.value.as_object();
        let known = ["inboundEnvelope", "inboundRoutes"];
        if object.is_some_and(|object| known.iter().any(|name| object.contains_key(*name))) {
            return Ok(self);
        }
        let text =
            format!("{} has neither `inboundEnvelope` nor `inboundRoutes`", self.path.display());
        Err(Failure::usage(text).hint("name the two files with --envelope and --routes instead"))
    }
}

/// Compiles a new adapter.
pub fn compile(
    model: &Arc<Model>,
    envelope: Option<&Value>,
    routes: Option<&Value>,
) -> Result<Adapter, Failure> {
    Adapter::compile(model.clone(), envelope, routes).map_err(|found| {
        let lines: Vec<String> = found.iter().map(ToString::to_string).collect();
        Failure::usage(format!("the adapter is not valid:\n  {}", lines.join("\n  ")))
            .hint("`manage-dt adapter lint` says where each stands in its file")
    })
}

/// The model in a file, with the ones it refers to.
fn resolve(file: &JsonFile, id: Option<&str>, others: &[JsonFile]) -> Result<Arc<Model>, Failure> {
    let mut value = file.value.clone();
    // The sample models leave their DTMI to the configuration.
    if let (Some(id), Some(object)) = (id, value.as_object_mut()) {
        object.insert("@id".to_owned(), Value::from(id));
    }
    let root = interface(&file.path, &value)?;
    let others = others.iter().map(|file| interface(&file.path, &file.value).map(Arc::new));
    let others = others.collect::<Result<Vec<_>, _>>()?;
    let lookup = |id: &Dtmi| others.iter().find(|other| other.id == *id).cloned();
    let model = Model::resolve(root, &lookup).map_err(|found| {
        let failure = faulty(&file.path, &value, &found);
        match found.0.iter().any(|finding| finding.code.ends_with(":unresolvedReference")) {
            true => failure.hint("--with names the file of a model that is referred to"),
            false => failure,
        }
    })?;
    Ok(Arc::new(model))
}

fn interface(path: &Path, value: &Value) -> Result<Interface, Failure> {
    Interface::parse(&value.to_string()).map_err(|found| faulty(path, value, &found))
}

fn faulty(path: &Path, value: &Value, found: &dtdl::Diagnostics) -> Failure {
    let lines: Vec<String> = found.0.iter().map(ToString::to_string).collect();
    let text = format!("model {} is not valid:\n  {}", path.display(), lines.join("\n  "));
    let failure = Failure::usage(text);
    match value["@id"] == PLACEHOLDER {
        true => failure.hint(PLACEHOLDER_HINT),
        false => failure,
    }
}
