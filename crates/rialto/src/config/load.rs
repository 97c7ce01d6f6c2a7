//! Reading the configuration, and finding out where a wrong value stands.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use figment::{
    Figment, Metadata, Profile, Provider, Source,
    providers::{Format as _, Serialized, Toml},
    value::{Dict, Map, Value},
};
use rialto_relay::admin::nearest;

use super::{ConfigError, KEYS, Settings};

/// Variables that are not settings of the server.
const OTHERS: &[&str] = &["RIALTO_KEY", "RIALTO_URL", "RIALTO_TOKEN", "RIALTO_CONFIG"];

/// The settings, and where they come from.
#[derive(Debug)]
pub struct Loaded {
    /// The settings.
    pub settings: Settings,
    /// The file that was read, if there is one.
    pub file: Option<PathBuf>,
}

/// Reads the settings: defaults, then the file, then the environment.
///
/// # Errors
/// In words, naming each wrong key, its place and the mend.
pub fn load(
    file: Option<&Path>,
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<Loaded, ConfigError> {
    let mut wrong = Vec::new();
    let mut figment = Figment::from(Serialized::defaults(Settings::default()));
    let (file, text) = read(file)?;
    if let Some(file) = &file {
        let toml = Toml::string(&text);
        match toml.data() {
            Ok(data) => {
                let dict = data.get(&Profile::Default).cloned().unwrap_or_default();
                unknown("", &dict, &|key| place(file, &text, key), &mut wrong);
                figment = figment.merge(FileValues { file: file.clone(), dict });
            }
            Err(error) => {
                wrong.push(format!("{}: {}", file.display(), error.to_string().trim_end()));
            }
        }
    }
    for (name, value) in environment {
        if !name.starts_with("RIALTO_") || OTHERS.contains(&&*name) {
            continue;
        }
        match KEYS.iter().find(|(_, variable)| *variable == name) {
            Some((key, _)) => figment = figment.merge(Variable { name, key, value }),
            None => wrong.extend(mistyped_variable(&name)),
        }
    }
    if !wrong.is_empty() {
        return Err(ConfigError(wrong));
    }
    let settings: Settings = figment.extract().map_err(|errors| {
        ConfigError(errors.into_iter().map(|error| explain(&error, &text)).collect())
    })?;
    check(&settings).map_err(|line| ConfigError(vec![line]))?;
    Ok(Loaded { settings, file })
}

fn read(file: Option<&Path>) -> Result<(Option<PathBuf>, String), ConfigError> {
    let wanted = file.unwrap_or(Path::new("rialto.toml"));
    match fs::read_to_string(wanted) {
        Ok(text) => Ok((Some(wanted.into()), text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound && file.is_none() => {
            Ok((None, String::new()))
        }
        Err(error) => Err(ConfigError(vec![format!(
            "{} (from --config or RIALTO_CONFIG) cannot be read: {error}",
            wanted.display()
        )])),
    }
}

/// Names every key that is none of ours.
fn unknown(prefix: &str, dict: &Dict, place: &dyn Fn(&str) -> String, wrong: &mut Vec<String>) {
    for (name, value) in dict {
        let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        let is_section = KEYS.iter().any(|(key, _)| key.starts_with(&format!("{path}.")));
        match value {
            Value::Dict(_, inner) if is_section => unknown(&path, inner, place, wrong),
            _ if is_section || KEYS.iter().any(|(key, _)| *key == path) => {}
            _ => {
                let mend = match nearest(&path, KEYS.iter().map(|(key, _)| *key)) {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None => "remove it".into(),
                };
                wrong.push(format!("{}: `{path}` is not a setting: {mend}", place(&path)));
            }
        }
    }
}

/// An error for what looks like one of ours. Others are left alone: container platforms set
/// `RIALTO_SERVICE_HOST` and the like by themselves.
fn mistyped_variable(name: &str) -> Option<String> {
    let known = KEYS.iter().map(|(_, variable)| *variable).chain(OTHERS.iter().copied());
    let bare = |name: &str| name.trim_start_matches("RIALTO_").to_owned();
    let known: Vec<_> = known.map(bare).collect();
    let meant = nearest(&bare(name), known.iter().map(String::as_str))?;
    Some(format!("the environment variable {name} is not a setting: did you mean RIALTO_{meant}?"))
}

fn explain(error: &figment::Error, text: &str) -> String {
    let key = error.path.join(".");
    let words = match &error.kind {
        figment::error::Kind::InvalidType(found, expected) => {
            format!("is {found}, but must be {expected}")
        }
        figment::error::Kind::UnknownVariant(found, expected) => {
            format!("`{found}` is not one of {}", expected.join(", "))
        }
        kind => kind.to_string(),
    };
    let at = match &error.metadata {
        Some(Metadata { source: Some(Source::File(file)), .. }) => place(file, text, &key),
        Some(metadata) => metadata.name.to_string(),
        None => "the configuration".into(),
    };
    format!("{at}: `{key}`: {words}")
}

fn check(settings: &Settings) -> Result<(), String> {
    let url = &settings.public_url;
    if !matches!(url.scheme(), "http" | "https") || url.query().is_some() || !url.has_host() {
        return Err(format!(
            "`public_url`: `{url}` is not the address of a server: write `https://rialto.example.com`"
        ));
    }
    if settings.log.level.parse::<tracing_subscriber::EnvFilter>().is_err() {
        return Err(format!(
            "`log.level`: `{}` is not a level: write error, warn, info, debug or trace",
            settings.log.level
        ));
    }
    // `canary.every` is not among them: there it means never.
    for (key, given, such_as) in [
        ("deliveries.tell_after", &settings.deliveries.tell_after, "15m"),
        ("sweeps.every", &settings.sweeps.every, "15m"),
        ("canary.patience", &settings.canary.patience, "1m"),
    ] {
        if given.duration.is_zero() {
            return Err(format!(
                "`{key}`: `{given}` is too short, and does not mean never: write a duration such as \
                 `{such_as}`"
            ));
        }
    }
    Ok(())
}

/// `rialto.toml:7`, as far as the line can be told.
fn place(file: &Path, text: &str, key: &str) -> String {
    match line_of(text, key) {
        Some(line) => format!("{}:{line}", file.display()),
        None => file.display().to_string(),
    }
}

/// The line that a key (or the section that it is) stands on.
fn line_of(text: &str, key: &str) -> Option<usize> {
    let mut section = String::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if let Some(header) = line.strip_prefix('[').and_then(|it| it.split(']').next()) {
            section = header.trim().to_owned();
            if section == key {
                return Some(index + 1);
            }
            continue;
        }
        let Some((name, _)) = line.split_once('=') else { continue };
        let name = name.trim().trim_matches('"');
        let path = if section.is_empty() { name.to_owned() } else { format!("{section}.{name}") };
        if path == key || key.strip_prefix(&path).is_some_and(|rest| rest.starts_with('.')) {
            return Some(index + 1);
        }
    }
    None
}

/// What a file says, with its name.
struct FileValues {
    file: PathBuf,
    dict: Dict,
}

impl Provider for FileValues {
    fn metadata(&self) -> Metadata {
        Metadata::from("file", &*self.file)
    }

    fn data(&self) -> figment::Result<Map<Profile, Dict>> {
        Ok(Profile::Default.collect(self.dict.clone()))
    }
}

/// What one environment variable says.
struct Variable {
    name: String,
    key: &'static str,
    value: String,
}

impl Provider for Variable {
    fn metadata(&self) -> Metadata {
        Metadata::named(format!("the environment variable {}", self.name))
    }

    fn data(&self) -> figment::Result<Map<Profile, Dict>> {
        let value: Value = self.value.parse().unwrap_or_else(|_| Value::from(self.value.clone()));
        let nested = figment::util::nest(self.key, value);
        Ok(Profile::Default.collect(nested.into_dict().unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "listen = \"x\"\n\n# log.level = 1\n[log]\nlevel = 3\n[keys]\n";

    #[test]
    fn a_key_is_found_on_its_line() {
        for (key, line) in [
            ("listen", Some(1)),
            ("log", Some(4)),
            ("log.level", Some(5)),
            ("keys", Some(6)),
            ("level", None),
        ] {
            assert_eq!(line_of(TEXT, key), line, "{key}");
        }
    }

    #[test]
    fn the_environment_outdoes_the_file_and_strangers_are_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("rialto.toml");
        fs::write(&file, "listen = \"127.0.0.1:1\"\n[log]\nlevel = \"debug\"\n").unwrap();
        let variables = [
            ("RIALTO_LISTEN", "127.0.0.1:2"),
            ("RIALTO_DELIVERIES_PACING", "false"),
            ("RIALTO_SERVICE_HOST", "10.0.0.1"),
            ("PATH", "/bin"),
        ];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let settings = load(Some(&file), variables).unwrap().settings;
        assert_eq!(settings.listen.port(), 2);
        assert_eq!(settings.log.level, "debug");
        assert!(!settings.deliveries.pacing);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place_and_mend() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("rialto.toml");
        for (text, words) in [
            ("lisen = \"127.0.0.1:1\"", ":1: `lisen` is not a setting: did you mean `listen`?"),
            (
                "[log]\nlevle = \"info\"",
                ":2: `log.levle` is not a setting: did you mean `log.level`?",
            ),
            ("[nonsense]\nx = 1", ":1: `nonsense` is not a setting: remove it"),
            (
                "[deliveries]\npacing = \"yes\"",
                ":2: `deliveries.pacing`: is string \"yes\", but must be a boolean",
            ),
            (
                "[deliveries]\nkeep_parked = \"soon\"",
                ":2: `deliveries.keep_parked`: `soon` is not a duration",
            ),
            ("listen = \"nowhere\"", ":1: `listen`: invalid socket address syntax"),
            ("public_url = \"ftp://x\"", "`public_url`: `ftp://x/` is not the address of a server"),
            ("[log]\nformat = \"xml\"", ":2: `log.format`: `xml` is not one of auto, text, json"),
            ("[log]\nlevel = \"=a=b\"", "`log.level`"),
            (
                "[deliveries]\ntell_after = \"0s\"",
                "`deliveries.tell_after`: `0s` is too short, and does not mean never: write",
            ),
            ("[sweeps]\nevery = \"0m\"", "`sweeps.every`: `0m` is too short"),
            ("[canary]\npatience = \"0s\"", "`canary.patience`: `0s` is too short"),
            ("listen =", "rialto.toml: TOML parse error at line 1, column 9"),
        ] {
            fs::write(&file, text).unwrap();
            let error = load(Some(&file), []).unwrap_err().to_string();
            assert!(error.contains(words), "{text}\n{error}");
        }
        // Where nothing is something that can be meant.
        let text = "[deliveries]\nkeep_parked = \"0s\"\n[sweeps]\ngrace = \"0s\"\n[canary]\nevery = \"0s\"";
        fs::write(&file, text).unwrap();
        load(Some(&file), []).unwrap();
        let variable = [("RIALTO_LISEN".to_owned(), "x".to_owned())];
        let error = load(None, variable).unwrap_err().to_string();
        assert!(error.contains("RIALTO_LISEN is not a setting: did you mean RIALTO_LISTEN?"));
    }
}
