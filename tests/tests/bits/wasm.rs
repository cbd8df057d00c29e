//! The program as WebAssembly, in an interpreter.

use std::path::Path;
use wasmi::{Caller, Engine, Extern, Linker, Module, Store};

/// What the program prints for `bundle`.
pub fn run(program: &Path, bundle: &[u8], arena: u32) -> Result<String, String> {
    let code = std::fs::read(program).map_err(|error| error.to_string())?;
    instance(&code, bundle, arena).map_err(|error| error.to_string())
}

fn instance(code: &[u8], bundle: &[u8], arena: u32) -> Result<String, wasmi::Error> {
    let engine = Engine::default();
    let module = Module::new(&engine, code)?;
    let mut store = Store::new(&engine, Vec::<u8>::new());
    let mut linker = Linker::new(&engine);
    linker.func_wrap("host", "put", put)?;
    let instance = linker.instantiate_and_start(&mut store, &module)?;
    let reserve = instance.get_typed_func::<u32, u32>(&store, "reserve")?;
    let run = instance.get_typed_func::<(u32, u32, u32, u32), ()>(&store, "run")?;
    let memory = instance.get_memory(&store, "memory");
    let memory = memory.ok_or_else(|| wasmi::Error::new("it exports no memory"))?;
    let length = bundle.len() as u32;
    let at = reserve.call(&mut store, length)?;
    let room = reserve.call(&mut store, arena)?;
    memory.write(&mut store, at as usize, bundle)?;
    run.call(&mut store, (at, length, room, arena))?;
    String::from_utf8(store.into_data()).map_err(|_| wasmi::Error::new("no UTF-8"))
}

/// Takes text out of the program's memory.
fn put(mut caller: Caller<'_, Vec<u8>>, text: u32, length: u32) -> Result<(), wasmi::Error> {
    let memory = caller.get_export("memory").and_then(Extern::into_memory);
    let memory = memory.ok_or_else(|| wasmi::Error::new("it exports no memory"))?;
    let (bytes, lines) = memory.data_and_store_mut(&mut caller);
    let text = bytes
        .get(text as usize..)
        .and_then(|tail| tail.get(..length as usize));
    lines.extend(text.ok_or_else(|| wasmi::Error::new("text outside the memory"))?);
    Ok(())
}
