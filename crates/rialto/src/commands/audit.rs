//! `rialto audit`.

use clap::Args;
use rialto_relay::admin::AuditView;

use crate::{
    client::Client,
    failure::Failure,
    output::{Output, time},
};

/// Show who changed what, newest first
#[derive(Debug, Args)]
pub struct Audit {
    /// Only before this place in the order (the last SEQ of the page before)
    #[arg(long)]
    before: Option<i64>,
    /// At most so many, up to 500
    #[arg(long, default_value_t = 50)]
    limit: u32,
}

impl Audit {
    pub async fn run(&self, client: &Client, out: Output) -> Result<(), Failure> {
        let mut path = format!("audit?limit={}", self.limit);
        if let Some(before) = self.before {
            path.push_str(&format!("&before={before}"));
        }
        let log: Vec<AuditView> = client.get(&path).await?;
        if out.json(&log)? {
            return Ok(());
        }
        let row = |it: &AuditView| {
            [
                it.seq.to_string(),
                time(it.at),
                it.action.clone(),
                it.subject.clone(),
                it.detail.to_string(),
                it.who.clone(),
            ]
        };
        let header = ["SEQ", "WHEN", "ACTION", "SUBJECT", "DETAIL", "WHO"];
        out.table(header, log.iter().map(row).collect(), "nothing was changed yet")?;
        if let Some(last) = log.last().filter(|_| log.len() == self.limit as usize) {
            out.note(format!("There may be more: add `--before {}`", last.seq));
        }
        Ok(())
    }
}
