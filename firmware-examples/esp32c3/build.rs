//! Finds the models and the linker script.

fn main() {
    // esp-hal brings the linker script; 4 MB of flash hold any of the repository's models.
    board_build::model("poem", "QIBU_MODEL", "models/poem-small", &["generate"]);
    board_build::model("tag", "QIBU_TAG_MODEL", "models/cws", &["emit"]);
    board_build::model("bench", "QIBU_MODEL", "models/poem-small", &[]);
}
