//! Kernel sets: a model runs with the kernels that it needs, and is refused without one of them.

use qibu::kernels::{self, ALL, Kernel, NAMES};
use qibu::poem::Poet;
use qibu::{Fault, LoadError, Model};
use qibu_compiler::aligned::AlignedBytes;
use qibu_tests::need::root;
use qibu_tests::sample::sample;

/// The kernels called `names`.
fn set(names: &[&str]) -> Vec<&'static Kernel> {
    let named = |name: &&str| {
        let found = NAMES.iter().position(|known| known == name);
        ALL[found.expect("a kernel")]
    };
    names.iter().map(named).collect()
}

#[test]
fn each_kernel_has_a_name_of_its_own() {
    assert_eq!(ALL.len(), NAMES.len());
    let names: std::collections::BTreeSet<_> = NAMES.iter().collect();
    assert_eq!(names.len(), NAMES.len());
}

/// The sample has a step of every operator; together with the trained models, of most types.
#[test]
fn models_run_with_exactly_what_they_need() {
    let poem5 = std::fs::read(root().join("models/poem5/model.qibu")).unwrap();
    for file in [sample(), AlignedBytes::from(&poem5[..])] {
        let model = Model::load(&file).unwrap();
        let names: Vec<_> = kernels::used(&model).collect();
        let enough = set(&names);
        assert!(Model::load_with(&file, &enough).is_ok());
        for (missing, name) in names.iter().enumerate() {
            let mut rest = enough.clone();
            let kernel = rest.remove(missing);
            let Err(LoadError::Step(index, Fault::Kernel)) =
                Model::load_with(&file, &rest).map(|_| ())
            else {
                panic!("loaded without {name}");
            };
            assert!(kernel.takes(&model.step(index).unwrap()));
        }
    }
}

#[test]
fn poems_are_the_same_with_few_kernels() {
    let file = std::fs::read(root().join("models/poem5/model.qibu")).unwrap();
    let file = AlignedBytes::from(&file[..]);
    let all = Model::load(&file).unwrap();
    let names: Vec<_> = kernels::used(&all).collect();
    let few = set(&names);
    let few = Model::load_with(&file, &few).unwrap();
    let couplet = |model: &Model<'_>| {
        let poet = Poet::new(model).unwrap();
        let mut arena = AlignedBytes::zeros(poet.arena());
        poet.couplet(7, poet.temperature(), &mut arena).unwrap()
    };
    assert_eq!(couplet(&all), couplet(&few));
}
