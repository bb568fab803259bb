//! What the tests of the program share: a data directory, a profile, and a stand-in for a
//! platform that answers from a list.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use assert_cmd::Command;
use oci_core::key::PrivateKey;

pub const DOMAIN: &str = "ocid1.iotdomain.oc0.local-1.d";

/// A home with an OCI profile and a data directory with the sample twins.
pub struct Desk {
    dir: tempfile::TempDir,
}

impl Desk {
    pub fn new() -> Desk {
        let desk = Desk { dir: tempfile::tempdir().unwrap() };
        let key = PrivateKey::generate();
        desk.write("home/.oci/key.pem", &key.to_pkcs8_pem());
        let profile = format!(
            "[DEFAULT]\nuser=ocid1.user.oc0..u\ntenancy=ocid1.tenancy.oc0..t\nfingerprint={}\n\
             key_file=~/.oci/key.pem\nregion=local-1\n",
            key.public().fingerprint()
        );
        desk.write("home/.oci/config", &profile);
        let values = manage_dt::templates::IotConfigValues {
            domain_id: DOMAIN,
            app_client_id: "app",
            app_client_secret: "app-secret-s3cr3t",
            user: "me",
            password: "user-password-s3cr3t",
            device_key: "k",
            auth_id: "ocid1.vaultsecret.oc0.local-1.s",
        };
        desk.write("data/iot_config.yaml", &manage_dt::templates::iot_config("# Test.", &values));
        for (name, text) in manage_dt::templates::DEFINITIONS {
            desk.write(&format!("data/{name}"), text);
        }
        desk
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// The program at this desk, in an environment of its own.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::cargo_bin("manage-dt").unwrap();
        command.env_clear().env("HOME", self.path("home")).env("COLUMNS", "80");
        command.current_dir(self.dir.path()).args(arguments);
        command
    }

    /// Runs the program; gives exit code, stdout and stderr.
    pub fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        let output = self.command(arguments).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let (out, err) = (text(output.stdout), text(output.stderr));
        assert!(!format!("{out}{err}").contains("s3cr3t"), "a secret was printed:\n{out}{err}");
        (output.status.code().unwrap_or(-1), out, err)
    }
}

/// Status and body by request; several are given in turn.
type Answers = HashMap<String, Vec<(u16, String)>>;

/// Answers requests from a list: `METHOD /path` (without query) to status and body.
pub struct Fake {
    pub address: String,
    answers: Arc<Mutex<Answers>>,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Fake {
    pub fn start() -> Fake {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let fake = Fake { address, answers: Arc::default(), requests: Arc::default() };
        let (answers, requests) = (fake.answers.clone(), fake.requests.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (answers, requests) = (answers.clone(), requests.clone());
                std::thread::spawn(move || serve(stream, &answers, &requests));
            }
        });
        fake
    }

    /// Adds an answer; several for one request are given in turn, the last one for ever.
    pub fn on(&self, request: &str, status: u16, body: impl ToString) -> &Fake {
        let mut answers = self.answers.lock().unwrap();
        answers.entry(request.to_owned()).or_default().push((status, body.to_string()));
        self
    }

    /// Takes back the answers to a request.
    pub fn forget(&self, request: &str) -> &Fake {
        self.answers.lock().unwrap().remove(request);
        self
    }

    /// The requests so far, `METHOD /path?query body`.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

fn serve(stream: TcpStream, answers: &Mutex<Answers>, requests: &Mutex<Vec<String>>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut stream = stream;
    let mut line = String::new();
    if reader.read_line(&mut line).unwrap_or(0) == 0 {
        return;
    }
    let request = line.trim_end_matches(" HTTP/1.1\r\n").to_owned();
    let mut length = 0;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).unwrap();
        if header.trim().is_empty() {
            break;
        }
        if let Some(value) = header.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let body = String::from_utf8(body).unwrap();
    requests.lock().unwrap().push(format!("{request} {body}").trim_end().to_owned());
    let key = request.split('?').next().unwrap().to_owned();
    let (status, body) = {
        let mut answers = answers.lock().unwrap();
        match answers.get_mut(&key) {
            None => (404, r#"{"code":"NotAuthorizedOrNotFound","message":"no such thing"}"#.into()),
            Some(list) if list.len() > 1 => list.remove(0),
            Some(list) => list[0].clone(),
        }
    };
    let answer = format!(
        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n{body}",
        body.len()
    );
    let _ = stream.write_all(answer.as_bytes());
}

/// Compares a text with a file in `tests/cases/cli`; `UPDATE=1` rewrites it.
pub fn golden(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cases/cli").join(name);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, text).unwrap();
        return;
    }
    let expected = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{name}: {error}; UPDATE=1 writes it"));
    assert!(text == expected, "{name} differs; UPDATE=1 rewrites it. Now:\n{text}");
}
