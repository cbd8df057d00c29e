//! Finds the models and the linker script.

fn main() {
    board_build::memory("memory.x");
    // 512 KB do not hold the large tagger.
    board_build::model("poem", "QIBU_MODEL", "models/poem-small", &["generate"]);
    board_build::model("tag", "QIBU_TAG_MODEL", "models/cws-150k", &["emit"]);
    board_build::model("bench", "QIBU_MODEL", "models/poem-small", &[]);
}
