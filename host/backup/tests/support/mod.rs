//! A founded community, for tests and benchmarks of this crate.
#![allow(dead_code)]

use std::fs;
use std::path::Path;

use hamlet_identity::{Founding, Identity, found};
use hamlet_kernel::{Kernel, KernelConfig};

/// Opens what is in `home`, with a configuration that the caller may change.
pub fn open(home: &Path, change: impl FnOnce(&mut KernelConfig)) -> Kernel {
    let mut config = KernelConfig::in_dir(home);
    config.log_name = "village.example/log".into();
    change(&mut config);
    Identity::new().register(&mut config);
    Kernel::open(config).unwrap()
}

/// The same for the first time: with Sol, a steward.
pub fn founded(home: &Path, change: impl FnOnce(&mut KernelConfig)) -> Kernel {
    let kernel = open(home, change);
    fs::write(home.join("community.toml"), "host = \"village.example\"\n").unwrap();
    let founding = Founding {
        commons_handle: "commons".into(),
        commons_name: "All of us".into(),
        handle: "sol".into(),
        name: "Sol".into(),
        token: Some(([7; 32], "first".into())),
    };
    found(&kernel, &founding).unwrap();
    kernel
}
