//! Rebuilds the crate when a contract under `/wit` changes: `include_dir!` alone does not notice.
//! It builds no plugin (B1).

fn main() {
    println!("cargo:rerun-if-changed=../../wit");
    println!("cargo:rerun-if-changed=build.rs");
}
