//! The files beside the compiled one: memory plans and the report, and which files they may replace.

use crate::atomic;
use crate::compile::Compiled;
use crate::error::{Error, Result};
use crate::plan::{FunctionPlan, Lifetime, Planned};
use crate::program::{Function, Program, TensorId};
use crate::report::grouped;
use crate::report::html::{self, Page, Step};
use crate::report::memory_svg::{self, Arena, Block};
use crate::verify::FunctionReport;
use std::path::{Path, PathBuf};

/// How pictures start.
pub const SVG: &[&[u8]] = &[b"<svg", b"<?xml"];
/// How reports start.
pub const HTML: &[&[u8]] = &[b"<!DOCTYPE html>"];
/// How lists of kernels start.
pub const KERNELS: &[&[u8]] = &[super::kernels::HEAD.as_bytes()];

/// How choices of layouts start.
pub const JSON: &[&[u8]] = &[crate::compile::tune::HEAD.as_bytes()];

/// What may be replaced: older files of the same kind.
pub fn check_targets(output: &Path, others: &[(Option<&Path>, &[&[u8]])]) -> Result<()> {
    let mut targets = vec![atomic::check_target(output, &[&qibu::format::MAGIC])?];
    for &(path, kinds) in others {
        let Some(path) = path else {
            continue;
        };
        let target = atomic::check_target(path, kinds)?;
        if targets.contains(&target) {
            return Err(
                Error::usage(format!("{} is given twice", path.display())).hint(
                    "name different files with -o, --memory-plan, --report, --kernels and --tune",
                ),
            );
        }
        targets.push(target);
    }
    Ok(())
}

/// `path` with a function's name added. The name comes from the model: it must lead to no other
/// folder.
fn beside(path: &Path, function: &str) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let plain = |c: char| {
        if c.is_alphanumeric() || "-_.".contains(c) {
            c
        } else {
            '_'
        }
    };
    let name: String = function.chars().map(plain).collect();
    path.with_file_name(format!("{stem}-{name}.svg"))
}

/// Each function's plan as a picture, and the file for it.
pub fn drawings(path: &Path, planned: &Planned) -> Result<Vec<(PathBuf, String)>> {
    let mut drawings = Vec::new();
    let single = planned.functions.len() == 1;
    for (function, plan) in planned.program.functions.iter().zip(&planned.functions) {
        let target = if single {
            path.to_owned()
        } else {
            beside(path, &function.name)
        };
        atomic::check_target(&target, SVG)?;
        let arena = arena(&planned.program, function, plan);
        drawings.push((target, memory_svg::draw(&arena)));
    }
    Ok(drawings)
}

fn arena(program: &Program, function: &Function, plan: &FunctionPlan) -> Arena {
    let block = |lifetime: &Lifetime| Block {
        name: program.tensors[lifetime.tensor].name.clone(),
        offset: lifetime.offset,
        bytes: lifetime.bytes,
        first_step: lifetime.first,
        last_step: lifetime.last,
        in_place: lifetime.replaces.is_some(),
    };
    Arena {
        title: function.name.clone(),
        steps: function.steps.len(),
        blocks: plan.lifetimes.iter().map(block).collect(),
        peak: plan.peak,
        lower_bound: plan.lower_bound,
    }
}

/// The report as a page.
pub fn page(model: &Path, compiled: &Compiled) -> String {
    let (report, planned) = (&compiled.report, &compiled.planned);
    let name = model.file_name().unwrap_or(model.as_os_str());
    let mut remarks = Vec::new();
    if report.noise_calibrated {
        remarks.push("No calibration samples: activation ranges come from noise.".to_owned());
    }
    if report.wide_bytes > 0 {
        let bytes = grouped(report.wide_bytes);
        remarks.push(format!(
            "Wide weights take {bytes} bytes more flash than int8."
        ));
    }
    let functions = report.functions.iter().zip(&planned.program.functions);
    let functions = functions.zip(&planned.functions);
    let functions = functions.map(|((measured, function), plan)| html::Function {
        name: function.name.clone(),
        flash: measured.flash,
        macs: measured.macs,
        outputs: measured
            .outputs
            .iter()
            .map(|output| (output.name.clone(), output.snr_db))
            .collect(),
        arena: arena(&planned.program, function, plan),
        steps: steps(&planned.program, function, measured),
    });
    html::draw(&Page {
        title: name.to_string_lossy().into_owned(),
        bytes: report.bytes,
        sha256: report.sha256.clone(),
        remarks,
        functions: functions.collect(),
    })
}

fn steps(program: &Program, function: &Function, measured: &FunctionReport) -> Vec<Step> {
    let shape = |&id: &TensorId| {
        let tensor = &program.tensors[id];
        (tensor.dtype, tensor.shape.clone())
    };
    let steps = function.steps.iter().zip(&measured.layers);
    let step = |(step, layer): (&crate::program::Step, &crate::verify::LayerReport)| Step {
        name: layer.name.clone(),
        operator: layer.operator.to_owned(),
        inputs: step
            .inputs
            .iter()
            .filter(|&&id| program.in_arena(id))
            .map(shape)
            .collect(),
        outputs: step.outputs.iter().map(shape).collect(),
        flash: layer.flash + layer.record,
        live: layer.live,
        macs: layer.macs,
        snr_db: layer.snr_db,
    };
    steps.map(step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_function_leads_to_no_other_folder() {
        let path = Path::new("plans/memory.svg");
        assert_eq!(beside(path, "encode"), Path::new("plans/memory-encode.svg"));
        assert_eq!(
            beside(path, "/../../x"),
            Path::new("plans/memory-_.._.._x.svg")
        );
    }
}
