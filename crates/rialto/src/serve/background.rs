//! The threads that relay. They step back behind those that take webhooks: a platform waits three
//! seconds for its answer and sends again after that; what is on disk can wait.

use tokio::runtime::{Builder, Runtime};

use crate::failure::Failure;

/// Linux gives such a thread a seventieth of the time of an ordinary one while both want all of it,
/// and everything otherwise (sched(7), "The nice value"). In a container or a service of systemd this
/// holds among the threads of Rialto alone.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 19;

/// Where the relay runs. What still runs when this is dropped is not waited for.
pub struct Background(Option<Runtime>);

impl Background {
    pub fn start() -> Result<Self, Failure> {
        let runtime = Builder::new_multi_thread()
            .thread_name("rialto-relay")
            .on_thread_start(step_back)
            .enable_all()
            .build();
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

#[cfg(target_os = "linux")]
fn step_back() {
    // Of this thread alone: so it is on Linux, and only there (setpriority(2), "C library/kernel
    // differences"). Where it is refused all go on as equals.
    let _ = rustix::process::setpriority_process(None, NICENESS);
}

#[cfg(not(target_os = "linux"))]
fn step_back() {}
