//! The binary as its users meet it: what goes wrong is said in words, with the mend.

#![expect(clippy::unwrap_used, reason = "what is unexpected fails the test")]

use std::{
    fs,
    net::TcpListener,
    path::Path,
    process::{Command, Output},
};

use tempfile::TempDir;

/// A folder to start the binary in, and a port that nobody listens at.
struct Place(TempDir);

struct Answer {
    code: i32,
    out: String,
    err: String,
}

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, file: &str) -> std::path::PathBuf {
        self.0.path().join(file)
    }

    fn write(&self, file: &str, text: &str) {
        fs::write(self.path(file), text).unwrap();
    }

    fn run(&self, arguments: &[&str]) -> Answer {
        self.run_with(arguments, &[])
    }

    fn run_with(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Answer {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rialto"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("RIALTO_")) {
            command.env_remove(name);
        }
        let Output { status, stdout, stderr } = command
            .current_dir(self.0.path())
            .env("RIALTO_LISTEN", "127.0.0.1:1")
            .envs(variables.iter().copied())
            .args(arguments)
            .output()
            .unwrap();
        Answer {
            code: status.code().unwrap(),
            out: String::from_utf8(stdout).unwrap(),
            err: String::from_utf8(stderr).unwrap(),
        }
    }
}

impl Answer {
    #[track_caller]
    fn fails(&self, code: i32, words: &[&str]) {
        assert_eq!(self.code, code, "{}", self.err);
        for words in words {
            assert!(self.err.contains(words), "{words:?} is missing in: {}", self.err);
        }
    }
}

#[test]
fn a_wrong_configuration_is_answered_with_its_name_place_and_mend() {
    let place = Place::new();
    for (text, words) in [
        (
            "\nlisen = \"127.0.0.1:1\"",
            "rialto.toml:2: `lisen` is not a setting: did you mean `listen`?",
        ),
        ("[keys]\ncolour = 1", "rialto.toml:2: `keys.colour` is not a setting"),
        ("[deliveries]\npacing = 3", "rialto.toml:2: `deliveries.pacing`"),
        ("public_url = 3", "rialto.toml:1: `public_url`"),
        ("[log\n", "rialto.toml: TOML parse error at line 1"),
    ] {
        place.write("rialto.toml", text);
        place.run(&["serve"]).fails(2, &[words, "docs/configuration.md"]);
    }
    place.run(&["serve", "--config", "missing.toml"]).fails(2, &["missing.toml", "--config"]);
    fs::remove_file(place.path("rialto.toml")).unwrap();
    let wrong = place.run_with(&["serve"], &[("RIALTO_DELIVERIES_PACING", "perhaps")]);
    wrong.fails(2, &["the environment variable RIALTO_DELIVERIES_PACING", "must be a boolean"]);
}

#[test]
fn a_port_that_is_taken_is_said_to_be_and_nothing_is_touched() {
    let place = Place::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let answer = place.run_with(&["serve"], &[("RIALTO_LISTEN", &address)]);
    answer.fails(1, &[&address, "is taken", "RIALTO_LISTEN"]);
    assert!(!place.path("rialto-data").exists());
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let place = Place::new();
    let variables = [("RIALTO_DATA_FOLDER", "a/b"), ("RIALTO_LISTEN", "127.0.0.1:0")];
    place.run_with(&["serve"], &variables).fails(1, &["a/b", "is missing", "RIALTO_DATA_FOLDER"]);
    let variables = [("RIALTO_DATABASE_FILE", "c/d.db"), ("RIALTO_LISTEN", "127.0.0.1:0")];
    place.run_with(&["serve"], &variables).fails(1, &["c/d.db", "must exist", "`database.file`"]);
}

#[test]
fn a_key_is_made_once_and_never_overwritten() {
    let place = Place::new();
    let made = place.run(&["keys", "init", "--file", "rialto.key"]);
    assert_eq!((made.code, made.out.trim()), (0, "made the key rialto.key"), "{}", made.err);
    let key = fs::read_to_string(place.path("rialto.key")).unwrap();
    assert_eq!(key.trim().len(), 44);
    assert!(private(&place.path("rialto.key")));
    place.run(&["keys", "init", "--file", "rialto.key"]).fails(1, &["exists already"]);
    assert_eq!(fs::read_to_string(place.path("rialto.key")).unwrap(), key);
    place.run(&["keys", "init", "--file", "no/where"]).fails(1, &["does not exist"]);
}

#[cfg(unix)]
fn private(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(file).unwrap().permissions().mode() & 0o777 == 0o600
}

#[cfg(not(unix))]
fn private(_: &Path) -> bool {
    true
}

#[test]
fn a_database_is_opened_by_its_own_key_alone() {
    let place = Place::new();
    let free = [("RIALTO_LISTEN", "127.0.0.1:0")];
    fs::create_dir(place.path("rialto-data")).unwrap();
    place.write("rialto-data/rialto.db", "");
    place.run_with(&["serve"], &free).fails(1, &["the key is missing", "RIALTO_KEY_FILE"]);
    assert!(!place.path("rialto-data/rialto.key").exists());
    place.write("short.key", "short");
    let variables = [free[0], ("RIALTO_KEY_FILE", "short.key")];
    place.run_with(&["serve"], &variables).fails(1, &["short.key holds no key", "44 characters"]);
    let variables = [free[0], ("RIALTO_KEY_FILE", "gone.key")];
    place.run_with(&["serve"], &variables).fails(1, &["gone.key does not exist"]);
    let variables = [free[0], ("RIALTO_KEY", "x")];
    place.run_with(&["serve"], &variables).fails(2, &["RIALTO_KEY:"]);
}

#[test]
fn a_database_of_any_name_is_no_lock_of_the_data_folder() {
    let place = Place::new();
    fs::create_dir(place.path("rialto-data")).unwrap();
    place.write("rialto-data/rialto", "");
    let variables = [("RIALTO_DATABASE_FILE", "rialto"), ("RIALTO_LISTEN", "127.0.0.1:0")];
    place.run_with(&["serve"], &variables).fails(1, &["the key is missing"]);
}

#[test]
fn without_a_server_commands_say_how_to_start_one() {
    let place = Place::new();
    for command in
        [&["status"][..], &["channels", "slack"], &["connect", "slack"], &["retry", "--sync", "x"]]
    {
        place.run(command).fails(3, &["no server answers at http://127.0.0.1:1/", "rialto serve"]);
    }
    let doctor = place.run(&["doctor"]);
    doctor.fails(1, &["1 check(s)"]);
    assert!(doctor.out.contains("ERROR") && doctor.out.contains("no server answers"));
    let json = place.run(&["doctor", "--json"]);
    let findings: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(findings[0]["subject"], "configuration");
}

#[test]
fn connect_asks_for_what_each_platform_needs_and_never_for_secrets_on_the_command_line() {
    let place = Place::new();
    let help = place.run(&["connect", "slack", "--help"]).out;
    for words in
        ["--client-id <VALUE>", "--client-secret-file <FILE>", "RIALTO_SLACK_SIGNING_SECRET"]
    {
        assert!(help.contains(words), "{help}");
    }
    assert!(!help.contains("--client-secret <"));
    place.run(&["connect", "teams", "--client-secret", "x"]).fails(2, &["--client-secret-file"]);
}

#[test]
fn the_proof_of_retention_proposes_a_marker_and_proves_nothing_without_a_database() {
    let place = Place::new();
    let marker = place.run(&["doctor", "retention", "--propose"]);
    assert_eq!(marker.code, 0, "{}", marker.err);
    let again = place.run(&["doctor", "retention", "--propose"]);
    assert_ne!(marker.out, again.out);
    let look = ["doctor", "retention", "--marker", marker.out.trim()];
    place.run(&["doctor", "retention"]).fails(2, &["--marker <WORD>"]);
    place.run(&["doctor", "retention", "--marker", "short"]).fails(2, &["`short` is too short"]);
    place.run(&look).fails(1, &["there is no database at rialto-data/rialto.db"]);
    fs::create_dir(place.path("rialto-data")).unwrap();
    place.run(&look).fails(1, &["there is no database at rialto-data/rialto.db"]);
}

#[test]
fn the_compatibility_page_says_what_the_connectors_can_do() {
    let place = Place::new();
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/compatibility.md");
    let is_true =
        fs::read_to_string(page).is_ok_and(|kept| kept == place.run(&["compatibility"]).out);
    assert!(is_true, "docs/compatibility.md is out of date: run `cargo xtask compatibility`");
    let all = place.run(&["compatibility", "--json"]).out;
    let all: Vec<serde_json::Value> = serde_json::from_str(&all).unwrap();
    let table = all
        .iter()
        .find(|it| it["feature"] == "table" && it["from"] == "teams" && it["to"] == "webex");
    let crossing = &table.unwrap()["crossing"];
    assert!(crossing["emulated"].as_str().unwrap().contains("columns"), "{crossing}");
}
