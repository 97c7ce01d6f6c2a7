//! The threads that relay: threads of their own, so that no webhook waits for its answer behind them.
//!
//! Their priority is that of all others. Nicer ones get hardly any time beside another busy process,
//! which may be one of another program: on such a machine nothing would be relayed for minutes.

use tokio::runtime::{Builder, Runtime};

use crate::failure::Failure;

/// Where the relay runs. What still runs when this is dropped is not waited for.
pub struct Background(Option<Runtime>);

impl Background {
    pub fn start() -> Result<Self, Failure> {
        let runtime = Builder::new_multi_thread().thread_name("rialto-relay").enable_all().build();
        let runtime = runtime.map_err(|error| {
            Failure::failed(format!("the relay's threads did not start: {error}"))
        })?;
        Ok(Self(Some(runtime)))
    }

    /// Runs something there and waits for it here.
    pub async fn run<W>(&self, work: W) -> Result<W::Output, Failure>
    where
        W: Future<Output: Send> + Send + 'static,
    {
        let stopped = |why: String| Failure::failed(format!("the relay stopped: {why}"));
        let runtime = self.0.as_ref().ok_or_else(|| stopped("it has no threads".into()))?;
        runtime.spawn(work).await.map_err(|error| stopped(error.to_string()))
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
