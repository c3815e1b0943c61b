//! The kernel embeds `wit/host`: a new file there must make it build again.

fn main() {
    println!("cargo::rerun-if-changed=../../wit/host");
    println!("cargo::rerun-if-changed=build.rs");
}
