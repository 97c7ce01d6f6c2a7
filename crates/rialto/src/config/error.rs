//! What is wrong with the configuration: the name, the place, the mend.

use std::fmt;

/// What is wrong, one line each.
#[derive(Debug)]
pub struct ConfigError(pub Vec<String>);

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the configuration is wrong:")?;
        for line in &self.0 {
            write!(f, "\n  {line}")?;
        }
        write!(f, "\nAll keys are described in docs/configuration.md.")
    }
}

impl std::error::Error for ConfigError {}
