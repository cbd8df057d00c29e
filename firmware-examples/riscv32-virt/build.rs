//! Finds the models and the linker script.

fn main() {
    board_build::memory("memory.x");
    // The small poem model, as on all boards; the large tagger fits.
    board_build::model("poem", "QIBU_MODEL", "models/poem-small", &["generate"]);
    board_build::model("tag", "QIBU_TAG_MODEL", "models/cws", &["emit"]);
    board_build::model("bench", "QIBU_MODEL", "models/poem-small", &[]);
}
