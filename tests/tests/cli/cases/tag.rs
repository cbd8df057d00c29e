//! `tag` and `eval tag`.

use super::Case;

/// Calls that write nothing to standard output.
pub const TAG: &[Case] = &[
    ("tag", 2, &["<MODEL.qibu>"]),
    (
        "tag none.qibu text.txt",
        3,
        &["cannot read none.qibu", "help: "],
    ),
    ("tag short.qibu text.txt", 3, &["truncated", "help: "]),
    (
        "tag good.qibu text.txt",
        3,
        &[
            "good.qibu: not a tag model",
            "functions generate",
            "qibu train tagger",
        ],
    ),
    (
        "tag compiled.qibu text.txt",
        3,
        &["compiled.qibu: not a tag model", "functions main"],
    ),
    (
        "tag bare.qibu text.txt",
        3,
        &["bare.qibu: not a tag model", "no transitions", "qibu.crf"],
    ),
    (
        "tag tag/tagger.onnx text.txt",
        3,
        &["an ONNX model", "qibu compile"],
    ),
    (
        "tag tagger.qibu text.txt none.txt",
        3,
        &["cannot read none.txt", "help: "],
    ),
    (
        "tag tagger.qibu run",
        3,
        &["cannot read run: it is a folder"],
    ),
    ("tag tagger.qibu text.txt --nbest 0", 2, &["1..=100"]),
    (
        "tag tagger.qibu text.txt --format xml",
        2,
        &["possible values: words, conll, json"],
    ),
    (
        "tag tagger.qibu text.txt --marginals --format words",
        2,
        &["--marginals does not go with this format", "--format json"],
    ),
    (
        "tag tagger.qibu text.txt --nbest 3 --format conll",
        2,
        &["--nbest does not go with this format", "help: "],
    ),
    (
        "tag tagger.qibu text.txt --explain --nbest 2",
        2,
        &["cannot be used with"],
    ),
    (
        "tag tagger.qibu text.txt --dict none",
        3,
        &["cannot read none", "a word a line"],
    ),
    (
        "tag tagger.qibu text.txt --dict empty",
        3,
        &["empty: no word in the dictionary"],
    ),
    (
        "tag tagger.qibu text.txt --dict words-weight.tsv",
        3,
        &["words-weight.tsv: line 1: \"x\" is no weight", "help: "],
    ),
    (
        "tag tagger.qibu text.txt --dict words-long.tsv",
        3,
        &["line 2: a word of 33 characters; at most 32"],
    ),
    (
        "tag tagger.qibu text.txt --dict words-twice.tsv",
        3,
        &["line 3: \"a\" has the weight 2, and 1 in line 1"],
    ),
    (
        "tag tagger.qibu text.txt --dict latin1.txt",
        3,
        &["line 1: not UTF-8", "iconv"],
    ),
    (
        "tag entities.qibu text.txt --dict words.tsv",
        2,
        &["--dict", "O B-X I-X B-Y", "help: "],
    ),
    ("eval tag tagger.qibu", 2, &["--gold"]),
    (
        "eval tag tagger.qibu --gold gold.txt --format xml",
        2,
        &["known: words, conll"],
    ),
    (
        "eval tag none.qibu --gold gold.txt",
        3,
        &["cannot read none.qibu"],
    ),
    (
        "eval tag good.qibu --gold gold.txt",
        3,
        &["not a tag model"],
    ),
    ("eval tag bare.qibu --gold gold.txt", 3, &["no transitions"]),
    (
        "eval tag tagger.qibu --gold none",
        3,
        &["cannot read none", "help: "],
    ),
    (
        "eval tag tagger.qibu --gold empty",
        3,
        &["empty: no text in it", "help: "],
    ),
    (
        "eval tag tagger.qibu --gold latin1.txt",
        3,
        &["line 1: not UTF-8", "iconv"],
    ),
    (
        "eval tag tagger.qibu --gold ragged.tsv --format conll",
        3,
        &["ragged.tsv: line 2: 1 column;", "help: "],
    ),
    (
        "eval tag entities.qibu --gold gold.txt --format words",
        2,
        &["O B-X I-X B-Y", "--format conll"],
    ),
    (
        "eval tag tagger.qibu --gold gold.txt --train none",
        3,
        &["cannot read none"],
    ),
    (
        "eval tag tagger.qibu --gold gold.txt --float none",
        3,
        &["cannot read none", "--float"],
    ),
    (
        "eval tag tagger.qibu --gold gold.txt --float entities.qibu",
        3,
        &["entities.qibu: the float model has other labels", "help: "],
    ),
    (
        "eval tag tagger.qibu --gold gold.txt --float good.onnx",
        3,
        &["not a tag model"],
    ),
];
