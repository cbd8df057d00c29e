//! Finds the models and the linker script.

fn main() {
    board_build::memory("memory.x");
    // 256 KB hold one model beside the code: the small ones.
    board_build::model("poem", "QIBU_MODEL", "models/poem-small", &["generate"]);
    board_build::model("tag", "QIBU_TAG_MODEL", "models/cws-150k", &["emit"]);
    board_build::model("bench", "QIBU_MODEL", "models/poem-small", &[]);
}
