//! `qibu.h` is what cbindgen writes, and compiles alone.
//!
//! `UPDATE=1 cargo test -p qibu-tests --test c_interface header` writes it anew.

use crate::c::{compile_only, folder};
use cbindgen::{Config, EnumConfig, ExportConfig, Language, RenameRule, SortKey, Style};
use qibu_tests::need::{has_program, skip};

/// What stands above the declarations.
const HEADER: &str = include_str!("preface.h");

/// Alignment has another spelling in each language.
const AFTER_INCLUDES: &str = "\
/** Alignment of a model's bytes and of an arena: `static QIBU_ALIGNED uint8_t arena[16384];`. */
#if defined(__cplusplus)
#define QIBU_ALIGNED alignas(16)
#elif defined(_MSC_VER)
#define QIBU_ALIGNED __declspec(align(16))
#else
#define QIBU_ALIGNED __attribute__((aligned(16)))
#endif";

/// The kernels, which a macro declares: cbindgen does not look into it.
fn kernels() -> String {
    let mut text = String::from(
        "/**\n * A kernel: an operator for some element types, named after them.\n */\n\
         typedef struct qibu_kernel qibu_kernel;\n\n\
         #ifdef __cplusplus\nextern \"C\" {\n#endif\n",
    );
    for (name, _) in qibu_c::KERNELS {
        text += &format!("extern const qibu_kernel {name};\n");
    }
    text + "#ifdef __cplusplus\n}\n#endif"
}

fn written() -> String {
    let config = Config {
        language: Language::C,
        cpp_compat: true,
        header: Some(HEADER.trim_end().to_owned()),
        include_guard: Some("QIBU_H".into()),
        no_includes: true,
        sys_includes: vec!["stddef.h".into(), "stdint.h".into()],
        after_includes: Some(format!("\n{AFTER_INCLUDES}\n\n{}", kernels())),
        usize_is_size_t: true,
        style: Style::Both,
        sort_by: SortKey::None,
        line_length: 100,
        tab_width: 4,
        enumeration: EnumConfig {
            rename_variants: RenameRule::QualifiedScreamingSnakeCase,
            ..EnumConfig::default()
        },
        export: ExportConfig {
            rename: [("Kernel".to_owned(), "qibu_kernel".to_owned())].into(),
            ..ExportConfig::default()
        },
        ..Config::default()
    };
    let mut text = Vec::new();
    cbindgen::Builder::new()
        .with_config(config)
        .with_crate(folder())
        .generate()
        .expect("cbindgen reads the crate")
        .write(&mut text);
    String::from_utf8(text).expect("UTF-8")
}

#[test]
fn the_header_is_what_cbindgen_writes() {
    let path = folder().join("include/qibu.h");
    let written = written();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &written).expect("the header is written");
    }
    let found = std::fs::read_to_string(&path).expect("a checked-in header");
    assert!(
        found == written,
        "{} differs from what cbindgen writes; UPDATE=1 writes it",
        path.display()
    );
    // Every function says what it does.
    let (_, functions) = written
        .split_once("} qibu_tagger_sizes;")
        .expect("functions");
    for declaration in functions.split("\n\n").filter(|text| text.contains(");")) {
        assert!(
            declaration.contains("/**"),
            "no documentation: {declaration}"
        );
    }
}

/// Twice in one file, alone, in each language and standard.
#[test]
fn the_header_compiles_alone() {
    const TEXT: &str = "#include \"qibu.h\"\n#include \"qibu.h\"\nint nothing;\n";
    for (compiler, extension, standards) in [
        ("cc", "c", &["c99", "c11"][..]),
        ("c++", "cpp", &["c++11", "c++17"][..]),
    ] {
        if !has_program(compiler) {
            skip("C header", &format!("no {compiler}"));
            continue;
        }
        for standard in standards {
            compile_only(compiler, TEXT, extension, standard);
        }
    }
}

/// The names follow one rule, and none is missing.
#[test]
fn every_kernel_has_its_c_name() {
    let paths: Vec<_> = qibu_c::KERNELS.iter().map(|&(_, path)| path).collect();
    assert_eq!(paths, qibu::kernels::NAMES);
    for (name, path) in qibu_c::KERNELS {
        let path = path.replace("::", "_").to_lowercase();
        assert_eq!(*name, format!("qibu_kernel_{path}"));
    }
}
