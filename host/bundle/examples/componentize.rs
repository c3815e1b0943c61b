//! `componentize MODULE COMPONENT`: makes a component of a core module that carries its WIT, as the builder does.
//! For benchmarks whose peer is no plugin.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut paths = std::env::args().skip(1);
    let (Some(module), Some(component)) = (paths.next(), paths.next()) else {
        return Err("usage: componentize MODULE COMPONENT".into());
    };
    let module = std::fs::read(module)?;
    let encoded = wit_component::ComponentEncoder::default().validate(true).module(&module)?.encode()?;
    Ok(std::fs::write(component, encoded)?)
}
