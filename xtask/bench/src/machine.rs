//! The machine and the time of a measurement, without which figures mean nothing.

use std::fs;
use std::process::Command;
use std::thread;

use serde_json::{Value, json};

/// The machine and the day of a run.
#[derive(Clone, Debug)]
pub(crate) struct Machine {
    /// The day, such as `2026-11-23`.
    pub(crate) date: String,
    /// The processor's name, as its system reports it.
    pub(crate) processor: String,
    /// The number of threads that can run at once.
    pub(crate) cores: usize,
    /// The system, such as `linux x86_64`.
    pub(crate) system: String,
    /// The compiler, such as `rustc 1.95.0`.
    pub(crate) compiler: String,
}

impl Machine {
    /// An example for tests.
    #[cfg(test)]
    pub(crate) fn sample() -> Machine {
        Machine {
            date: "2025-01-02".to_owned(),
            processor: "a processor".to_owned(),
            cores: 2,
            system: "linux x86_64".to_owned(),
            compiler: "rustc 1.95.0".to_owned(),
        }
    }

    /// The current machine and day.
    pub(crate) fn here() -> Machine {
        let now = jiff::Timestamp::now().to_string();
        Machine {
            date: now.chars().take(10).collect(),
            processor: processor().unwrap_or_else(|| "unknown processor".to_owned()),
            cores: thread::available_parallelism().map_or(1, usize::from),
            system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            compiler: compiler(),
        }
    }

    pub(crate) fn line(&self) -> String {
        let Machine {
            date,
            processor,
            cores,
            system,
            compiler,
        } = self;
        let unit = if *cores == 1 { "core" } else { "cores" };
        format!("{date}, {processor}, {cores} {unit}, {system}, {compiler}")
    }

    pub(crate) fn json(&self) -> Value {
        json!({
            "date": self.date,
            "processor": self.processor,
            "cores": self.cores,
            "system": self.system,
            "compiler": self.compiler,
        })
    }
}

/// The name and number of `rustc`, without the commit.
pub(crate) fn compiler() -> String {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("--version").output();
    let said = output
        .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
        .unwrap_or_default();
    let words: Vec<&str> = said.split_whitespace().take(2).collect();
    words.join(" ")
}

fn processor() -> Option<String> {
    if let Ok(text) = fs::read_to_string("/proc/cpuinfo") {
        let named = |line: &&str| line.starts_with("model name");
        let line = text.lines().find(named)?;
        return Some(line.split_once(':')?.1.trim().to_owned());
    }
    let output = Command::new("sysctl")
        .args(["-n", "machdep.cpu.brand_string"])
        .output()
        .ok()?;
    let name = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    (!name.is_empty()).then_some(name)
}
