//! `qibu.h` is what cbindgen writes, and compiles alone.
//!
//! `UPDATE=1 cargo test -p qibu-tests --test c_interface header` writes it anew.

use crate::c::{compile_only, folder, program, succeed};
use cbindgen::{Config, EnumConfig, ExportConfig, Language, RenameRule, SortKey, Style};
use qibu_tests::need::{has_program, skip};
use std::process::Command;

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
            // Functions take it as a number: C may pass any.
            include: ["qibu_reading", "qibu_meter", "qibu_rule"]
                .map(Into::into)
                .to_vec(),
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

/// Sizes, alignments and offsets in C are those in Rust.
#[test]
fn structures_have_one_layout() {
    if !has_program("cc") {
        return skip("C layouts", "no cc");
    }
    let mut lines = String::new();
    let mut expected = String::new();
    macro_rules! structure {
        ($name:ident: $($field:ident)*) => {
            let name = stringify!($name);
            lines += &format!("show(\"{name}\", sizeof({name}), offsetof(struct {{ char c; {name} x; }}, x));\n");
            let (size, align) = (size_of::<qibu_c::$name>(), align_of::<qibu_c::$name>());
            expected += &format!("{name} {size} {align}\n");
            $(
                let field = stringify!($field);
                lines += &format!("show(\"{name}.{field}\", offsetof({name}, {field}), 0);\n");
                let offset = std::mem::offset_of!(qibu_c::$name, $field);
                expected += &format!("{name}.{field} {offset} 0\n");
            )*
        };
    }
    structure!(qibu_model:);
    structure!(qibu_run:);
    structure!(qibu_poet:);
    structure!(qibu_tagger:);
    structure!(qibu_stream:);
    structure!(qibu_wide_stream: stream);
    structure!(qibu_text: data length);
    structure!(qibu_place: section index fault);
    structure!(qibu_event: tag forced);
    structure!(qibu_poet_sizes: arena latent characters temperature);
    structure!(qibu_tagger_sizes: arena ids tags);
    structure!(qibu_tensor: name dtype rank shape elements scale zero_point);
    let text = format!(
        "#include <stdio.h>\n#include \"qibu.h\"\n\
         static void show(const char *what, size_t a, size_t b) \
         {{ printf(\"%s %lu %lu\\n\", what, (unsigned long)a, (unsigned long)b); }}\n\
         int main(void) {{\n{lines}return 0;\n}}\n"
    );
    let scratch = tempfile::tempdir().expect("a temporary folder");
    let source = scratch.path().join("layouts.c");
    std::fs::write(&source, text).expect("a source file");
    let binary = scratch.path().join("layouts");
    program("cc", &["-std=c99"], &[source], &binary);
    assert_eq!(succeed(&mut Command::new(binary)), expected);
}
