//! Work that a device is given, and how long it takes for it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::Gpu;
use crate::error::Result;

/// A label and how long a dispatch took.
pub type Timed = (&'static str, Duration);

/// The slowest dispatch so far, where somebody watches.
#[derive(Debug, Clone, Default)]
pub(super) struct Watch(Arc<Mutex<Option<Option<Timed>>>>);

impl Gpu {
    /// Submits one pass of so many workgroups over these bindings, by their group.
    pub(crate) fn dispatch(
        &self,
        label: &'static str,
        pipeline: &wgpu::ComputePipeline,
        groups: &[(u32, &wgpu::BindGroup)],
        workgroups: [u32; 3],
    ) {
        let mut encoder = self.device.create_command_encoder(&Default::default());
        {
            let mut pass = encoder.begin_compute_pass(&Default::default());
            pass.set_pipeline(pipeline);
            for &(at, group) in groups {
                pass.set_bind_group(at, group, &[]);
            }
            let [x, y, z] = workgroups;
            pass.dispatch_workgroups(x, y, z);
        }
        let mut watch = self.watch.0.lock().unwrap_or_else(PoisonError::into_inner);
        match watch.as_mut() {
            None => {
                self.queue.submit([encoder.finish()]);
            }
            Some(slowest) => {
                // What fails is found again where its work is awaited.
                let _ = self.device.poll(wgpu::PollType::wait_indefinitely());
                let begun = Instant::now();
                self.queue.submit([encoder.finish()]);
                let _ = self.device.poll(wgpu::PollType::wait_indefinitely());
                let took = begun.elapsed();
                if slowest.is_none_or(|(_, most)| took > most) {
                    *slowest = Some((label, took));
                }
            }
        }
    }

    /// Runs something while each dispatch is awaited by itself. Gives the slowest of them, from its submission until the
    /// device is done: at least what the device took for it.
    ///
    /// # Errors
    /// What `work` gives.
    pub fn slowest_dispatch<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<(T, Option<Timed>)> {
        let set = |to| std::mem::replace(&mut *self.watch.0.lock().unwrap_or_else(PoisonError::into_inner), to);
        set(Some(None));
        let done = work();
        let slowest = set(None).flatten();
        Ok((done?, slowest))
    }
}
