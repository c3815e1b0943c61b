//! Nothing: makes cargo count the build-dependencies.

fn main() {}
