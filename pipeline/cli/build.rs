//! Builds again when a file to embed is changed, added or removed: the compiler notices changes only.

fn main() {
    for folder in ["templates", "sparql", "experiments", "reference/paper"] {
        println!("cargo::rerun-if-changed=../../{folder}");
    }
}
